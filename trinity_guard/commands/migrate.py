"""`trinity-guard migrate [info|run|push|verify|undo|finish|guide]`: a legacy repository's whole history to DVC."""

from __future__ import annotations

import sys

from trinity_guard import console, git
from trinity_guard.detect.patterns import size_text
from trinity_guard.errors import BLOCKED, FINE, UNUSABLE, GuardError, shown
from trinity_guard.migrate import destination, dryrun, engine, finish, messages, select
from trinity_guard.migrate import run as migrate_run
from trinity_guard.migrate.tools import guides
from trinity_guard.migrate.tools import run as tools_run

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from typing import Any

    from trinity_guard.migrate.run import Job
    from trinity_guard.migrate.select import Chosen

EXAMPLE = """\
examples:
  trinity-guard migrate info --everything
  trinity-guard migrate run --everything --remote s3://bucket/data --push
  trinity-guard migrate verify
  trinity-guard migrate guide team
Without a command it shows what would move, asks, and runs.
"""
# What each stage of the engine counts: words, unit, name of the unit.
STAGES = {
    "scan": ("looking through", 1, "commits"),
    "extract": ("to the DVC cache", 1e6, "MB"),
    "rewrite": ("rewriting", 1, "commits"),
    "prove": ("comparing", 1, "commits"),
    "prove bytes": ("comparing bytes", 1e6, "MB"),
    "push": ("uploading", 1e6, "MB"),
    "move": ("moving refs, index and work tree", 1, ""),
}
MOST_WRONG = 20
# What other tools cannot be asked for.
OUR_OPTIONS = ("--dry-run", "--unpublished", "--preserve-commit-hashes")


