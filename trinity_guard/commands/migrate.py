"""`trinity-guard migrate [info|run|push|verify|undo|finish|guide]`: a legacy repository's whole history to DVC."""

from __future__ import annotations

from trinity_guard import console, git
from trinity_guard.commands.hooks import checkout
from trinity_guard.commands.terminal import arguments, questions
from trinity_guard.commands.terminal.phases import Phases
from trinity_guard.commands.terminal.progress import Progress
from trinity_guard.detect.patterns import size_text
from trinity_guard.errors import BLOCKED, FINE, UNUSABLE, GuardError, shown, typed
from trinity_guard.migrate import api

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence
    from typing import Any

    from trinity_guard.commands.terminal.arguments import Parser

DESCRIPTION = """\
Move a legacy repository's whole history to DVC, without losing a byte.
"""
EXAMPLE = """\
examples:
  trinity-guard migrate info --everything
  trinity-guard migrate run --everything --remote s3://bucket/data --push
  trinity-guard migrate run --everything --from-lfs --remote s3://bucket/data --push
  trinity-guard migrate verify
  trinity-guard migrate guide team
Without a command it shows what would move, asks, and runs.
"""
MAX_WRONG = 20
# Commits that the real DVC pulls in a verify.
SAMPLE = 2
# What other tools cannot be asked for.
OUR_OPTIONS = {
    "--dry-run": "dry",
    "--unpublished": "unpublished",
    "--preserve-commit-hashes": "keep_ids",
    "--onto": "onto",
    "--from-lfs": "from_lfs",
}


def configure(p: Parser) -> None:
    p.description, p.epilog = DESCRIPTION, EXAMPLE
    p.allow_abbrev = True  # as it always was here
    commands = p.add_subparsers(dest="command", metavar="info|run|push|verify|undo|finish|guide", required=True)

    def add(name: str, words: str, example: str = "") -> Parser:
        return arguments.add_command(commands, name, words, f"trinity-guard migrate {name} {example}".rstrip())

    info = add("info", "what would move, what would stay and why; changes nothing", "--everything --above '5 MB'")
    _add_what(info)
    info.add_argument("--format", choices=("table", "json"), default="table", help="table (the default) or json")
    words = "migrate: every byte to the DVC cache, then the refs, all at once"
    _add_run(add("run", words, "--everything --remote s3://bucket/data --push"))
    add("push", "upload the objects of the migrated history to the DVC remote")
    verify = add("verify", "prove it: every commit, every path, every byte, old against new", "--sample 20")
    verify.add_argument(
        "--sample",
        type=int,
        default=SAMPLE,
        metavar="N",
        help=f"so many commits in fresh clones, pulled by the real DVC (default {SAMPLE})",
    )
    verify.add_argument("--seed", type=int, metavar="NUMBER", help="choose the same commits as a verify that named it")
    add("undo", "put every ref, the index and the working tree back")
    guide = add("guide", "your own steps with bfg, filter-repo or lfs; the note for your team", "bfg")
    tools = ("bfg", "filter-repo", "lfs", "team")
    arguments.add_word(guide, "tool", "TOOL", arguments.listed(tools), nargs="?", choices=tools, default="team")
    _add_patterns(guide)
    end = add("finish", "let the old history go (reflogs, gc)", "--yes")
    end.add_argument("--yes", action="store_true", help="do not ask")
    end.add_argument("--force-unpushed", action="store_true", help="even while objects are not on the DVC remote")


def _add_what(p: Parser) -> None:
    p.add_argument("--everything", action="store_true", help="all local branches and tags (else: the current branch)")
    p.add_argument(
        "--ref", dest="refs", nargs="+", action="extend", default=[], metavar="REF", help="these branches or tags"
    )
    p.add_argument("--unpublished", action="store_true", help="only commits that no remote-tracking branch has")
    p.add_argument("--from-lfs", action="store_true", help="leave Git LFS: all of its files too, and its attributes go")
    _add_patterns(p)


