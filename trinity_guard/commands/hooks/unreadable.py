"""Pointers and locks of a commit that nobody can read: named at each hook that meets one, with the commands that help.

They come in where Git runs no hook before a commit (`rebase --continue`, `--no-verify`), or by a pull.
"""

from __future__ import annotations

from trinity_guard import console
from trinity_guard.detect import conflicts
from trinity_guard.dvcrepo import referenced, tracked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trinity_guard import git


def name(place: git.Place, catalog: tracked.Catalog, before_commit: bool = False) -> None:
    """Name what nobody can read of the index: it holds its data still, and nothing of that is recorded.

    before_commit: a commit is about to be made, below which HEAD will be.
    """
    name_marked(place, catalog, before_commit)
    for path, error in catalog.broken.items():
        if not conflicts.is_marked(error):
            console.warn(error.problem, referenced.mending(place, path, error))


def name_marked(place: git.Place, catalog: tracked.Catalog, before_commit: bool = False, rebased: bool = False) -> None:
    """Name the pointers and locks of the index that hold the markers of a conflict.

    rebased: whether the rebase that seems to be under way is at its end.
    """
    for conflict in conflicts.found(place, catalog):
        conflict.last = conflict.last and not before_commit
        conflict.stopped = conflict.stopped and not rebased
        if not conflict.unmerged:
            console.warn(*conflicts.said(conflict))
