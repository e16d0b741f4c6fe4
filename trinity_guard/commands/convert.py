"""`trinity-guard convert [PATH…]`: staged artifacts, or the given tracked files, become DVC pointers."""

from __future__ import annotations

import os

from trinity_guard import console, git
from trinity_guard.commands.hooks import behind
from trinity_guard.commands.terminal import arguments, messages, pickles, progress
from trinity_guard.commands.terminal.arguments import Parser
from trinity_guard.convert import commit, recover
from trinity_guard.detect import inspect, patterns
from trinity_guard.dvcrepo import tracked
from trinity_guard.errors import BLOCKED, FINE
from trinity_guard.git import index, locks, repository

DESCRIPTION = """\
Turn artifacts into DVC pointers: bytes into the DVC cache, pointer and .gitignore line into the index.
Without PATH: what is staged, and all that changed behind its pointer. With PATH: these tracked files (of a folder:
the artifacts in it), and files that a pointer holds and that have changed. What a checkout or a reset left there is no
change; it is named. Nothing is committed.
"""
EXAMPLE = 'Example: trinity-guard convert models/ && git commit -m "models are pointers now"'


def configure(p: Parser) -> None:
    p.description, p.epilog = DESCRIPTION, EXAMPLE
    p.add_argument("-u", "--update", action="store_true", help="only what changed behind its pointer")
    arguments.add_paths(p, "tracked files, or folders whose artifacts are meant")


def run(args: list[str]) -> int:
    asked = arguments.parse("trinity-guard convert", configure, args)
    names = asked.paths
    if console.skipped("convert"):
        return FINE
    start = os.getcwdb()
    place = git.place()
    git.at_top(place)
    config, rules = patterns.load_config(place)
    with locks.FileLock(place):
        recover.complete(place, after_commit=False)
        catalog = tracked.load(place)
        paths = repository.relative(place, names, start)
        unable = behind.unable(place, catalog, paths)
        paths = [p for p in paths if p not in {output.path for output, _ in unable}]
        if asked.update:
            entries = []
        elif names:
            entries = commit.files_to_convert(place, catalog, rules, paths)
        else:
            staged = index.staged()
            holders = catalog.holders(e.path for e in staged)
            entries = [a.entry for a in inspect.check_staged(place, rules, staged, holders)]
        given = {e.path for e in entries}
        folders = [p for p in paths if p not in given] if names else [b""]
        decision = behind.below(place, catalog, folders)
        decision.named += unable
        with progress.Progress() as line:
            bar = line.bar("to the DVC cache")
            outcome = commit.convert_with_changed(place, catalog, entries, decision.recorded, bar, rules)
        index.refresh()
    messages.report_conversion(outcome)
    pickles.converted(place, config, outcome.converted)
    left = behind.report(place, config, decision, outcome, given)
    if names and not (outcome.converted or outcome.remarks or left):
        console.note("nothing to convert there: no tracked artifact.")
    return BLOCKED if unable else FINE
