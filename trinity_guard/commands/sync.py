"""`trinity-guard sync`: the working tree's artifacts follow the pointers, from the cache."""

from __future__ import annotations

from trinity_guard import console, git
from trinity_guard.checkout.changes import Stamp
from trinity_guard.checkout.plan import Follower
from trinity_guard.commands.hooks import checkout
from trinity_guard.commands.terminal import arguments, sync
from trinity_guard.commands.terminal.arguments import Parser
from trinity_guard.detect import patterns
from trinity_guard.dvcrepo import tracked
from trinity_guard.errors import FINE
from trinity_guard.git.locks import FileLock

DESCRIPTION = """\
Bring every artifact of the working tree to the version that its pointer names, from the DVC cache: what is
missing is put there, another recorded version is replaced. What was changed here and is recorded nowhere is never
overwritten, it is named. The hooks do the same after each checkout, merge and rebase for what these changed.
"""
EXAMPLE = "Example: trinity-guard sync     # after git stash or git reset --hard, which run no hook"


def configure(p: Parser) -> None:
    p.description, p.epilog = DESCRIPTION, EXAMPLE
    arguments.add_word(p, "paths", "PATH", arguments.HIDDEN, nargs="*", default=[])


def run(args: list[str]) -> int:
    asked = arguments.parse("trinity-guard sync", configure, args)
    if asked.paths:
        raise asked.parser.wrong("sync takes no arguments.", "trinity-guard pull PATH     # of some paths")
    if console.skipped("sync"):
        return FINE
    place = git.place()
    git.at_top(place)
    config, _ = patterns.load_config(place)
    stamp = Stamp(place)
    unfinished = stamp.unfinished()
    with FileLock(place):
        catalog = tracked.load(place)
        changes: dict[bytes, list[bytes]] = {}
        for commit in unfinished:
            changes = checkout.with_unfinished(changes, commit, b"HEAD")
        stamp.begin(unfinished)
        follower = Follower(place, catalog)
        goals = follower.said_here(sorted({*changes, *checkout.pointers(catalog)}))
        plan = sync.carried_out(follower, goals, changes, config, fetch=False)
        if plan.finished:
            stamp.end()
    sync.report(plan, fetched=False)
    return FINE
