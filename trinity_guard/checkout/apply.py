"""Carries a plan out: fetches what the cache lacks, takes away, puts, and remembers what was seen to be right."""

from __future__ import annotations

import os

from trinity_guard.checkout.plan import Follower, Former, LeftAlone, Put
from trinity_guard.checkout.workfiles import KIND, LINK, Damaged, same_moment
from trinity_guard.dvcrepo import directory, odb, tracked
from trinity_guard.dvcrepo.output import Output, seen_mark
from trinity_guard.dvcrepo.workdirectory import WorkDirectory
from trinity_guard.errors import GuardError, shown
from trinity_guard.remotes import connect, trust

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trinity_guard import Progress


# Why DVC itself is to fetch something.
FROM_SOURCE = "it is an import, which its source has and no remote of this repository"
VERSIONED = "its remote is cloud-versioned, and DVC alone can ask that"


class Fetcher:
    """Fetches objects into the caches, one connection a remote. choice: the configured remote ("" for DVC's default).

    progress() gives a new way of telling (bytes done, in all) each time that something takes long.
    """

    def __init__(self, follower: Follower, choice: str, progress: Callable[[str], Progress] | None = None) -> None:
        self._follower = follower
        self._choice = choice
        self._progress = progress

    def fetch(self, wanted: Sequence[Output]) -> dict[str, str]:
        """Return object -> reason for those that did not come ("" where an error of the plan says it)."""
        reasons: dict[str, str] = {}
        groups: dict[tuple[bytes, str], dict[str, Output]] = {}
        for goal in wanted:
            if goal.from_repo:
                reasons[goal.name] = FROM_SOURCE
                continue
            groups.setdefault((goal.project, goal.remote), {})[goal.name] = goal
        for (project, remote), group in groups.items():
            try:
                reasons.update(self._from(project, remote, list(group.values())))
            except GuardError as error:
                self._follower.plan.failed(error)
                reasons.update(dict.fromkeys(group, ""))
        return reasons

    def _from(self, project: bytes, remote: str, group: list[Output]) -> dict[str, str]:
        settings = self._follower.projects.settings(project)
        name = (remote or self._choice or settings.default_remote or "").lower()
        if not name:
            raise GuardError("no DVC remote is set.", "trinity-guard remote add URL")
        if name in settings.remotes:
            trust.require(self._follower.place, settings, settings.remotes[name])
            if settings.remotes[name].versioned:
                return {goal.name: VERSIONED for goal in group}
        cache = self._follower.projects.cache_reader(project).own
        with connect.connect(settings, name) as opened:
            return opened.fetch(group, cache, self._progress("fetching") if self._progress else None)


def bring(
    follower: Follower,
    wanted: Sequence[Output],
    former: Former,
    fetcher: Fetcher | None = None,
    only: Callable[[Output], bool] | None = None,
) -> None:
    """Decide what is to be done, and fetch what that needs. only: which of a directory's files are meant."""
    unknown = follower.expand(wanted)
    reasons: dict[str, str] = {}
    if unknown and fetcher:
        reasons = fetcher.fetch(unknown)
        unknown = follower.expand(unknown)
    if only:
        follower.wanted = {path: goal for path, goal in follower.wanted.items() if only(goal)}
    follower.decide(unknown, former)
    plan = follower.plan
    plan.missing = [(goal, reasons.get(goal.name, "")) for goal, _ in plan.missing]
    lacking = [put.goal for put in plan.puts if _lacks(follower, put.goal)]
    if lacking and fetcher:
        reasons = fetcher.fetch([g for g in lacking if g.certain])
    still = {goal.path for goal in lacking if _lacks(follower, goal)}
    plan.missing += [(g, reasons.get(g.name, "")) for g in lacking if g.path in still and g.certain]
    plan.puts = [put for put in plan.puts if put.goal.path not in still]


def _lacks(follower: Follower, goal: Output) -> bool:
    return follower.projects.cache_reader(goal.project).find(goal.md5, goal.object_size) is None