def _add_patterns(p: Parser) -> None:
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


def _add_run(p: Parser) -> None:
    _add_what(p)
    p.add_argument("--remote-branches", action="store_true", help="first make a branch for each of a remote's branches")
    p.add_argument("--remote", metavar="URL", help="the DVC remote (else the config's, or a folder beside)")
    p.add_argument("--push", action="store_true", help="upload the objects first; refs move when all are there")
    p.add_argument(
        "--engine", choices=("dvc", "bfg", "filter-repo"), default="dvc", help="ours (the default), or another tool's"
    )
    p.add_argument("--bfg-jar", metavar="FILE", help="BFG's jar, for --engine bfg (else $BFG_JAR)")
    p.add_argument(
        "--preserve-commit-hashes",
        dest="keep_ids",
        action="store_true",
        help="leave the commit ids that messages name as they are",
    )
    p.add_argument(
        "--onto",
        metavar="COMMIT-MAP",
        help="carry over what was pushed to the old history since, to the new one that this file names",
    )
    p.add_argument(
        "--leave-missing",
        action="store_true",
        help="with --from-lfs: go on without objects that the LFS server does not give; their files stay pointers",
    )
    p.add_argument("--dry-run", dest="dry", action="store_true", help="do it all, prove it, and move no ref")
    p.add_argument("--yes", action="store_true", help="do not ask")


def run(args: list[str]) -> int:
    bare = not args or (args[0].startswith("-") and args[0] not in ("-h", "--help"))
    words = ["run", *args] if bare else args
    asked = arguments.parse("trinity-guard migrate", configure, words)
    commands = {
        "info": _info,
        "run": _run,
        "push": _push,
        "verify": _verify,
        "undo": _undo,
        "finish": _finish,
        "guide": _guide,
    }
    with Progress() as line, api.Migration(git.place(), phases := Phases(line)) as migration:
        return commands[asked.command](_Call(migration, phases, asked, words))


class _Call:
    """One call of the command: what it works on, what shows how far it is, what was asked for, and how it was typed."""

    def __init__(self, migration: api.Migration, phases: Phases, asked: Namespace, words: Sequence[str]) -> None:
        self.migration = migration
        self.phases = phases
        self.asked = asked
        self.words = words

    def request(self) -> api.Request:
        """Return what is meant; what a command has no option for is as it is by default."""
        given = vars(self.asked)
        return api.Request(**{field: given[field] for field in api.Request.FIELDS if field in given})


# --- info


def _info(call: _Call) -> int:
    selection, chosen = api.subject(call.migration, call.request())
    values = _surveyed(call, selection, chosen)
    if call.asked.format == "json":
        import json

        console.result(json.dumps(values, indent=2))
    else:
        console.result(_plan(values, chosen.words))
    return FINE


def _surveyed(call: _Call, selection: api.Selection, chosen: api.Chosen) -> dict[str, Any]:
    found = api.survey(call.migration, selection, chosen)
    call.phases.close()
    return api.survey_values(found, chosen.names, api.staying(call.migration, found))


def _plan(values: dict[str, Any], words: str) -> str:
    if not values["patterns"]:
        lines = [f"no file of this history matches ({words})"]
        return "\n".join([*lines, *(f"note: {remark}" for remark in values["remarks"])])
    head, rows = api.survey_table(values)
    commits = api.count(values["commits"], "commit")
    return f"{words}: {commits}\n\n{console.table(head, rows)}\n{api.survey_rest(values)}"


# --- run