def parser() -> argparse.ArgumentParser:
    import argparse

    p = argparse.ArgumentParser(
        prog="trinity-guard migrate",
        description="Move a legacy repository's whole history to DVC, without losing a byte.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = p.add_subparsers(dest="command", metavar="info|run|push|verify|undo|finish|guide", required=True)

    def add(name: str, words: str, example: str = "") -> argparse.ArgumentParser:
        line = f"Example: trinity-guard migrate {name} {example}".rstrip()
        return commands.add_parser(name, help=words, description=f"{words[0].upper()}{words[1:]}.", epilog=line)

    info = add("info", "what would move, what would stay and why; changes nothing", "--everything --above '5 MB'")
    _add_what(info)
    info.add_argument("--format", choices=("table", "json"), default="table", help="table (the default) or json")
    words = "migrate: every byte to the DVC cache, then the refs, all at once"
    _add_run(add("run", words, "--everything --remote s3://bucket/data --push"))
    add("push", "upload the objects of the migrated history to the DVC remote")
    add("verify", "prove it: every commit, every path, every byte, old against new")
    add("undo", "put every ref, the index and the working tree back")
    guide = add("guide", "your own steps with bfg, filter-repo or lfs; the note for your team", "bfg")
    guide.add_argument("tool", nargs="?", choices=("bfg", "filter-repo", "lfs", "team"), default="team")
    _add_patterns(guide)
    end = add("finish", "let the old history go (reflogs, gc)", "--yes")
    end.add_argument("--yes", action="store_true", help="do not ask")
    end.add_argument("--force-unpushed", action="store_true", help="even while objects are not on the DVC remote")
    return p


def _add_what(p: argparse.ArgumentParser) -> None:
    p.add_argument("--everything", action="store_true", help="all local branches and tags (else: the current branch)")
    p.add_argument("--ref", nargs="+", action="extend", default=[], metavar="REF", help="these branches or tags")
    p.add_argument("--unpublished", action="store_true", help="only commits that no remote-tracking branch has")
    _add_patterns(p)


def _add_patterns(p: argparse.ArgumentParser) -> None:
    p.add_argument(
        "--include",
        nargs="+",
        action="extend",
        default=[],
        metavar="GLOB",
        help="gitignore patterns in the place of the config's",
    )
    p.add_argument(
        "--exclude", nargs="+", action="extend", default=[], metavar="GLOB", help="never these, nor the config's"
    )
    p.add_argument("--above", metavar="SIZE", help="only files larger than this; without --include of any name")


def _add_run(p: argparse.ArgumentParser) -> None:
    _add_what(p)
    p.add_argument("--remote-branches", action="store_true", help="first make a branch for each of a remote's branches")
    p.add_argument("--remote", metavar="URL", help="the DVC remote (else the config's, or a folder beside)")
    p.add_argument("--push", action="store_true", help="upload the objects first; refs move when all are there")
    p.add_argument(
        "--engine", choices=("dvc", "bfg", "filter-repo"), default="dvc", help="ours (the default), or another tool's"
    )
    p.add_argument("--bfg-jar", metavar="FILE", help="BFG's jar, for --engine bfg (else $BFG_JAR)")
    p.add_argument(
        "--preserve-commit-hashes", action="store_true", help="leave the commit ids that messages name as they are"
    )
    p.add_argument("--dry-run", action="store_true", help="do it all, prove it, and move no ref")
    p.add_argument("--yes", action="store_true", help="do not ask")


def run(args: list[str]) -> int:
    bare = not args or (args[0].startswith("-") and args[0] not in ("-h", "--help"))
    words = ["run", *args] if bare else args
    asked = parser().parse_args(words)
    commands = {
        "info": _info,
        "run": _run,
        "push": _push,
        "verify": _verify,
        "undo": _undo,
        "finish": _finish,
        "guide": _guide,
    }
    return commands[asked.command](git.place(), asked, words)


class _Bars:
    """A bar for each stage, one after the other; what was done before its first call would make its rate too good."""

    def __init__(self) -> None:
        self._stage, self._first = "", 0
        self._bar: console.Progress | None = None
        self._doing = console.Doing()

    def __call__(self, stage: str, done: int, total: int) -> None:
        if stage != self._stage:
            self.close()
            words, unit, name = STAGES.get(stage, (stage, 1, ""))
            self._stage, self._bar, self._first = stage, console.Progress(words, unit, name), done
            if stage == "move":
                self._doing(words)
        if self._bar is not None:
            self._bar(done - self._first, total - self._first)

    def close(self) -> None:
        self._doing.close()
        if self._bar is not None:
            self._bar.close()
        self._stage, self._bar = "", None


# --- info


def _info(place: git.Place, asked: argparse.Namespace, _: Sequence[str]) -> int:
    chosen = _chosen(place, asked)
    selection = select.selection(select.load_config(place), asked.include, asked.exclude, asked.above)
    bars = _Bars()
    found = engine.survey(place, selection, chosen.names, bars, chosen.stop)
    bars.close()
    values = messages.survey_values(found, chosen.names, dryrun.staying(place, found))
    if asked.format == "json":
        import json

        console.result(json.dumps(values, indent=2))
    else:
        console.result(_plan(values, chosen.words))
    return FINE


def _chosen(place: git.Place, asked: argparse.Namespace, remote_branches: bool = False) -> Chosen:
    chosen = select.choose(place, asked.everything, asked.ref, remote_branches)
    if asked.unpublished:
        select.leave_published(place, chosen)
    return chosen


def _plan(values: dict[str, Any], words: str) -> str:
    if not values["patterns"]:
        lines = [f"no file of this history matches ({words})"]
        return "\n".join([*lines, *(f"note: {remark}" for remark in values["remarks"])])
    head, rows = messages.survey_table(values)
    commits = messages.count(values["commits"], "commit")
    return f"{words}: {commits}\n\n{console.table(head, rows)}\n{messages.survey_rest(values)}"


# --- run


def _run(place: git.Place, asked: argparse.Namespace, words: Sequence[str]) -> int:
    if migrate_run.half_done(place) and (completed := migrate_run.complete(place)) is not None:
        console.note("an earlier run was cut off while its refs moved: it is complete now.")
        return _tell(place, completed)
    _require_sense(asked)
    if asked.engine != "dvc":
        return _other_tool(place, asked, words)
    migrate_run.refuse(place, asked.dry_run)
    job = _job(place, asked)
    if not job.chosen.names:
        console.say("nothing to migrate: there is no commit yet")
        return FINE
    if not (asked.yes or asked.dry_run) and not _agreed(job, words):
        return FINE
    _ask_about_place(job)
    select.make_branches(place, job.chosen)
    return _tell(place, _engine(job, asked.dry_run))


def _require_sense(asked: argparse.Namespace) -> None:
    if asked.dry_run and (asked.push or asked.remote_branches):
        other = "--push" if asked.push else "--remote-branches"
        raise GuardError(f"--dry-run changes nothing, so {other} means nothing with it.", "leave one out", UNUSABLE)
    if asked.bfg_jar and asked.engine != "bfg":
        raise GuardError("--bfg-jar is for --engine bfg.", "trinity-guard migrate run --help", UNUSABLE)
    ours = [o for o in OUR_OPTIONS if getattr(asked, o[2:].replace("-", "_"))]
    if asked.engine != "dvc" and (ours or not asked.everything):
        knows = f" and knows no {' and no '.join(ours)}" if ours else " or none"
        raise GuardError(
            problem=f"--engine {asked.engine} rewrites all branches and tags{knows}.",
            remedy=f"trinity-guard migrate run --everything --engine {asked.engine}",
            exit_code=UNUSABLE,
        )


def _other_tool(place: git.Place, asked: argparse.Namespace, words: Sequence[str]) -> int:
    tool = tools_run.find_bfg(asked.bfg_jar) if asked.engine == "bfg" else tools_run.find_filter_repo()
    migrate_run.refuse(place)
    job = _job(place, asked)
    if not asked.yes and not _agreed(job, words):
        return FINE
    _ask_about_place(job)
    select.make_branches(place, job.chosen)
    bars = _Bars()
    try:
        done = tools_run.run(job, tool, bars)
    finally:
        bars.close()
    if asked.push:
        _tell_sent(job.where.name, done.objects, done.sent)
    console.say(tools_run.report(place, asked.engine, done))
    return FINE


def _job(place: git.Place, asked: argparse.Namespace) -> Job:
    config = select.load_config(place)
    selection = select.selection(config, asked.include, asked.exclude, asked.above)
    where = destination.find(place, config, asked.remote)
    if asked.push and not where.name:
        raise GuardError("--push: DVC has no default remote.", "trinity-guard remote add URL", UNUSABLE)
    chosen = _chosen(place, asked, asked.remote_branches)
    return migrate_run.Job(place, chosen, selection, where, asked.push, asked.preserve_commit_hashes)


def _agreed(job: Job, words: Sequence[str]) -> bool:
    """Show what would move, and ask; whether to go on."""
    import shlex

    bars = _Bars()
    found = engine.survey(job.place, job.selection, [*job.chosen.names, *job.chosen.lonely], bars, job.chosen.stop)
    bars.close()
    values = messages.survey_values(found, job.chosen.names, dryrun.staying(job.place, found))
    console.result(_plan(values, job.chosen.words))
    if not found.summaries:
        return False
    if job.where.name:
        console.result(f"DVC remote '{job.where.name}': {job.where.url}")
    question = "Rewrite this history? Each commit from the first changed one on gets a new id."
    return _confirmed(question, shlex.join(["trinity-guard", "migrate", *words, "--yes"]))


def _confirmed(question: str, without_terminal: str) -> bool:
    """Ask; GuardError with the command that does not, where there is no terminal."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise GuardError("there is no terminal to ask on; nothing was changed.", without_terminal, UNUSABLE)
    if console.confirm(question):
        return True
    console.say("nothing was changed")
    return False


def _ask_about_place(job: Job) -> None:
    if not job.push:
        return
    where = destination.trusted(job.place, job.where)
    if where and console.confirm(f"This repository's config leads to {where}. Exchange objects with it?"):
        destination.confirm(job.place, job.where)


def _engine(job: Job, dry: bool) -> dict[str, Any]:
    bars = _Bars()
    try:
        return migrate_run.run(job, bars, dry)
    finally:
        bars.close()


def _tell(place: git.Place, values: dict[str, Any]) -> int:
    if not values["refs"]:
        console.say("nothing to migrate: no file of this history can become a pointer")
        for entry in values["stays"][: messages.MAX_NAMED]:
            console.say(f"  {entry['path']} stays: {entry['reason']}")
        return FINE
    if values["pushed"]:
        _tell_sent(values["remote"], values["objects"], values["sent"])
    console.say(messages.report(values))
    if values["phase"] == "dry":
        console.say("nothing was moved (--dry-run); the objects stay in the cache for the run itself")
        return FINE
    console.detail(f"the whole report: {shown(migrate_run.report_file(place))}")
    return FINE


# --- afterwards


def _push(place: git.Place, _: argparse.Namespace, __: Sequence[str]) -> int:
    objects = migrate_run.wanted(place)
    found = migrate_run.destined(place)
    where = destination.trusted(place, found)
    if where and console.confirm(f"This repository's config leads to {where}. Exchange objects with it?"):
        destination.confirm(place, found)
    bar = console.Progress("uploading")
    try:
        sent = destination.upload(place, found, migrate_run.cached(place), objects, bar)
    finally:
        bar.close()
    _tell_sent(found.name, len(objects), sent)
    return FINE


def _tell_sent(name: str, count: int, sent: int) -> None:
    console.say(f"the DVC remote '{name}' has all {count:,} objects ({sent:,} sent now)")


def _verify(place: git.Place, _: argparse.Namespace, __: Sequence[str]) -> int:
    bars = _Bars()
    try:
        done = engine.verify(place, bars)
    finally:
        bars.close()
    if not done.wrong:
        compared = f"{messages.count(done.commits, 'commit')} compared, {done.changed:,} of them new"
        console.say(f"{compared}: every path and every byte is there")
        return FINE
    for words in done.wrong[:MOST_WRONG]:
        console.warn(words)
    raise GuardError(
        problem=f"the new history differs from the old one in {len(done.wrong)} places.",
        remedy="trinity-guard migrate undo     # puts everything back",
        exit_code=BLOCKED,
    )


def _undo(place: git.Place, _: argparse.Namespace, __: Sequence[str]) -> int:
    for move in engine.undo(place):
        console.say(f"{select.short(move.name)} is back at {move.old[:10].decode()}")
    return FINE


def _finish(place: git.Place, asked: argparse.Namespace, _: Sequence[str]) -> int:
    finish.require_migrated(place)
    if not asked.force_unpushed:
        finish.require_pushed(place)
    alive = finish.still_alive(place)
    if alive:
        names = ", ".join(select.short(name) for name in alive[: messages.MAX_NAMED])
        console.warn(
            f"these still stand on the old history and keep its files: {names}.",
            "publish the new history first (git push --force …), then finish",
        )
    question = "Let the old history go? `migrate undo` and `migrate verify` end with it."
    if not (asked.yes or _confirmed(question, "trinity-guard migrate finish --yes")):
        return FINE
    with console.Doing() as doing:
        before, after = finish.finish(place, doing)
    console.say(f"Git's objects: {size_text(before)} before, {size_text(after)} now")
    return FINE


# --- guide


def _guide(place: git.Place, asked: argparse.Namespace, _: Sequence[str]) -> int:
    if asked.tool == "team":
        console.result(guides.for_team(place, migrate_run.report(place)))
        return FINE
    selection = select.selection(select.load_config(place), asked.include, asked.exclude, asked.above)
    # Other tools work on all refs, whatever is asked for.
    bars = _Bars()
    found = engine.survey(place, selection, select.all_refs(place), bars)
    bars.close()
    if not found.summaries:
        raise GuardError("no file of this history matches.", "trinity-guard migrate info --everything", UNUSABLE)
    console.result(guides.of_tool(asked.tool, guides.Facts(place, selection, found.scan)))
    return FINE
