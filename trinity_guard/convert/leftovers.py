"""The blobs that `git add` left in Git's object store: artifacts whose bytes convert moved to DVC, and stand-ins.

No commit holds them; `git gc` drops them when they are two weeks old.
"""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.errors import GuardError
from trinity_guard.git import records
from trinity_guard.git.index import EMPTY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from trinity_guard.git import Place

FIELDS = 2
# Of 6,700 loose objects that no commit holds `git gc --auto` says in every commit that there are too many. It counts
# those of one folder of 256, and so do we: some 5,000 are left to lie, since packing one takes longer than all else
# that is done about it.
SAMPLE, CROWDED, FOLDERS = b"17", 20, 256
# Of so few stand-ins a pack is not worth a file of its own: others crowd there.
WORTH_A_PACK = 1000


def note(place: Place, items: Iterable[tuple[bytes, bytes]]) -> None:
    """Remember (path, blob id) of what was just converted; only `status` reads it."""
    added = [(path, oid) for path, oid in items if oid not in EMPTY]  # of no bytes none are left
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


def pack(place: Place, count: int) -> None:
    """Have Git keep stand-ins in one pack, where they are many and loose: no later commit holds them.

    They are not taken away, since another `git add` of the same data, in any work tree, may be about to name them: they
    end as what nobody names ends, when the pack is two weeks old. count: so many are new; of none nobody looks.
    """
    folder = os.path.join(place.common_dir, b"objects")
    if not count or "GIT_OBJECT_DIRECTORY" in os.environ or len(_names(folder, SAMPLE)) <= CROWDED:
        return
    if len(_loose_stand_ins(place, folder, [SAMPLE])) < WORTH_A_PACK // FOLDERS:
        return  # others crowd there, and all of them would be read at each `git add`
    ids = _loose_stand_ins(place, folder, [b"%02x" % number for number in range(FOLDERS)])
    if len(ids) < WORTH_A_PACK:
        return
    target = os.path.join(folder, b"pack", b"pack")
    packed = git.attempt("pack-objects", "-q", "--window=0", "--threads=1", target, data=b"\n".join([*ids, b""]))
    if not packed.code:
        git.attempt("prune-packed", "-q")


def _loose_stand_ins(place: Place, folder: bytes, beginnings: Iterable[bytes]) -> list[bytes]:
    from trinity_guard.dvcrepo import standin  # noqa: PLC0415  # `status` and most commits have no need of these two
    from trinity_guard.git.objects import Objects  # noqa: PLC0415

    ids = [first + rest for first in beginnings for rest in _names(folder, first)]
    heads = Objects(place.common_dir).loose_heads(ids, len(standin.MARK))
    return [oid for oid, head in zip(ids, heads, strict=True) if head is not None and standin.begins(head.first)]


def _names(folder: bytes, first: bytes) -> list[bytes]:
    """Return the names of the loose objects whose ids begin so, without that."""
    try:
        return [name for name in os.listdir(os.path.join(folder, first)) if len(name) == 38 and name.isalnum()]
    except FileNotFoundError:
        return []


def _file(place: Place) -> bytes:
    return os.path.join(place.own, b"left-behind")


def _loose(place: Place, oid: bytes) -> int:
    """Return the size on disk of a loose object, 0 when there is none."""
    try:
        return os.stat(os.path.join(place.common_dir, b"objects", oid[:2], oid[2:])).st_size
    except FileNotFoundError:
        return 0
