"""`use --ours|--theirs|--base|--union|--merge [PATH…]`: conflicts of pointers and locks resolved, and what is said."""

from __future__ import annotations

import os

from trinity_guard import console, git
from trinity_guard.checkout import apply, changes, sides, use
from trinity_guard.checkout.plan import Follower
from trinity_guard.commands.terminal import confirm, progress, sync
from trinity_guard.convert import ignorelines
from trinity_guard.convert.writes import write_blobs
from trinity_guard.detect import conflicts, patterns
from trinity_guard.dvcrepo import tracked
from trinity_guard.errors import BLOCKED, FINE, shown
from trinity_guard.git import files, index, repository
from trinity_guard.git.locks import FileLock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from trinity_guard.detect.conflicts import Conflict


class Side:
    """Which version of a conflict is taken: a side's, or the union."""

    def __init__(self, side: str) -> None:
        self._side = side

    def version(self, conflict: Conflict, place: git.Place, remote: str) -> bytes | None:
        """Return the file's bytes, None where it is to be deleted; GuardError where there is no such version."""
        return sides.version(conflict, self._side, place, remote)

    def told(self, path: bytes, data: bytes | None) -> str:
        """Return what was done."""
        return f"{shown(path)} is {'as on' if data is not None else 'deleted, as on'} side '{self._side}', and staged."


def resolve(side: Side, names: list[str]) -> int:
    """Take this version of the conflicts that these paths mean, pointers and data."""
    start = os.getcwdb()
    place = git.place()
    git.at_top(place)
    remote = patterns.load_config(place)[0].remote or ""
    with FileLock(place), progress.Progress() as line:
        catalog = tracked.load(place)
        chosen = _meant(place, catalog, repository.relative(place, names, start))
        versions = {c.path: side.version(c, place, remote) for c in chosen}
        follower = Follower(place, catalog)
        fetcher = apply.Fetcher(follower, remote, line.bar)
        confirm.about_remotes(place, _remotes(follower, versions, remote))
        sides.prepare(follower, versions, chosen, fetcher)
        lines = _ignore_lines(place, catalog, chosen, versions)
        stamp = changes.Stamp(place)
        stamp.begin([*stamp.unfinished(), *use.head()])
        _write(place, versions, lines)
        follower.catalog = tracked.load(place)
        apply.carry_out(follower, fetcher, line.bar("to the work tree"))
        if follower.plan.finished:
            stamp.end()
    for path, data in versions.items():
        console.note(side.told(path, data))
    sync.report(follower.plan, fetched=True)
    return FINE if follower.plan.complete() else BLOCKED


def _meant(place: git.Place, catalog: tracked.Catalog, paths: Sequence[bytes]) -> list[Conflict]:
    found = conflicts.found(place, catalog)
    return sides.meant(found, paths, conflicts.resolved(found) if paths else ())


def _remotes(follower: Follower, versions: dict[bytes, bytes | None], remote: str) -> list[tuple[bytes, str]]:
    return sorted({(g.project, g.remote or remote) for g in sides.said(follower, versions)})


def _ignore_lines(
    place: git.Place, catalog: tracked.Catalog, chosen: Sequence[Conflict], versions: dict[bytes, bytes | None]
) -> ignorelines.IgnorePlan:
    """Return the lines that keep the data out of Git: the side that deleted a pointer took its line away."""
    paths = [
        c.artifact
        for c in chosen
        if versions[c.path] is not None
        and any(o.path == c.artifact for s in conflicts.SIDES for o in c.outputs(s))
        and ignorelines.file_for(c.artifact) not in catalog.unmerged
    ]
    return ignorelines.plan(place, catalog.entries, paths)


def _write(place: git.Place, versions: dict[bytes, bytes | None], lines: ignorelines.IgnorePlan) -> None:
    kept = {path: data for path, data in versions.items() if data is not None}
    ids = dict(zip(kept, write_blobs(place, list(kept.values())), strict=True)) if kept else {}
    sides.resolve(place, versions, ids)
    ignores = write_blobs(place, [data for _, data in lines.for_index]) if lines.for_index else []
    if ignores:
        changed = zip(lines.for_index, ignores, strict=True)
        index.replace([(lines.mode(path), oid, path) for (path, _), oid in changed])
    for path, data in lines.for_tree:
        files.replace_in(place, path, data)
    index.refresh()  # else `git merge --abort` refuses what it takes for an edit
