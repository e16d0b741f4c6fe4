"""`trinity-guard use REV [PATH…]`: artifacts as another commit had them; `use VERSION`: a released model alone."""

from __future__ import annotations

import os

from trinity_guard import console, git
from trinity_guard.checkout import apply, changes, use
from trinity_guard.checkout.plan import Follower
from trinity_guard.checkout.select import PathSelection
from trinity_guard.commands.terminal import arguments, confirm, pickles, progress, shells, sides, sync
from trinity_guard.commands.terminal.arguments import Parser
from trinity_guard.convert import relocate, staged_moves
from trinity_guard.detect import patterns
from trinity_guard.dvcrepo import tracked
from trinity_guard.errors import BLOCKED, FINE, GuardError
from trinity_guard.git import repository
from trinity_guard.git.locks import FileLock
from trinity_guard.training.release.files import Files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Container

    from trinity_guard.config import Config

DESCRIPTION = """\
Bring artifacts as the commit REV had them: their pointers, staged as by `git checkout REV -- PATH`, and their data,
fetched where the cache lacks it. Without PATH: all artifacts of REV; PATH may be an artifact, its pointer, or a
folder. Refused before anything is touched when an artifact was changed here and is recorded nowhere, or when not
everything can be had. `trinity-guard use HEAD` brings all back.

VERSION is a release of `trinity release`, as v1.2.0 or layout-risk-predictor@v1.2.0: brings that model alone, with its
pointer, metadata and card. With a PATH, and where v1.2.0 is a branch or tag of its own but no release, it is a commit;
where it is both, say which: NAME@v1.2.0 or refs/tags/v1.2.0.

In a conflict: --ours, --theirs, --base take that version of a pointer (or a dvc.lock), --union of a directory both,
where they changed different files; without PATH of all that are in conflict. Ours and theirs are what Git means by
them: in a rebase, theirs is the commit that is picked. Works also when the markers were staged, or committed.

--merge joins what both sides did to a csv or tsv, row by row: the rows are told by a key, which is looked for (a
column, or two, unique and never empty) or named by --key; where there is none, by all their cells, as lines. Cells
that both changed differently are listed and nothing is touched, unless --ours or --theirs stands beside it: that
side's are taken there, and the rest is joined.
"""
EXAMPLE = """\
Examples: trinity-guard use v1.2 models/risk.pkl
          trinity-guard use --theirs models/risk.pkl
          trinity-guard use --merge --key id data/table.csv"""
SIDES = ("ours", "theirs", "base", "union")


def configure(p: Parser) -> None:
    p.description, p.epilog = DESCRIPTION, EXAMPLE
    p.usage = (
        "trinity-guard use REV [PATH…]\n       trinity-guard use VERSION\n"
        "       trinity-guard use --ours|--theirs|--base|--union [PATH…]\n"
        "       trinity-guard use --merge [--ours|--theirs] [--key COLUMN,…] [PATH…]"
    )
    arguments.add_word(p, "revision", "REV|VERSION", "a commit, or a release", shells.REVISION, nargs="?")
    arguments.add_paths(p, "artifacts, pointers, folders")
    one = p.add_mutually_exclusive_group()
    for side in SIDES:
        words = (
            "what both sides of a conflict made of a directory" if side == "union" else f"a conflict's side '{side}'"
        )
        one.add_argument(f"--{side}", action="store_const", const=side, dest="side", help=words)
    p.add_argument("--merge", action="store_true", help="join the rows of both sides of a csv or tsv in conflict")
    arguments.add_value(p, "--key", "COLUMN,…", "with --merge: the columns that tell a row (else they are looked for)")


