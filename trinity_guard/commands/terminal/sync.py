"""Artifacts follow, and what came of it is said: the same for the hooks and the commands. Loaded when there is need."""

from __future__ import annotations

from trinity_guard import console, git
from trinity_guard.checkout import apply
from trinity_guard.checkout.plan import Follower
from trinity_guard.commands.terminal import messages
from trinity_guard.commands.terminal.progress import Progress
from trinity_guard.detect import conflicts
from trinity_guard.detect.patterns import size_text
from trinity_guard.dvcrepo.output import recording
from trinity_guard.errors import pathspec, shown, typed
from trinity_guard.git import locks, revisions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trinity_guard.checkout.changes import Stamp
    from trinity_guard.checkout.plan import LeftAlone, Plan
    from trinity_guard.config import Config
    from trinity_guard.dvcrepo.output import Output
    from trinity_guard.dvcrepo.tracked import Catalog

MAX_NAMED = 10


def after_git(
    place: git.Place,
    config: Config,
    catalog: Catalog,
    stamp: Stamp,
    changes: dict[bytes, list[bytes]],
    touched: Sequence[bytes],
    before: bytes,
    named: bool = False,
) -> Plan:
    """Follow the pointers that a checkout, merge or rebase moved. before: the commit that the work tree came from.

    named: whether the pointers with the markers of a conflict in them are named already.
    """
    commits = [*stamp.unfinished()]
    if before and changes:
        commits.append(revisions.require_commit(before))
    fetch = config.sync == "pull"
    with locks.FileLock(place):
        stamp.begin(dict.fromkeys(commits))
        follower = Follower(place, catalog, before)
        goals = follower.said_here(sorted({*changes, *touched}))
        plan = carried_out(follower, goals, changes, config, fetch)
        if plan.finished:
            stamp.end()
    if named:
        plan.errors = [e for e in plan.errors if not conflicts.is_marked(e)]
    report(plan, fetched=fetch)
    return plan


def carried_out(
    follower: Follower,
    goals: Sequence[Output],
    changes: dict[bytes, list[bytes]],
    config: Config,
    fetch: bool,
    only: Callable[[Output], bool] | None = None,
) -> Plan:
    """Bring what is wanted, with bars where that takes long; the plan, carried out."""
    with Progress() as line:
        fetcher = apply.Fetcher(follower, config.remote or "", line.bar) if fetch else None
        former = follower.former(changes)
        follower.add_here(former, [g for g in goals if not changes.get(g.source) and (only is None or only(g))])
        apply.bring(follower, goals, former, fetcher, only)
        apply.carry_out(follower, fetcher, line.bar("to the work tree"))
    return follower.plan


def report(plan: Plan, fetched: bool) -> None:
    """Say what came and went, what is missing, and what was left alone; nothing when nothing happened."""
    if plan.put or plan.removed:
        console.note(_done(plan))
    for error in plan.errors:
        console.warn(error.problem, error.remedy)
    _report_missing(plan, fetched)
    kept = [k for k in plan.kept if k.kind != "git"]
    for item in kept[:MAX_NAMED]:
        console.warn(*message(item))
    if len(kept) > MAX_NAMED:
        console.warn(f"and {len(kept) - MAX_NAMED} more were left as they are.", "trinity-guard status")


def _done(plan: Plan) -> str:
    parts = []
    if plan.put:
        size = size_text(plan.bytes_put)
        name = shown(plan.put[0].path) if len(plan.put) == 1 else f"{len(plan.put)} files"
        parts.append(f"{name} ({size}) now as {'its pointer says' if len(plan.put) == 1 else 'their pointers say'}")
    if plan.removed:
        name = shown(plan.removed[0]) if len(plan.removed) == 1 else f"{len(plan.removed)} files"
        parts.append(f"{name} taken away (no pointer names {'it' if len(plan.removed) == 1 else 'them'}; in the cache)")
    return "; ".join(parts) + "."


def _report_missing(plan: Plan, fetched: bool) -> None:
    plain = [goal for goal, reason in plan.missing if not reason]
    if plain:
        count = "1 artifact is" if len(plain) == 1 else f"{len(plain)} artifacts are"
        after = "     # then again" if fetched and plan.errors else ""
        console.warn(f"{count} not in the cache: {_named(plain)}.", f"trinity-guard pull{after}")
    alike: dict[tuple[str, str], list[Output]] = {}
    for goal, reason in plan.missing:
        if reason:
            alike.setdefault((reason, _remedy(goal, reason, fetched)), []).append(goal)
    for (reason, remedy), goals in list(alike.items())[:MAX_NAMED]:
        console.warn(f"{_named(goals)} did not come: {_why(reason, len(goals))}.", remedy)
    rest = sum(map(len, list(alike.values())[MAX_NAMED:]))
    if rest:
        console.warn(f"and {rest} more did not come.", "trinity-guard status")


def _named(goals: Sequence[Output]) -> str:
    return ", ".join(shown(g.path) for g in goals[:MAX_NAMED]) + (" …" if len(goals) > MAX_NAMED else "")


def _why(reason: str, count: int) -> str:
    kind, _, rest = reason.partition(" ")
    return f"{'it is' if count == 1 else 'they are'} {rest}" if kind == "is" else reason


def _remedy(goal: Output, reason: str, fetched: bool) -> str:
    if goal.from_repo:
        return f"dvc fetch {typed(goal.source)} && trinity-guard pull {typed(goal.path)}     # from its source"
    if reason == apply.VERSIONED:
        return f"dvc pull {typed(goal.source)}"
    if fetched and reason.startswith("is not on"):
        return "trinity-guard push     # by whoever has it: the author of the commit"
    if fetched and reason.startswith("is damaged on"):
        where = f"files/md5/{goal.md5[:2]}/{goal.md5[2:]}"
        return f"trinity-guard push     # by whoever has it, once {where} is deleted there"
    return f"trinity-guard pull {typed(goal.path)}"


def message(kept: LeftAlone) -> tuple[str, str]:
    """Return what is said of a file that was left as it is, and the commands that help."""
    name = typed(kept.path)
    if kept.kind == "changed" and kept.output:
        return (
            f"{shown(kept.path)} {kept.reason} and stays as it is; {shown(kept.output.source)} names another version.",
            f"{recording(kept.output)}     # records yours\n"
            f"mv {name} ELSEWHERE && trinity-guard use HEAD {name}     # or brings the other",
        )
    if kept.kind == "unnamed":
        return (
            f"{shown(kept.path)} stays, though no pointer names it here: {kept.reason}.",
            f"trinity-guard add {name}     # keeps it\nrm {name}     # or lets it go",
        )
    if kept.kind == "git":
        return (
            f"{shown(kept.path)} {kept.reason}.",
            f"git rm --cached {pathspec(kept.path)}     # leaves it to its pointer",
        )
    said = f"{shown(kept.path)} {kept.reason}: it was left alone."
    itself = kept.reason.startswith("is ")  # and no folder above it
    return (
        said,
        f"{messages.bringing_back(kept.path)}     # or look first: ls -la {name}" if itself else f"ls -la {name}",
    )