def _run(call: _Call) -> int:
    migration, asked = call.migration, call.asked
    if api.half_done(migration) and (completed := api.complete(migration)) is not None:
        console.note("an earlier run was cut off while its refs moved: it is complete now.")
        _bring_artifacts(migration, completed)
        return _report(migration, completed)
    _require_sense(asked)
    tool = api.find_tool(asked.engine, asked.bfg_jar) if asked.engine != "dvc" else None
    api.refuse(migration, asked.dry, asked.onto is not None)
    options = api.options(migration, call.request())
    if not options.chosen.names and tool is None:
        console.say("nothing to migrate: there is no commit yet")
        return FINE
    if not (asked.yes or asked.dry) and not _agreed(call, options):
        return FINE
    if options.push:
        _ask_about_place(migration, options.where)
    api.make_branches(migration.place, options.chosen)
    return _engine(call, options) if tool is None else _other_tool(call, options, tool)


def _require_sense(asked: Namespace) -> None:
    if asked.dry and (asked.push or asked.remote_branches):
        other = "--push" if asked.push else "--remote-branches"
        raise GuardError(f"--dry-run changes nothing, so {other} means nothing with it.", "leave one out", UNUSABLE)
    if asked.bfg_jar and asked.engine != "bfg":
        raise GuardError("--bfg-jar is for --engine bfg.", "trinity-guard migrate run --help", UNUSABLE)
    if asked.onto and (asked.unpublished or asked.remote_branches):
        other = "--unpublished" if asked.unpublished else "--remote-branches"
        raise GuardError(
            problem=f"--onto takes what is not in its commit-map, of all branches, so {other} means nothing with it.",
            remedy="leave one out",
            exit_code=UNUSABLE,
        )
    if asked.leave_missing and not asked.from_lfs:
        raise GuardError("--leave-missing is for --from-lfs.", "trinity-guard migrate run --help", UNUSABLE)
    ours = [option for option, field in OUR_OPTIONS.items() if getattr(asked, field)]
    if asked.engine != "dvc" and (ours or not asked.everything):
        knows = f" and knows no {' and no '.join(ours)}" if ours else " or none"
        raise GuardError(
            problem=f"--engine {asked.engine} rewrites all branches and tags{knows}.",
            remedy=f"trinity-guard migrate run --everything --engine {asked.engine}",
            exit_code=UNUSABLE,
        )


def _engine(call: _Call, options: api.Options) -> int:
    report = api.run(call.migration, options)
    call.phases.close()
    _bring_artifacts(call.migration, report)
    return _report(call.migration, report)


def _bring_artifacts(migration: api.Migration, report: dict[str, Any]) -> None:
    """Let the work tree's artifacts follow, where its branch went on to commits that others had pushed."""
    place = migration.place
    if report.get("forward") and report["phase"] != "dry":
        git.at_top(place)
        checkout.follow(place, *(commit.encode() for commit in report["forward"]))


def _other_tool(call: _Call, options: api.Options, tool: api.Tool) -> int:
    done = api.run_tool(call.migration, options, tool)
    call.phases.close()
    if options.push:
        _report_sent(options.where.name, done.objects, done.sent)
    console.say(api.tool_report(call.migration.place, tool.name, done))
    return FINE


def _agreed(call: _Call, options: api.Options) -> bool:
    """Show what would move, and ask; whether to go on."""
    import shlex

    values = _surveyed(call, options.selection, options.chosen)
    console.result(_plan(values, options.chosen.words))
    if not values["patterns"]:
        return False
    if options.where.name:
        console.result(f"DVC remote '{options.where.name}': {options.where.url}")
    question = "Rewrite this history? Each commit from the first changed one on gets a new id."
    return questions.confirmed(question, shlex.join(["trinity-guard", "migrate", *call.words, "--yes"]))


def _ask_about_place(migration: api.Migration, where: api.Destination) -> None:
    words = api.unconfirmed(migration.place, where)
    if words and console.confirm(f"This repository's config leads to {words}. Exchange objects with it?"):
        api.confirm(migration.place, where)


