"""How does a file of the work tree stand to what is recorded of it? One answer for hooks, status, sync and doctor."""

from __future__ import annotations

import os

from trinity_guard.dvcrepo.output import DIR, FOREIGN, LEGACY, MOVED, seen_mark

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from trinity_guard.dvcrepo.directory import Difference
    from trinity_guard.dvcrepo.odb import Store
    from trinity_guard.dvcrepo.output import Output
    from trinity_guard.dvcrepo.project import Caches
    from trinity_guard.dvcrepo.workdirectory import WorkDirectory
    from trinity_guard.git import Place

    # State ("" where only the bytes can tell), mark, time of the newest file (ns), size in bytes.
    Look = tuple[str, bytes, int, int]

# OTHER_VERSION: changed, and the cache has these bytes too: a checkout or a merge moved the pointer, not a person.
# DELETED: gone, and it was here; MISSING: it never was, or what DVC linked to is gone from the cache.
# REPLACED: a folder where a file should be, the other way round, or a symlink of the user's own to other bytes.
# UNKNOWN: the limit leaves no time to look, or it cannot be read. WRITTEN: it was written to while it was read.
PRESENT, CHANGED, OTHER_VERSION = "present", "changed", "other version"
DELETED, MISSING, REPLACED, UNKNOWN, WRITTEN = "deleted", "missing", "replaced", "unknown", "being written"
UNLIMITED = 1 << 62
# A commit looks into directories of up to so many files; `status` into all.
MAX_WALKED = 100_000
KIND, REGULAR, FOLDER, LINK = 0o170000, 0o100000, 0o040000, 0o120000


