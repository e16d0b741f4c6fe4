"""`trinity-guard block [PATH…]`: says which staged files are artifacts, and refuses them; changes nothing."""

from __future__ import annotations

import os

from trinity_guard import console, git
from trinity_guard.commands.terminal import arguments
from trinity_guard.commands.terminal.arguments import Parser
from trinity_guard.convert import commit
from trinity_guard.detect import inspect, patterns
from trinity_guard.dvcrepo import tracked
from trinity_guard.errors import FINE, typed
from trinity_guard.git import index, repository

DESCRIPTION = """\
Say which staged files are artifacts (or, with PATH, which tracked files below it), and exit 1 if any is.
Nothing is changed.
"""
EXAMPLE = "Example: trinity-guard block"


def configure(p: Parser) -> None:
    p.description, p.epilog = DESCRIPTION, EXAMPLE
    arguments.add_paths(p, "what is tracked there, and not what is staged")


def run(args: list[str]) -> int:
    names = arguments.parse("trinity-guard block", configure, args).paths
    if console.skipped("block"):
        return FINE
    start = os.getcwdb()
    place = git.place()
    git.at_top(place)
    _, rules = patterns.load_config(place)
    if names:
        paths = repository.relative(place, names, start)
        entries = [e for path in paths for e in (index.entries(path) if path else index.entries())]
        entries = [e for e in entries if e.mode in (index.REGULAR, index.EXECUTABLE)]
    else:
        entries = index.staged()
    catalog = tracked.load(place)
    artifacts = inspect.check_staged(place, rules, entries, catalog.holders(e.path for e in entries))
    if artifacts:
        name = typed(artifacts[0].entry.path)
        commit.block(place, catalog, artifacts, f"trinity-guard convert {name}     # make it a DVC pointer")
    return FINE