def _report(migration: api.Migration, values: dict[str, Any]) -> int:
    if not values["refs"] and values.get("carried"):
        console.say("nothing to carry over: all that stands on the old history has its new commits")
        for remark in values["remarks"]:
            console.say(f"note: {remark}")
        return FINE
    if not values["refs"]:
        console.say("nothing to migrate: no file of this history can become a pointer")
        for entry in values["stays"][: api.MAX_NAMED]:
            console.say(f"  {entry['path']} stays: {entry['reason']}")
        for line in api.ways_out(values["stays"]):
            console.say(line)
        return BLOCKED if values["stays"] else FINE
    if values["pushed"]:
        _report_sent(values["remote"], values["objects"], values["sent"])
    console.say(api.report_text(values))
    if values["phase"] == "dry":
        console.say("nothing was moved (--dry-run); the objects stay in the cache for the run itself")
    else:
        console.detail(f"the whole report: {shown(api.report_file(migration))}")
    return FINE


# --- afterwards


def _push(call: _Call) -> int:
    objects, where = api.wanted(call.migration), api.destined(call.migration)
    _ask_about_place(call.migration, where)
    sent = api.push(call.migration, where, objects)
    call.phases.close()
    _report_sent(where.name, len(objects), sent)
    return FINE


def _report_sent(name: str, count: int, sent: int) -> None:
    console.say(f"the DVC remote '{name}' has all {count:,} objects ({sent:,} sent now)")


def _verify(call: _Call) -> int:
    asked = call.asked
    _prove(call, asked.sample, asked.seed)
    return FINE


def _prove(call: _Call, sample: int, seed: int | None = None) -> None:
    done = api.verify(call.migration, sample, seed)
    call.phases.close()
    if not done.wrong:
        compared = f"{api.count(done.commits, 'commit')} compared, {done.changed:,} of them new"
        console.say(f"{compared}: every path and every byte is there")
        taken = done.sample
        if taken.commits:
            commits, files = api.count(taken.commits, "commit"), api.count(taken.files, "file")
            whence = f"{taken.pulled:,} by `dvc pull`, the rest from the cache here; seed {taken.seed}"
            console.say(f"in fresh clones of {commits} DVC itself brought {files}, to the byte ({whence})")
        return
    for words in done.wrong[:MAX_WRONG]:
        console.warn(words)
    raise GuardError(
        problem=f"the new history differs from the old one in {len(done.wrong)} places.",
        remedy="trinity-guard migrate undo     # puts everything back",
        exit_code=BLOCKED,
    )


def _undo(call: _Call) -> int:
    for move in api.undo(call.migration):
        console.say(f"{api.short(move.name)} is back at {move.old[:10].decode()}")
    return FINE


def _finish(call: _Call) -> int:
    migration = call.migration
    api.require_migrated(migration)
    if not call.asked.force_unpushed:
        api.require_pushed(migration)
    if not api.verified(migration):
        _prove(call, SAMPLE)
    alive = api.still_alive(migration)
    if alive:
        names = ", ".join(api.short(name) for name in alive[: api.MAX_NAMED])
        console.warn(
            f"these still stand on the old history and keep its files: {names}.",
            "publish the new history first (git push --force …), then finish",
        )
    question = "Let the old history go? `migrate undo` and `migrate verify` end with it."
    if not (call.asked.yes or questions.confirmed(question, "trinity-guard migrate finish --yes")):
        return FINE
    with Progress() as line:
        before, after = api.finish(migration, line.say)
    console.say(f"Git's objects: {size_text(before)} before, {size_text(after)} now")
    if kept := api.kept_packs(migration.place):
        files = " ".join(typed(path) for path in kept[: api.MAX_NAMED])
        console.warn(
            f"{api.count(len(kept), 'pack')} marked to stay (.keep): Git lets none of the old objects in there go.",
            f"rm {files}     # when nobody needs the mark; then: git gc --prune=now",
        )
    return FINE


# --- guide


def _guide(call: _Call) -> int:
    text = api.guide(call.migration, call.asked.tool, call.request())
    call.phases.close()
    console.result(text)
    return FINE