def carry_out(follower: Follower, fetcher: Fetcher | None = None, on_progress: Progress | None = None) -> None:
    """Take away and put what was decided; where that had to stop early, the plan's last error says why."""
    plan = follower.plan
    total = sum(_size(follower, put.goal) for put in plan.puts) if on_progress else 0
    counter = odb.ByteCounter(total, on_progress)
    marks: dict[bytes, tuple[Output, os.stat_result]] = {goal.path: (goal, stat) for goal, stat in plan.right}
    try:
        _take_away(follower)
        damaged = [put for put in plan.puts if not _put(follower, put, marks, counter)]
        if damaged and fetcher:
            reasons = fetcher.fetch([put.goal for put in damaged])
            plan.missing = [(g, why) for g, why in plan.missing if g.name in reasons or g.path not in _paths(damaged)]
            for put in damaged:
                if put.goal.name not in reasons:
                    _put(follower, put, marks, counter)
    except GuardError as error:
        plan.errors.append(error)
        plan.finished = False
    except OSError as error:
        name = shown(os.fsencode(error.filename)) if isinstance(error.filename, (bytes, str)) else "a file"
        plan.errors.append(GuardError(f"{name}: {error.strerror}.", "trinity-guard sync     # goes on from there"))
        plan.finished = False
    finally:
        follower.projects.close()
        _remember(follower, marks)


def _paths(puts: Sequence[Put]) -> set[bytes]:
    return {put.goal.path for put in puts}


def _size(follower: Follower, goal: Output) -> int:
    there = follower.projects.cache_reader(goal.project).find(goal.md5)
    return os.stat(there).st_size if there else 0


def _take_away(follower: Follower) -> None:
    for path, stat in follower.plan.removals:
        if same_moment(follower.tree.stat(path), stat):
            follower.tree.remove(path)
            follower.plan.removed.append(path)
        else:
            follower.plan.kept.append(LeftAlone(path, "unnamed", "it was written to just now"))


def _put(
    follower: Follower, put: Put, marks: dict[bytes, tuple[Output, os.stat_result]], counter: odb.ByteCounter
) -> bool:
    """Put one file; False when its object is damaged, which the plan then says."""
    goal, plan = put.goal, follower.plan
    cache_reader = follower.projects.cache_reader(goal.project)
    source = cache_reader.find(goal.md5, goal.object_size)
    if source is None:
        plan.missing.append((goal, ""))
        return True
    if not same_moment(follower.tree.stat(goal.path), put.before):
        plan.kept.append(LeftAlone(goal.path, "changed", "was written to just now", goal))
        return True
    follower.tree.make_room(goal.path)
    try:
        stat = follower.projects.staging_dir(goal.project).put(
            source, goal.name, follower.place.file(goal.path), goal.isexec, counter
        )
    except Damaged as error:
        plan.missing.append((goal, f"its object in the cache is damaged ({shown(error.path)})"))
        return False
    marks[goal.path] = goal, stat
    plan.put.append(goal)
    plan.bytes_put += goal.object_size if stat.st_mode & KIND == LINK else stat.st_size
    if not source.startswith(cache_reader.own.folder + b"/"):
        _take_over(cache_reader.stores[1:], cache_reader.own, goal)
    return True


def _take_over(others: Sequence[odb.Store], own: odb.Store, goal: Output) -> None:
    """Give the project's own cache what another one had: `dvc status` looks there alone."""
    for other in others:
        if other.size(goal.name) is not None:
            odb.link(other, own, goal.name)
            return


def _remember(follower: Follower, marks: dict[bytes, tuple[Output, os.stat_result]]) -> None:
    """Note with which size and time these files were right, so that the next commit reads none of them."""
    fresh = False
    for held in follower.catalog.outputs():
        goal, stat = marks.get(held.path, (None, None))
        if goal is None or stat is None or goal.name != held.name or goal.source != held.source:
            continue
        mark = seen_mark(os.stat(follower.place.file(goal.path)) if stat.st_mode & KIND == LINK else stat)
        fresh = fresh or mark != held.seen
        held.seen = mark
    if _remember_directories(follower, marks) or fresh:
        tracked.save(follower.place, follower.catalog)


def _remember_directories(follower: Follower, marks: dict[bytes, tuple[Output, os.stat_result]]) -> bool:
    """Note the same of the files of directories; return whether any is known to be as recorded that was not before."""
    fresh = False
    for held in follower.catalog.outputs():
        if held.path not in follower.expanded or not os.path.isdir(follower.place.file(held.path)):
            continue
        found, below = WorkDirectory(follower.place, held), held.path + b"/"
        there = {name: marks.get(below + name, (None, None)) for name in found.stats}
        right = {n: g.md5 for n, (g, stat) in there.items() if g and stat and _is_as_it_was(found, n, stat)}
        whole = right.keys() == set(found.names()) and directory.md5_of_list(directory.encode(right)) == held.md5
        found.remember(right, recorded=whole)
        if whole and held.seen != found.mark():
            held.seen, fresh = found.mark(), True
    return fresh


def _is_as_it_was(found: WorkDirectory, name: bytes, stat: os.stat_result) -> bool:
    """Whether nobody has written to a file of a directory since it was put, or seen to be right."""
    return stat.st_mode & KIND == LINK or seen_mark(stat) == found.marks[name]
