"""`trinity-guard add PATH…`: like `git add`, but Git never sees the bytes."""

from __future__ import annotations

import os

from trinity_guard import console, git
from trinity_guard.commands.hooks import behind
from trinity_guard.commands.terminal import arguments, messages, pickles, progress
from trinity_guard.commands.terminal.arguments import Parser
from trinity_guard.convert import commit, recover
from trinity_guard.detect import patterns
from trinity_guard.dvcrepo import tracked
from trinity_guard.errors import BLOCKED, FINE
from trinity_guard.git import index, locks, repository

DESCRIPTION = """\
Put files straight from the working tree into the DVC cache, and stage their pointers and .gitignore lines.
Git never compresses and keeps a copy of the bytes, as its own `git add` does. A file is added whatever its
name; of a folder, the artifacts in it (see `patterns` in the configuration), and all that changed there behind its
pointer.
"""
EXAMPLE = 'Example: trinity-guard add models/big.pt && git commit -m "a bigger model"'


def configure(p: Parser) -> None:
    p.description, p.epilog = DESCRIPTION, EXAMPLE
    p.add_argument("-u", "--update", action="store_true", help="only what changed behind its pointer, as git add -u")
    arguments.add_paths(p, "files, or folders whose artifacts are meant")


def run(args: list[str]) -> int:
    asked = arguments.parse("trinity-guard add", configure, args)
    names = asked.paths
    if not (names or asked.update):
        raise asked.parser.wrong("add needs PATH.")
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
        entries = [] if asked.update else commit.files_to_add(place, catalog, rules, paths)
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
    if not (outcome.converted or left or asked.update):
        console.note("nothing to add there: no artifact among these files.")
    return BLOCKED if unable else FINE
