"""Objects that wait for their remote, kept beyond the life of the linked work tree whose cache holds them."""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.dvcrepo import odb
from trinity_guard.dvcrepo.output import Output
from trinity_guard.dvcrepo.project import Project

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def safe(place: git.Place) -> odb.Store:
    """Return the store for objects that wait: `git worktree remove` takes a linked work tree's own cache with it."""
    return odb.Store(os.path.join(place.own, b"cache"))


def bring_back(place: git.Place, cache: odb.Store, group: Sequence[Output]) -> None:
    """Put objects that another work tree kept for this push into the cache."""
    kept = safe(place)
    for item in group:
        if cache.size(item.name) is None and kept.size(item.name) is not None:
            odb.link(kept, cache, item.name)
        for md5, _ in odb.children(cache, item.name) if item.is_dir else ():
            if cache.size(md5) is None and kept.size(md5) is not None:
                odb.link(kept, cache, md5)


def let_go(place: git.Place, items: Sequence[Output]) -> None:
    """Let go of what has arrived."""
    kept = safe(place)
    for item in items:
        for md5, _ in odb.children(kept, item.name) if item.is_dir else ():
            kept.discard(md5)
        kept.discard(item.name)


def keep(place: git.Place, items: Sequence[Output]) -> None:
    """Keep what waits beyond the life of a linked work tree; what has gone need not be kept."""
    if place.git_dir == place.common_dir:
        return
    kept = safe(place)
    for item in items:
        cache = Project.at(place, item.project).odb
        names = [item.name, *(md5 for md5, _ in (odb.children(cache, item.name) if item.is_dir else ()))]
        for md5 in names:
            if kept.size(md5) is None and cache.size(md5) is not None:
                odb.link(cache, kept, md5)
