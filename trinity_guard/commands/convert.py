"""`trinity-guard convert [PATH…]`: staged artifacts, or the given tracked files, become DVC pointers."""

from __future__ import annotations

import os

from trinity_guard import console, git
from trinity_guard.commands.terminal import arguments, messages, progress
from trinity_guard.commands.terminal.arguments import Parser
from trinity_guard.convert import commit, convert, recover
from trinity_guard.detect import inspect, patterns
from trinity_guard.dvcrepo import tracked
from trinity_guard.errors import FINE
from trinity_guard.git import index, locks, repository

DESCRIPTION = """\
Turn artifacts into DVC pointers: bytes into the DVC cache, pointer and .gitignore line into the index.
Without PATH: what is staged. With PATH: these tracked files (of a folder: the artifacts in it), also files
that a pointer holds and that have changed. Nothing is committed.
"""
EXAMPLE = 'Example: trinity-guard convert models/ && git commit -m "models are pointers now"'


def configure(p: Parser) -> None:
    p.description, p.epilog = DESCRIPTION, EXAMPLE
    arguments.add_paths(p, "tracked files, or folders whose artifacts are meant")


def run(args: list[str]) -> int:
    names = arguments.parse("trinity-guard convert", configure, args).paths
    if console.skipped("convert"):
        return FINE
    start = os.getcwdb()
    place = git.place()
    git.at_top(place)
    _, rules = patterns.load_config(place)
    with locks.FileLock(place):
        recover.complete(place, after_commit=False)
        catalog = tracked.load(place)
        if names:
            entries = commit.files_to_convert(place, catalog, rules, repository.relative(place, names, start))
        else:
            entries = [a.entry for a in inspect.check_staged(place, rules, index.staged())]
        with progress.Progress() as line:
            outcome = convert.convert(place, catalog, entries, line.bar("to the DVC cache"))
    messages.report_conversion(outcome)
    if names and not outcome.converted and not outcome.remarks:
        console.note("nothing to convert there: no tracked artifact.")
    return FINE
