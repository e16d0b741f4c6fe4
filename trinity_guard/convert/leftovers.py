"""The blobs that `git add` left in Git's object store: artifacts whose bytes convert moved to DVC, and stand-ins.

No commit holds them; `git gc` drops them when they are two weeks old.
"""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.errors import GuardError
from trinity_guard.git import records

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from trinity_guard.git import Place

FIELDS = 2
# From so many stand-ins of one Git command on they are packed. Of 6,700 loose objects that no commit holds
# `git gc --auto` says in every commit that there are too many; a stand-in alone takes 4 kB, packing it 0.08 ms.
WORTH_A_PACK = 1000


def note(place: Place, items: Iterable[tuple[bytes, bytes]]) -> None:
    """Remember (path, blob id) of what was just converted; only `status` reads it."""
    added = list(items)
    if not added:
        return
    known = dict.fromkeys([*records.read_if_readable(_file(place), FIELDS), *added])
    try:
        records.write(_file(place), [(path, oid) for path, oid in known if _loose(place, oid)])
    except GuardError:
        return  # a full disk: nothing hangs on this list


def read(place: Place) -> list[tuple[bytes, bytes, int]]:
    """Return (path, blob id, bytes on disk) of those that are still there as loose objects, the largest first."""
    found = [(path, oid, _loose(place, oid)) for path, oid in records.read(_file(place), FIELDS)]
    return sorted((f for f in found if f[2]), key=lambda f: -f[2])


def pack(place: Place, texts: list[bytes]) -> None:
    """Have Git keep these stand-ins in one pack, where they are many and loose: no later commit holds them.

    They are not taken away, since another `git add` of the same data, in any work tree, may be about to name them: they
    end as what nobody names ends, when the pack is two weeks old.
    """
    if len(texts) < WORTH_A_PACK or "GIT_OBJECT_DIRECTORY" in os.environ:
        return
    import hashlib

    said = (b"blob %d\0%b" % (len(text), text) for text in texts)
    ids = [hashlib.sha1(one, usedforsecurity=False).hexdigest().encode() for one in said]
    if not _loose(place, ids[0]):
        return  # Git was not asked to keep them
    target = os.path.join(place.common_dir, b"objects", b"pack", b"pack")
    packed = git.attempt("pack-objects", "-q", "--window=0", "--threads=1", target, data=b"\n".join([*ids, b""]))
    if not packed.code:
        git.attempt("prune-packed", "-q")


def _file(place: Place) -> bytes:
    return os.path.join(place.own, b"left-behind")


def _loose(place: Place, oid: bytes) -> int:
    """Return the size on disk of a loose object, 0 when there is none."""
    try:
        return os.stat(os.path.join(place.common_dir, b"objects", oid[:2], oid[2:])).st_size
    except FileNotFoundError:
        return 0
