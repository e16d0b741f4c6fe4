"""Brings the bytes of files into the caches of their projects: the working file where it is what was staged, else the
blob. Of a stand-in they are there.
"""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.convert import linked, standins
from trinity_guard.dvcrepo import compare, flushed, odb, standin, tracked
from trinity_guard.dvcrepo.output import NEWER, seen_mark
from trinity_guard.dvcrepo.private import keep_private
from trinity_guard.dvcrepo.project import Project
from trinity_guard.errors import GuardError, shown
from trinity_guard.git import index
from trinity_guard.git.files import read_if_there
from trinity_guard.git.objects import Objects
from trinity_guard.remotes import trust

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from trinity_guard.convert.outcome import Converted
    from trinity_guard.dvcrepo.output import Output
    from trinity_guard.dvcrepo.standin import StandIn


class _MovedUnderUs(Exception):  # noqa: N818  # never leaves this module
    """The working file changed while it was read."""


def keep_bytes(
    place: git.Place, items: list[Converted], on_progress: Callable[[int, int], None] | None
) -> list[tuple[Output, str]]:
    """Put every file's bytes into its project's cache, flushed; when this returns they are safe.

    Returns what was left out, and its state.
    """
    left: list[tuple[Output, str]] = []
    comparison = compare.Comparison(place)
    stats = {i.path: _stat(place, i.path) for i in items}
    staged = {i.path: found for i in items if i.oid and (found := stats[i.path]) is not None}
    clean = index.unchanged(place, staged, {i.path for i in items if i.stand_in})
    total = sum(s.st_size for s in stats.values() if s is not None)
    counter = odb.ByteCounter(total, on_progress)
    stores: dict[bytes, odb.Store] = {}
    on_disk = flushed.noted(place)
    try:
        for item in items:
            if item.project not in stores:
                stores[item.project] = cache_of(place, item.project)
                stores[item.project].on_disk = on_disk
            cache = stores[item.project]
            stat = stats[item.path]
            item.stand_in = item.stand_in or _written(place, item, stat)
            if stat is None and not item.oid and (there := linked.linked_object(cache, place.file(item.path))):
                stat = os.stat(there)
            if item.named or item.held is None:
                _take_staged(place, cache, item, stat, item.path in clean, counter)
                continue
            take = _take_part if item.folder else _take_changed
            # A text of ours is no data that anybody changed.
            state = compare.OTHER_VERSION if item.stand_in else take(place, cache, item, stat, counter, comparison)
            left += [(item.held, state)] if state else []
        for cache in stores.values():
            cache.settle()
        for project, cache in stores.items():
            linked.part(place, cache, [item for item in items if item.project == project])
        if on_disk:
            flushed.forget(place)
    finally:
        for cache in stores.values():
            cache.abandon()
    return left


def _take_part(
    place: git.Place,
    cache: odb.Store,
    item: Converted,
    stat: os.stat_result | None,
    counter: odb.ByteCounter,
    _: compare.Comparison,
) -> str:
    """Take a file of a directory in which something changed; return the directory's state where that cannot be."""
    if _take_file(place, cache, item, stat, counter):
        return ""
    return compare.WRITTEN if os.access(place.file(item.path), os.R_OK) else compare.UNKNOWN


def _take_staged(
    place: git.Place,
    cache: odb.Store,
    item: Converted,
    stat: os.stat_result | None,
    clean: bool,
    counter: odb.ByteCounter,
) -> None:
    """Take what was staged, or is asked for by its name. clean: the working file is what was staged."""
    if item.stand_in is not None:
        _find(place, cache, item, item.stand_in, stat if clean else None, counter)
        return
    if not item.oid or (clean and item.attributes.raw(item.path)):
        stored = _take_file(place, cache, item, stat, counter, item.oid)
        if stored:
            return
        if not item.oid:
            raise GuardError(problem=f"{shown(item.path)} is being written to; try again when it is done.")
    _take_blob(place, cache, item, counter)
    _look_at_working_file(place, item)


def _take_changed(
    place: git.Place,
    cache: odb.Store,
    item: Converted,
    stat: os.stat_result | None,
    counter: odb.ByteCounter,
    comparison: compare.Comparison,
) -> str:
    """Take a file that changed behind its pointer; return its state where it is left out, "" where it is not."""
    held = item.held
    assert held is not None  # noqa: S101  # for the type checker: only what a pointer holds can change behind it
    stored = _take_file(place, cache, item, stat, counter)
    if stored is None:
        return compare.WRITTEN if os.access(place.file(item.path), os.R_OK) else compare.UNKNOWN
    if compare.agrees(held, stored.temporary, stored.md5):
        tracked.remember(place, [(held, item.mark)])
        state = compare.PRESENT
    elif comparison.moved(held) and comparison.in_cache(held, stored.md5):
        state = compare.OTHER_VERSION
    else:
        return ""
    cache.drop(stored)
    return state


def _stat(place: git.Place, path: bytes) -> os.stat_result | None:
    """Return the stat of an ordinary working file, None where there is none."""
    try:
        stat = os.lstat(place.file(path))
    except (FileNotFoundError, NotADirectoryError):
        return None
    return stat if stat.st_mode & 0o170000 == 0o100000 else None