def run(args: list[str]) -> int:
    asked = arguments.parse("trinity-guard use", configure, args)
    side = _side(asked)
    if side:
        return sides.resolve(side, [n for n in (asked.revision, *asked.paths) if n])
    if not asked.revision:
        raise asked.parser.wrong("use needs a commit.", "trinity-guard use HEAD~1 models/risk.pkl")
    names = [asked.revision, *asked.paths]
    start = os.getcwdb()
    place = git.place()
    git.at_top(place)
    config, _ = patterns.load_config(place)
    release = _release(place, names)
    if release is None:
        commit = _commit(place, names)
        selection = PathSelection(repository.relative(place, names[1:], start))
    else:
        commit, selection = release.commit, PathSelection([release.model])
    with FileLock(place), progress.Progress() as line:
        follower = Follower(place, tracked.load(place))
        fetcher = apply.Fetcher(follower, config.remote or "", line.bar)
        chosen = use.choose(follower, commit, selection)
        if release is not None:
            release.narrow(chosen)
        confirm.about_remotes(place, sorted({(g.project, g.remote or config.remote or "") for g in chosen.goals}))
        use.prepare(follower, chosen, fetcher)
        if release is not None:
            release.add_to(chosen)
        stamp = changes.Stamp(place)
        stamp.begin([*stamp.unfinished(), *use.head()])
        use.move_pointers(chosen)
        follower.catalog = tracked.load(place)
        _bring_lines(place, follower.catalog, chosen.ids)
        apply.carry_out(follower, fetcher, line.bar("to the work tree"))
        if follower.plan.finished:
            stamp.end()
    return _report(follower, chosen, names[0], config)


def _side(asked: Namespace) -> sides.Side | None:
    """Return which version of a conflict is wanted, None where a commit's is."""
    if asked.key is not None and not asked.merge:
        raise asked.parser.wrong("--key goes with --merge.")
    if not asked.merge:
        return sides.Side(asked.side) if asked.side else None
    if asked.side not in (None, "ours", "theirs"):
        raise asked.parser.wrong(f"--merge takes --ours or --theirs beside it, and not --{asked.side}.")
    from trinity_guard.commands.terminal import tables  # noqa: PLC0415  # no other `use` needs it

    return tables.Merge(asked.side or "", asked.key.split(",") if asked.key else [])


def _bring_lines(place: git.Place, catalog: tracked.Catalog, pointers: Container[bytes]) -> None:
    """Have Git ignore what these pointers hold, where another commit had taken the line away."""
    brought = staged_moves.without_line([o for o in catalog.held if o.source in pointers])
    if brought:
        relocate.settle(place, catalog, relocate.Moves(brought=brought))


def _release(place: git.Place, names: list[str]) -> Files | None:
    """Return the release that the words mean, None where they mean a commit."""
    if len(names) > 1 or not names[0].rpartition("@")[2].startswith("v"):
        return None
    from trinity_guard.training.release import files  # noqa: PLC0415  # no other `use` needs it

    found = files.find(place, names[0])
    if found is not None and found.withdrawn:
        console.warn(f"{found.tag} was withdrawn after its release.")
    return found


def _commit(place: git.Place, names: list[str]) -> bytes:
    """Return the commit that the first word means; who named a version is told how releases are found."""
    try:
        return git.require_commit(os.fsencode(names[0]))
    except GuardError as error:
        if not names[0].rpartition("@")[2].startswith("v"):
            raise
        whole = _release(place, names[:1]) if len(names) > 1 else None
        ways = f"trinity use {whole.tag}     # all of the release" if whole else "git tag     # or: git fetch --tags"
        raise GuardError(error.problem, ways, error.exit_code) from None


def _report(follower: Follower, chosen: use.CommitPointers, revision: str, config: Config) -> int:
    plan = follower.plan
    sync.report(plan, fetched=True)
    pickles.arrived(follower.place, config, plan)
    if not chosen.ids:
        console.note(f"{revision} has no artifact.")
    elif plan.complete() and not (plan.put or plan.removed):
        console.note(f"all is as in {revision} already.")
    return FINE if plan.complete() else BLOCKED
