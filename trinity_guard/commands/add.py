"""`trinity-guard add PATH…`: like `git add`, but Git never sees the bytes."""

from __future__ import annotations

import os

from trinity_guard import console, git
from trinity_guard.commands.terminal import arguments, messages, progress
from trinity_guard.commands.terminal.arguments import Parser
from trinity_guard.convert import commit, convert, recover
from trinity_guard.detect import patterns
from trinity_guard.dvcrepo import tracked
from trinity_guard.errors import FINE
from trinity_guard.git import locks, repository

DESCRIPTION = """\
Put files straight from the working tree into the DVC cache, and stage their pointers and .gitignore lines.
Git never compresses and keeps a copy of the bytes, as its own `git add` does. A file is added whatever its
name; of a folder, the artifacts in it (see `patterns` in the configuration).
"""
EXAMPLE = 'Example: trinity-guard add models/big.pt && git commit -m "a bigger model"'


def configure(p: Parser) -> None:
    p.description, p.epilog = DESCRIPTION, EXAMPLE
    arguments.add_paths(p, "files, or folders whose artifacts are meant", needed=True)


def run(args: list[str]) -> int:
    names = arguments.parse("trinity-guard add", configure, args).paths
    start = os.getcwdb()
    place = git.place()
    git.at_top(place)
    _, rules = patterns.load_config(place)
    with locks.FileLock(place):
        recover.complete(place, after_commit=False)
        catalog = tracked.load(place)
        entries = commit.files_to_add(place, catalog, rules, repository.relative(place, names, start))
        with progress.Progress() as line:
            outcome = convert.convert(place, catalog, entries, line.bar("to the DVC cache"))
    messages.report_conversion(outcome)
    if not outcome.converted:
        console.note("nothing to add there: no artifact among these files.")
    return FINE
