"""Artifacts that an older commit holds raw: Git overwrites what it ignores, changed or not, and asks no hook before.

A second name of the working file in the git dir (a hard link) keeps its bytes when Git takes the first one away. What
was edited in place since is found by it. Where there are no hard links, or an editor has put a new file in the place of
the old one since the last hook, nothing can be kept.
"""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.dvcrepo import odb
from trinity_guard.dvcrepo.project import Caches
from trinity_guard.git import files, index, records

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

KIND, REGULAR = 0o170000, 0o100000


class OnceRaw:
    """The working files that have such a second name. kept: where it is, for each path."""

    def __init__(self, place: git.Place) -> None:
        self._place = place
        self._folder = place.once_raw
        self._list = os.path.join(self._folder, b"list")
        self.kept = {path: os.path.join(self._folder, name) for path, name in records.read(self._list, 2)}

    def note(self, paths: Iterable[bytes]) -> None:
        """Give these files a second name; a commit has just put a pointer in the place of each."""
        for path in paths:
            self.kept.setdefault(path, os.path.join(self._folder, files.random_name()))
        records.write(self._list, [(path, os.path.basename(kept)) for path, kept in self.kept.items()])
        self.renew()

    def renew(self) -> None:
        """Have the second names be those of the files that are there now, none of what somebody took away.

        Git's own raw files need none.
        """
        moved = [path for path, kept in self.kept.items() if not _same(self._place.file(path), kept)]
        tracked = index.entries_of(moved)
        for path in moved:
            if path in tracked:
                continue
            if _is_file(self._place.file(path)):
                _link(self._place.file(path), self.kept[path])
            else:
                files.unlink(self.kept[path])

    def rescue(self) -> list[tuple[bytes, bytes]]:
        """Keep what Git has overwritten and nobody has; return (path, where its bytes are)."""
        moved = [path for path, kept in self.kept.items() if _is_file(kept) and not _same(self._place.file(path), kept)]
        tracked, caches = index.entries_of(moved), Caches(self._place)
        found = []
        for path in moved:
            if path in tracked and not self._is_known(path, caches):
                found.append((path, self._put_by(path)))
        return found

    def _is_known(self, path: bytes, caches: Caches) -> bool:
        """Whether the bytes are in the cache, or are those that Git has put there."""
        md5, file, cache = odb.md5_of(self.kept[path]), self._place.file(path), caches.of(path)
        return (cache is not None and cache.size(md5) is not None) or (_is_file(file) and odb.md5_of(file) == md5)

    def _put_by(self, path: bytes) -> bytes:
        name = files.random_name()[:8] + b"-" + os.path.basename(path)[:200]
        target = os.path.join(os.path.dirname(self._folder), b"overwritten", name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.rename(self.kept[path], target)
        return target


def _is_file(path: bytes) -> bool:
    try:
        return os.lstat(path).st_mode & KIND == REGULAR
    except OSError:
        return False


def _same(one: bytes, other: bytes) -> bool:
    try:
        return os.path.samestat(os.lstat(one), os.lstat(other))
    except OSError:
        return False


def _link(file: bytes, kept: bytes) -> None:
    temporary = kept + b"-" + files.random_name()
    try:
        os.link(file, temporary)
        os.rename(temporary, kept)
    except OSError:
        files.unlink(temporary)  # another file system, or one without hard links
