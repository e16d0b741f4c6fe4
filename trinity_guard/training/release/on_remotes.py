"""Whether others can fetch what a release names: the remotes are asked for its objects."""

from __future__ import annotations

from collections.abc import Sequence

from trinity_guard import git
from trinity_guard.checkout.desired import Projects, expand
from trinity_guard.detect.patterns import size_text
from trinity_guard.dvcrepo.output import Output
from trinity_guard.errors import GuardError, shown
from trinity_guard.push import deliver
from trinity_guard.remotes import connect


def objections(place: git.Place, choice: str, wanted: Sequence[Output]) -> list[tuple[str, str]]:
    """Return (problem, remedy) of each object that is not there."""
    whole = [part for goal in wanted for part in (goal, *members(place, goal))]
    return [(reason, "trinity-guard push") for _, _, reason in asked(place, choice, whole) if reason]


def members(place: git.Place, goal: Output) -> list[Output]:
    """Return the files of a directory whose list is here; without it, the list alone can be asked for."""
    if not goal.is_dir or goal.from_repo:
        return []
    found = list(expand(Projects(place).cache_reader(goal.project), goal) or [])
    for member in found:
        member.project, member.remote = goal.project, goal.remote
    return found


def asked(place: git.Place, choice: str, wanted: Sequence[Output]) -> list[tuple[Output, str, str]]:
    """Ask the remotes for these objects: (object, remote's name, what is wrong with it there or "").

    GuardError where a remote cannot be asked: then nothing is known.
    """
    groups: dict[tuple[bytes, str], list[Output]] = {}
    # What was imported from another DVC repository lies on that one's remote, and is fetched from there.
    for goal in (g for g in wanted if not g.from_repo):
        groups.setdefault((goal.project, (goal.remote or choice).lower()), []).append(goal)
    found = []
    for (project, name), group in groups.items():
        try:
            to = deliver.destination(place, project, name)
            if to.remote.versioned:
                raise GuardError(f"the remote '{to.name}' keeps versions of its own, and no objects by their md5.")
            with connect.connect(to.settings, to.name) as remote:
                there = remote.sizes([g.name for g in group])
        except GuardError as error:
            names = ", ".join(shown(g.path) for g in group)
            problem = f"whether others can fetch {names} cannot be told: {error.problem.rstrip('.')}."
            raise GuardError(problem, error.remedy, error.exit_code) from error
        found += [(g, to.name, _missing(g, to.name, there)) for g in group]
    return found


def _missing(goal: Output, name: str, there: dict[str, int]) -> str:
    size = there.get(goal.name)
    if size is None:
        return f"{shown(goal.path)} is not on the remote '{name}'"
    wanted = goal.object_size
    if wanted >= 0 and size not in (-1, wanted):
        return f"{shown(goal.path)} is damaged on the remote '{name}': {size_text(size)} of {size_text(wanted)}"
    return ""
