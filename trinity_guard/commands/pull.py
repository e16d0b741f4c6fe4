"""`trinity-guard pull [PATH…]`: the artifacts of the working tree, fetched where the cache lacks them."""

from __future__ import annotations

import os

from trinity_guard import console, git
from trinity_guard.checkout.plan import Follower
from trinity_guard.checkout.select import Selection
from trinity_guard.commands.hooks import checkout
from trinity_guard.commands.terminal import arguments, confirm, sync
from trinity_guard.commands.terminal.arguments import Parser
from trinity_guard.detect import conflicts, patterns
from trinity_guard.dvcrepo import tracked
from trinity_guard.errors import BLOCKED, FINE
from trinity_guard.git import repository
from trinity_guard.git.locks import FileLock

DESCRIPTION = """\
Bring the artifacts of the working tree to the versions that their pointers name, and fetch from the DVC remote
what the cache lacks. Without PATH: all of them; PATH may be an artifact, its pointer, or a folder. What was changed
here and is recorded nowhere is never overwritten. Exits 1 when something did not come.
"""
EXAMPLE = "Example: trinity-guard pull models/"


def configure(p: Parser) -> None:
    p.description, p.epilog = DESCRIPTION, EXAMPLE
    arguments.add_paths(p, "artifacts, their pointers, or folders")


def run(args: list[str]) -> int:
    names = arguments.parse("trinity-guard pull", configure, args).paths
    start = os.getcwdb()
    place = git.place()
    git.at_top(place)
    config, _ = patterns.load_config(place)
    selection = Selection(repository.relative(place, names, start))
    with FileLock(place):
        catalog = tracked.load(place)
        follower = Follower(place, catalog)
        goals = selection.goals(follower.said_here(checkout.pointers(catalog)), "here")
        confirm.about_remotes(place, sorted({(g.project, g.remote or config.remote or "") for g in goals}))
        plan = sync.carried_out(follower, goals, {}, config, fetch=True, only=selection.file)
    plan.errors = [e for e in plan.errors if not conflicts.is_marked(e)]
    sync.report(plan, fetched=True)
    unresolved = conflicts.found(place, catalog)
    for conflict in unresolved:
        console.warn(*conflicts.said(conflict))
    if plan.complete() and not (plan.put or unresolved):
        console.note("everything is here already." if plan.right else "nothing to pull: no pointer.")
    return FINE if plan.complete() and not unresolved else BLOCKED
