"""Working files that are an object of the cache by a link (cache.type hardlink, symlink): one edit changes both.

Such an object is not what its name says any more. Once the edit is recorded under its own name, the damaged one goes.
"""

from __future__ import annotations

import os

from trinity_guard.dvcrepo import directory
from trinity_guard.dvcrepo.output import seen_mark
from trinity_guard.git import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from trinity_guard.convert.outcome import Converted
    from trinity_guard.dvcrepo.odb import Store
    from trinity_guard.git import Place

KIND, REGULAR = 0o170000, 0o100000


def linked_object(cache: Store, file: bytes) -> bytes:
    """Return the object of the cache that a symlink in a working file's place leads to, b"" where there is none."""
    if not os.path.islink(file):
        return b""
    target = os.path.realpath(file)
    return target if target.startswith(os.path.realpath(cache.folder) + b"/") and os.path.isfile(target) else b""


def part(place: Place, cache: Store, items: Iterable[Converted]) -> None:
    """Part working files, whose bytes the cache has under their own name by now, from the objects that they were."""
    lists: dict[bytes, dict[bytes, str]] = {}
    for item in items:
        if item.held is None:
            continue
        file = place.file(item.path)
        try:
            stat = os.stat(file)
        except OSError:
            continue  # gone meanwhile
        if stat.st_nlink < 2 and not os.path.islink(file):
            continue
        former = _former(cache, item, lists)
        if not former or former == item.md5 or cache.size(item.md5) != item.size:
            continue
        if _is(file, cache.path(former)) and not cache.holds(former):
            _part(place, cache, item, former)


def _former(cache: Store, item: Converted, lists: dict[bytes, dict[bytes, str]]) -> str:
    """Return the object that was recorded of a file so far, "" where nobody can say."""
    held = item.held
    if held is None or not held.is_dir:
        return held.name if held is not None else ""
    if held.path not in lists:
        lists[held.path] = directory.in_cache(cache, held) or {}
    return lists[held.path].get(item.path[len(held.path) + 1 :], "")


def _is(file: bytes, other: bytes) -> bool:
    try:
        return os.path.samefile(file, other)
    except OSError:
        return False


def _part(place: Place, cache: Store, item: Converted, former: str) -> None:
    file = place.file(item.path)
    if os.path.islink(file):
        if item.mark != seen_mark(os.stat(file)):
            return  # written to since it was read: these bytes are nowhere else
        files.replace_by_link(place, item.path, os.path.abspath(cache.path(item.md5)))
        item.mark = seen_mark(os.stat(file))
    cache.discard(former)