class Comparison:
    """The work tree against its outputs. limit: how many bytes that were never seen before may be hashed.

    directories: what was found in directories so far; each is walked through once. noted: whether an output was seen to
    agree, so that it is worth saving.
    """

    def __init__(
        self, place: Place, limit: int = UNLIMITED, directories: dict[bytes, WorkDirectory] | None = None
    ) -> None:
        self.noted = False
        self._place = place
        self._limit = limit
        self._caches: Caches | None = None
        self._directories = {} if directories is None else directories

    def states(self, outputs: Iterable[Output], versions: bool = True) -> list[tuple[Output, str]]:
        """Return the state of each output that DVC keeps.

        Size first, then the time when it last agreed; only what is left is hashed, the newest first.
        versions: whether to read what changed in search of another version, which `version` does later else.
        """
        found: list[tuple[Output, str]] = []
        unsure: list[tuple[int, int, Output, bytes]] = []
        lstat, top = os.lstat, self._place.top + b"/"  # os.path.join takes as long as the look itself
        for output in outputs:
            if output.kind == FOREIGN or not output.certain:
                continue
            try:
                stat = lstat(top + output.path)
                # Of a link the times say nothing: an edit goes to what it leads to.
                if output.seen == seen_mark(stat) and stat.st_mode & KIND != LINK:  # 2,000 of them in 7 ms
                    found.append((output, PRESENT))
                    continue
            except (FileNotFoundError, NotADirectoryError):
                found.append((output, DELETED if output.was_here else MISSING))
                continue
            except OSError:
                found.append((output, UNKNOWN))
                continue
            state, mark, newest, size = self._look(output, stat)
            if state:
                found.append((output, state))
            else:
                unsure.append((-newest, size, output, mark))
        for _, size, output, mark in sorted(unsure, key=lambda item: item[:2]):
            found.append((output, self._hashed(output, size, mark)))
        return [(output, self._changed(output, versions) if state == CHANGED else state) for output, state in found]

    def _changed(self, output: Output, versions: bool) -> str:
        if self._is_own_link(output):
            return REPLACED
        return self.version(output) if versions else CHANGED

    def version(self, output: Output, limit: int = UNLIMITED) -> str:
        """Tell another recorded version in the place of changed data from an edit."""
        return OTHER_VERSION if self.moved(output) and self.is_recorded(output, limit) else CHANGED

    def moved(self, output: Output) -> bool:
        """Whether changed data can be what it is because its pointer moved.

        It did not where the two agreed here and only the data was written since: then even bytes that are recorded
        somewhere (a copy of another model) are an edit.
        """
        return output.kind == DIR or not output.was_here or self._written_since(output)

    def is_edit(self, output: Output) -> bool:
        """Whether changed data is an edit of what its pointer says, and not of some other version."""
        return output.was_here or (output.seen != MOVED and not self._written_since(output))

    def _written_since(self, output: Output) -> bool:
        """Whether the pointer's file was written after its data."""
        full = self._place.file(output.path)
        try:
            inside = self._directory(output).stats.values() if output.kind == DIR else ()
            newest = max(stat.st_ctime_ns for stat in (os.stat(full), *inside))
            return bool(os.stat(self._place.file(output.source)).st_ctime_ns > newest)
        except OSError:
            return True

    def _is_own_link(self, output: Output) -> bool:
        full = self._place.file(output.path)
        if not os.path.islink(full):
            return False
        cache = self._cache_of(output)
        return cache is None or not os.path.realpath(full).startswith(os.path.realpath(cache.folder) + b"/")

    def _look(self, output: Output, stat: os.stat_result) -> Look:
        full = self._place.file(output.path)
        if stat.st_mode & KIND == LINK:
            try:
                stat = os.stat(full)
            except OSError:
                return (REPLACED if self._is_own_link(output) else MISSING), b"", 0, 0
        kind = stat.st_mode & KIND
        if kind != (FOLDER if output.kind == DIR else REGULAR):
            return REPLACED, b"", 0, 0
        if kind == FOLDER:
            return self._look_inside(output)
        mark = seen_mark(stat)  # of a symbolic link's target
        state = PRESENT if output.seen == mark else CHANGED if differs_at_sight(output, stat) else ""
        return state, mark, stat.st_mtime_ns, stat.st_size

    def _look_inside(self, output: Output) -> Look:
        found = self._directory(output)
        if not found.whole:
            return UNKNOWN, b"", 0, 0
        mark = found.mark()
        if output.seen == mark:
            return PRESENT, mark, 0, 0
        return "", mark, found.newest(), found.unread()

    def _hashed(self, output: Output, size: int, mark: bytes) -> str:
        if size > self._limit:
            return CHANGED if output.kind == DIR and self._differs_at_sight(output) else UNKNOWN
        self._limit -= size
        full = self._place.file(output.path)
        try:
            same = self._folder_md5(output) == output.md5 if output.kind == DIR else agrees(output, full)
        except OSError:
            return UNKNOWN  # unreadable, or gone in the meantime
        if same:
            output.seen = mark
            self.noted = True
        return PRESENT if same else CHANGED

    def _folder_md5(self, output: Output) -> str:
        """Return the md5 that DVC gives a directory: that of the list of its files, without those that it ignores."""
        return self._directory(output).md5()

    def files_in(self, output: Output) -> list[bytes]:
        """Return the files of a directory that DVC holds, by their path in it."""
        return self._directory(output).names()

    def files_of(self, output: Output) -> dict[bytes, str]:
        """Return the files of a directory as they are now: path in it -> md5."""
        return self._directory(output).files()

    def _directory(self, output: Output) -> WorkDirectory:
        from trinity_guard.dvcrepo.workdirectory import WorkDirectory  # noqa: PLC0415  # few have any

        known = self._directories.get(output.path)
        if known is None or not (known.whole or self._limit != UNLIMITED):
            limit = MAX_WALKED if self._limit != UNLIMITED else UNLIMITED
            known = self._directories[output.path] = WorkDirectory(self._place, output, limit)
        return known

    def _listed(self, output: Output) -> dict[bytes, str] | None:
        from trinity_guard.dvcrepo import directory  # noqa: PLC0415

        cache = self._cache_of(output)
        return None if cache is None else directory.in_cache(cache, output)

    def difference(self, output: Output) -> Difference | None:
        """Return which files of a directory are not as recorded; None where the cache has not its list."""
        from trinity_guard.dvcrepo import directory  # noqa: PLC0415

        found, recorded = self._directory(output), self._listed(output)
        found.difference = None if recorded is None else directory.Difference(recorded, found.files())
        return found.difference

    def were_here(self, output: Output, names: Iterable[bytes]) -> bool:
        """Whether all of these files of a directory have been in this work tree."""
        return all(map(self._directory(output).was_here, names))

    def _differs_at_sight(self, output: Output) -> bool:
        recorded, cache = self._listed(output), self._cache_of(output)
        return recorded is not None and cache is not None and self._directory(output).differs_at_sight(recorded, cache)

    def _cache_of(self, output: Output) -> Store | None:
        from trinity_guard.dvcrepo.project import Caches  # noqa: PLC0415  # most commits ask no cache

        self._caches = self._caches or Caches(self._place)
        return self._caches.of(output.source)

    def is_recorded(self, output: Output, limit: int = UNLIMITED) -> bool:
        """Whether what changed is another version, which the cache holds: DVC's checkout would lose nothing."""
        full = self._place.file(output.path)
        from trinity_guard.dvcrepo.odb import md5_of  # noqa: PLC0415

        try:
            state, _, _, size = self._look(output, os.lstat(full))
            if state in (MISSING, REPLACED) or size > limit:
                return False
            md5 = self._folder_md5(output) if output.kind == DIR else md5_of(full)
        except OSError:
            return False
        return self.in_cache(output, md5)

    def in_cache(self, output: Output, md5: str) -> bool:
        """Whether the cache of an output's project holds an object, under its name of now or of DVC 2."""
        cache = self._cache_of(output)
        return cache is not None and any(cache.size(name) is not None for name in (md5, LEGACY + md5))

    def is_cached(self, output: Output) -> bool:
        cache = self._cache_of(output)
        return cache is not None and cache.size(output.name) is not None


def differs_at_sight(output: Output, stat: os.stat_result) -> bool:
    """Whether the size alone tells that a file is not what is recorded."""
    return output.object_size not in (-1, stat.st_size)


def agrees(output: Output, full: bytes, md5: str = "") -> bool:
    """Whether a file holds what is recorded, by its bytes. md5: theirs, where it is known."""
    from trinity_guard.dvcrepo import odb  # noqa: PLC0415  # only what changed is hashed

    return odb.says(output.name, md5 or odb.md5_of(full), full)


def here(place: Place, outputs: Iterable[Output], names: Collection[str]) -> list[bytes]:
    """Return which artifacts of the work tree have the bytes of these objects: `convert` puts them into the cache."""
    some = [o for o in outputs if o.name in names and o.renewable]
    return [o.path for o, state in Comparison(place).states(some, versions=False) if state == PRESENT]
