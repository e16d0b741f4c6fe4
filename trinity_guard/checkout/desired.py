"""What the pointers and locks of a work tree ask for: which file, with which bytes, from which project's cache."""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.checkout.workfiles import CacheReader, StagingDir, md5_of
from trinity_guard.dvcrepo import configfile, lockfile, odb, paths, pointer, safe_paths
from trinity_guard.dvcrepo import project as dvcproject
from trinity_guard.dvcrepo.decode import outputs_of
from trinity_guard.dvcrepo.output import Output, is_md5, listed_in
from trinity_guard.dvcrepo.private import keep_private
from trinity_guard.errors import GuardError, pathspec, shown
from trinity_guard.remotes import trust

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def outputs(path: bytes, data: bytes, yaml: bytes | None, root: bytes) -> list[Output]:
    """Return what DVC keeps of what one pointer or lock (with its dvc.yaml) records; root: of its project.

    Raises GuardError for one that cannot be read, or leads out of bounds.
    """
    found = [output for output in outputs_of(data, path, yaml) if output.held]
    for output in found:
        output.project = root
    return found


def read_working(top: bytes, path: bytes) -> bytes | None:
    """Return the bytes of a pointer or lock in the work tree, None where there is no such ordinary file."""
    most = lockfile.MAX_BYTES if paths.is_lock(path) else pointer.MAX_BYTES
    try:
        fd = git.opened(os.path.join(top, path))
    except OSError:
        return None
    with open(fd, "rb") as file:
        return file.read(most + 1)  # one that is too long is refused by whoever decodes it


def expand(cache_reader: CacheReader, goal: Output) -> list[Output] | None:
    """Return the files of a directory, None when its list is not (or not whole) in the cache.

    Raises GuardError for a list that leads out of the directory.
    """
    there = cache_reader.find(goal.md5)
    if there is None or os.stat(there).st_size > odb.MAX_LISTED or md5_of(there) + ".dir" != goal.md5:
        return None
    import json

    try:
        return [_member(goal, entry) for entry in json.loads(git.read(there, odb.MAX_LISTED, links=True))]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise _refused(goal, "is no list of files") from None


def _member(goal: Output, entry: Any) -> Output:
    name, md5 = entry["relpath"], entry["md5"]
    if not is_md5(md5) or md5.endswith(".dir"):
        raise ValueError(md5)
    parts = name.split("/")
    inside: list[bytes] = []
    reason = safe_paths.rooted(name) or safe_paths.walk(inside, name)
    if reason or ".." in parts or not inside or inside[-1].endswith(paths.POINTER):
        raise _refused(goal, f"names '{shown(name.encode('utf-8', 'surrogatepass'))}', which is no file in it")
    return listed_in(goal, md5, b"/".join([goal.path, *inside]))


def _refused(goal: Output, what: str) -> GuardError:
    return GuardError(
        problem=f"{shown(goal.path)}: the list of the directory ({goal.md5}) {what}; nothing of it was touched.",
        remedy=f"git log -p -- {pathspec(goal.source)}     # who wrote it?",
    )


class Projects:
    """The DVC projects of a work tree, each with its settings, its caches and its staging folder, read once."""

    def __init__(self, place: git.Place, before: bytes = b"") -> None:
        self._place = place
        self._before = before
        self._roots: dict[bytes, bool] = {}
        self._known: dict[bytes, tuple[dvcproject.Project, CacheReader, StagingDir]] = {}

    def of(self, path: bytes) -> bytes | None:
        """Return the root of the project that a path belongs to, from the top; None when there is none."""
        return dvcproject.root_of(self._place.top, path, self._roots)

    def settings(self, root: bytes) -> dvcproject.Project:
        return self._load(root)[0]

    def cache_reader(self, root: bytes) -> CacheReader:
        return self._load(root)[1]

    def staging_dir(self, root: bytes) -> StagingDir:
        return self._load(root)[2]

    def close(self) -> None:
        for _, _, staging_dir in self._known.values():
            staging_dir.close()

    def _load(self, root: bytes) -> tuple[dvcproject.Project, CacheReader, StagingDir]:
        if root not in self._known:
            folder = self._place.file(root) if root else self._place.top
            settings = dvcproject.load(folder)
            trust.require_cache(self._place, settings)
            keep_private(self._place, settings)
            cache_reader = CacheReader(settings.odb, self._others(root, folder))
            self._known[root] = settings, cache_reader, StagingDir(folder, settings.cache_types)
        return self._known[root]

    def _others(self, root: bytes, folder: bytes) -> list[odb.Store]:
        """Return where else objects may be: the main work tree's cache, and the one that a former config named."""
        found = [self._of_main_work_tree(root, folder), self._of_former_config(root, folder)]
        return [odb.Store(project.cache_dir) for project in found if project is not None]

    def _of_main_work_tree(self, root: bytes, folder: bytes) -> dvcproject.Project | None:
        common = self._place.common_dir
        main, name = os.path.split(common)
        its_folder = os.path.join(main, root) if root else main
        if self._place.git_dir == common or name != b".git" or its_folder == folder:
            return None
        try:
            settings = dvcproject.load(its_folder)
            return None if trust.unconfirmed_cache(git.Place(main, common, common), settings) else settings
        except GuardError:
            return None  # the other work tree's own error: this one goes without

    def _of_former_config(self, root: bytes, folder: bytes) -> dvcproject.Project | None:
        """Where a checkout has taken the config away, the cache that it named still lies there."""
        file = os.path.join(folder, b".dvc", b"config")
        if not self._before or os.path.lexists(file):
            return None
        [oid] = git.read_ids([self._before + b":" + os.path.join(root, b".dvc", b"config")])
        data = git.read_all([oid])[0] if oid else None
        named = configfile.parse(data or b"", file).get("cache", {}).get("dir")
        if not isinstance(named, str):
            return None
        settings = dvcproject.Project(folder)
        settings.cache_dir = os.path.normpath(os.path.join(os.path.dirname(file), os.fsencode(named)))
        settings.cache_source = trust.REPO
        return None if trust.unconfirmed_cache(self._place, settings) else settings