def cache_of(place: git.Place, project: bytes) -> odb.Store:
    """Return the cache of a project."""
    settings = Project.at(place, project)
    trust.require_cache(place, settings)
    keep_private(place, settings)
    return settings.odb


def _written(place: git.Place, item: Converted, stat: os.stat_result | None) -> StandIn | None:
    """Return what a working file names that is itself the text of a stand-in; it is never taken for data."""
    if item.oid or stat is None or stat.st_size > standin.MAX_BYTES:
        return None
    return standin.decode(read_if_there(place.file(item.path)) or b"")


def _find(
    place: git.Place,
    cache: odb.Store,
    item: Converted,
    named: StandIn,
    clean: os.stat_result | None,
    counter: odb.ByteCounter,
) -> None:
    """Find the bytes that a stand-in names in the cache, or take them once more from the working file that still has
    them. clean: of the working file, where Git says that it is what was staged."""
    stat = clean or _stat(place, item.path)
    item.md5, item.size = named.md5, named.size
    plain = cache.flush_if_here(named.md5, named.size)
    if plain is not None:
        item.plain = plain
        if clean is not None:
            item.mark = seen_mark(clean)
        else:
            _look_at_working_file(place, item)
        return
    if stat is None or stat.st_size != named.size or odb.md5_of(place.file(item.path)) != named.md5:
        raise standins.absent(item.path)
    if _take_file(place, cache, item, stat, counter) is None or item.md5 != named.md5:
        raise standins.absent(item.path)


def _take_file(
    place: git.Place,
    cache: odb.Store,
    item: Converted,
    stat: os.stat_result | None,
    counter: odb.ByteCounter,
    blob: bytes = b"",
) -> odb.Stored | None:
    """Take the working file's bytes; None when it is not, or does not stay, what `stat` says, or is not that blob."""
    if stat is None:
        return None
    path = linked.linked_object(cache, place.file(item.path)) or place.file(item.path)
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | getattr(os, "O_NOFOLLOW", 0))
    except FileNotFoundError:
        return None
    except OSError as error:
        if item.oid or not item.named:
            return None  # staged and then made unreadable: the blob has the bytes; or nobody asked for it
        raise GuardError(problem=f"cannot read {shown(item.path)}: {error.strerror}.") from error
    try:
        pieces = _proved(_steady(fd, stat), stat.st_size, blob)
        stored = cache.take(item.watch.over(pieces) if item.watch else pieces, stat.st_size, counter)
    except _MovedUnderUs:
        return None
    finally:
        os.close(fd)
    item.md5, item.size, item.mark = stored.md5, stored.size, seen_mark(stat)
    if not item.oid:
        item.mode = index.EXECUTABLE if stat.st_mode & 0o100 else index.REGULAR
    return stored


def _steady(fd: int, stat: os.stat_result) -> Iterator[bytes]:
    """Yield a file's bytes, and raise if it was not the same file from the first byte to the last."""
    before = _identity(stat)
    left = stat.st_size
    while piece := os.read(fd, odb.PIECE):
        left -= len(piece)
        if left < 0:  # one that grows as fast as it is read has no end
            raise _MovedUnderUs
        yield piece
    if _identity(os.fstat(fd)) != before:
        raise _MovedUnderUs


def _proved(pieces: Iterator[bytes], size: int, blob: bytes) -> Iterator[bytes]:
    """Yield the pieces, and raise where they are not the blob of this id, by the same pass; b"" for any bytes."""
    if not blob:
        yield from pieces
        return
    import hashlib

    digest = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    for piece in pieces:
        digest.update(piece)
        yield piece
    if digest.hexdigest().encode() != blob:
        raise _MovedUnderUs


def _identity(stat: os.stat_result) -> tuple[int, int, int, int]:
    return stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns


def _take_blob(place: git.Place, cache: odb.Store, item: Converted, counter: odb.ByteCounter) -> None:
    """Take what was staged, as the working file would hold it (autocrlf and other filters applied)."""
    if item.attributes.raw(item.path):
        objects = Objects(place.common_dir)
        size = objects.heads([item.oid])[0].size
        pieces: Iterable[bytes | memoryview] = objects.stream(item.oid)
    else:
        size, pieces = 0, git.stream("cat-file", "--filters", b"--path=" + item.path, item.oid)
    stored = cache.take(item.watch.over(pieces) if item.watch else pieces, size, counter)
    item.md5, item.size = stored.md5, stored.size


def _look_at_working_file(place: git.Place, item: Converted) -> None:
    """Tell a working file that is newer than what was staged from one that Git only had not looked at again."""
    stat = _stat(place, item.path)
    if stat is None:
        item.mark = NEWER  # deleted since it was staged: that it was here is known
        return
    if stat.st_size == item.size and odb.md5_of(place.file(item.path)) == item.md5:
        item.mark = seen_mark(stat)
    else:
        item.newer, item.mark = True, NEWER
