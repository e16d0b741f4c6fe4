"""The blobs that `git add` left in Git's object store, before convert moved their bytes to DVC.

No commit holds them; `git gc` drops them when they are two weeks old.
"""

from __future__ import annotations

import os

from trinity_guard.errors import GuardError
from trinity_guard.git import records

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from trinity_guard.git import Place

FIELDS = 2


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


def _file(place: Place) -> bytes:
    return os.path.join(place.own, b"left-behind")


def _loose(place: Place, oid: bytes) -> int:
    """Return the size on disk of a loose object, 0 when there is none."""
    try:
        return os.stat(os.path.join(place.common_dir, b"objects", oid[:2], oid[2:])).st_size
    except FileNotFoundError:
        return 0
