"""Pointers and locks of a commit that nobody can read: named at each hook that meets one, with the commands that help.

They come in where Git runs no hook before a commit (`rebase --continue`, `--no-verify`), or by a pull.
"""

from __future__ import annotations

from trinity_guard import console
from trinity_guard.detect import conflicts
from trinity_guard.dvcrepo import referenced, tracked
from trinity_guard.git import revisions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trinity_guard import git
    from trinity_guard.errors import GuardError


def name(place: git.Place, catalog: tracked.Catalog, before_commit: bool = False) -> None:
    """Name what nobody can read of the index: it holds its data still, and nothing of that is recorded.

    before_commit: a commit is about to be made, below which HEAD will be.
    """
    name_marked(place, catalog, before_commit)
    for path, error in catalog.broken.items():
        if not conflicts.is_marked(error):
            console.warn(error.problem, referenced.mending(place, path, error))


def name_rebased(place: git.Place, broken: dict[tuple[bytes, bytes], GuardError]) -> None:
    """Name the markers that a rebase has committed. broken: commit and path, and why it cannot be read.

    Those that the last of its commits still has, and those that a later one took out: a push is refused for both.
    """
    catalog = tracked.load(place)
    name_marked(place, catalog, rebased=True)
    named = set(catalog.broken)
    for (commit, path), error in broken.items():
        if path not in named and conflicts.is_marked(error):
            named.add(path)
            way = conflicts.out_of_commit(path, commit, commit == revisions.commit(b"HEAD"))
            console.warn(f"in commit {commit[:10].decode()}, {error.problem}", "\n".join(way))


def name_marked(place: git.Place, catalog: tracked.Catalog, before_commit: bool = False, rebased: bool = False) -> None:
    """Name the pointers and locks of the index that hold the markers of a conflict.

    rebased: whether the rebase that seems to be under way is at its end.
    """
    for conflict in conflicts.found(place, catalog):
        conflict.last = conflict.last and not before_commit
        conflict.stopped = conflict.stopped and not rebased
        if not conflict.unmerged:
            console.warn(*conflicts.said(conflict))
