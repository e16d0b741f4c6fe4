"""One repository's migration: made once by whoever asks for something, handed down, let go of at the end."""

from __future__ import annotations

import os

from trinity_guard.dvcrepo import odb
from trinity_guard.dvcrepo import project as dvcproject
from trinity_guard.git import Place
from trinity_guard.git.catfile import Source
from trinity_guard.migrate import lfs, refs, standins
from trinity_guard.migrate.progress import Progress, silent
from trinity_guard.migrate.scan import Scan
from trinity_guard.migrate.state import State
from trinity_guard.remotes import trust


class Migration:
    """Where it is (place), what reads its objects (source), what is remembered of it (state), who is told of progress.

    A context manager, for the process that reads objects. Whoever changes anything enters `state` too: one at a time.
    """

    def __init__(self, place: Place, on_progress: Progress = silent) -> None:
        self.place = place
        self.source = Source(place)
        self.state = State(place)
        self.on_progress = on_progress

    def __enter__(self) -> Migration:
        return self

    def __exit__(self, *_: object) -> None:
        self.source.close()

    def refs(self) -> refs.Listed:
        """Return the refs as they stand now."""
        return refs.listed(self.source)

    def cache(self) -> tuple[bytes, bool]:
        """Return where the objects go, and whether that is shared with a group: the DVC project's cache, where the work
        tree has one, else a folder in the git dir (a run moves it to `.dvc/cache` when HEAD gets a project by it)."""
        place = self.place
        if not place.bare and os.path.isfile(place.file(b".dvc", b"config")):
            project = dvcproject.load(place.top)
            trust.require_cache(place, project)  # a clone may have brought that address
            return project.cache_dir, project.shared
        return os.path.join(place.own, b"cache"), False

    def absent(self, found: Scan) -> set[bytes]:
        """Return the blobs that stand for data which is not here: pointers of git-lfs, and stand-ins."""
        absent, named = found.absent(lfs.of(self.source)), found.stand_ins()
        if named:  # else nobody asks for the cache
            cache = odb.Store(self.cache()[0])
            absent |= {oid for oid, one in named.items() if not standins.here(cache, one)}
        return absent

    def git_size(self) -> int:
        """Return the bytes of Git's own objects."""
        total = 0
        for folder, _, files in os.walk(os.path.join(self.place.common_dir, b"objects")):
            total += sum(os.lstat(os.path.join(folder, f)).st_size for f in files)
        return total
