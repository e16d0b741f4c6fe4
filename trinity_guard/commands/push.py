"""`trinity-guard push [REV…] [--pending [--drop]]`: uploads exactly the objects that these commits name."""

from __future__ import annotations

import os

from trinity_guard import console, git
from trinity_guard.commands.terminal import arguments, confirm, messages, progress, shells
from trinity_guard.commands.terminal.arguments import Parser
from trinity_guard.detect import patterns
from trinity_guard.dvcrepo import referenced
from trinity_guard.errors import BLOCKED, FINE, shown
from trinity_guard.git import revisions
from trinity_guard.push import push
from trinity_guard.push.queue import Queue

DESCRIPTION = """\
Upload the objects that the pointers of the given commits (default: HEAD) name, and all that waits in the
queue; --pending: only what waits. Exits 1 when something could not go; it stays in the queue, but for --drop:
then it waits no longer (its remote or project is gone for good). The gate still refuses to publish a pointer
to what is nowhere.
"""
EXAMPLE = "Example: trinity-guard push --pending"


def configure(p: Parser) -> None:
    p.description, p.epilog = DESCRIPTION, EXAMPLE
    arguments.add_word(p, "revisions", "REV", "commits (default: HEAD)", shells.REVISION, nargs="*", default=[])
    p.add_argument("--pending", action="store_true", help="only what waits in the queue")
    p.add_argument("--drop", action="store_true", help="with --pending: what cannot go now waits no longer")


def run(args: list[str]) -> int:
    asked = arguments.parse("trinity-guard push", configure, args)
    pending, drop = asked.pending, asked.drop
    if (pending and asked.revisions) or (drop and not pending):
        raise asked.parser.wrong("push takes revisions, or --pending (with --drop, if you like).")
    if console.skipped("push"):
        return FINE
    place = git.place()
    git.at_top(place)
    config, _ = patterns.load_config(place)
    named = [] if pending else referenced.named_at(place, _commits(asked.revisions or ["HEAD"]))
    if not named and Queue(place).empty():
        console.note("nothing is waiting." if pending else "nothing to push: no pointer, and nothing is waiting.")
        return FINE
    confirm.about_places(place, config, [*named, *Queue(place).read()])
    with progress.Progress() as line:
        report = push.push(place, config, named, line.bar("pushing"))
    messages.report_push(report)
    if drop and report.waiting:
        Queue(place).let_go(report.waiting)
        names = list(dict.fromkeys(shown(i.record) for i in report.waiting))
        console.note(f"waits no longer: {', '.join(names[:5])}{' …' if len(names) > 5 else ''}.")
        return FINE
    if pending and report.waiting:
        console.note("what can never go waits no longer after:  trinity-guard push --pending --drop")
    return BLOCKED if report.waiting else FINE


def _commits(names: list[str]) -> list[bytes]:
    return [revisions.require_commit(os.fsencode(name)) for name in names]
