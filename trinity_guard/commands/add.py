"""`trinity-guard add PATH…`: like `git add`, but Git never sees the bytes."""

from __future__ import annotations

from trinity_guard import console
from trinity_guard.commands.hooks import locked
from trinity_guard.commands.terminal import arguments
from trinity_guard.commands.terminal.arguments import Parser
from trinity_guard.convert import commit
from trinity_guard.errors import BLOCKED, FINE

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
    if not (asked.paths or asked.update):
        raise asked.parser.wrong("add needs PATH.")
    outcome, left, unable = locked.convert(asked.paths, locked.none if asked.update else commit.files_to_add)
    if not (outcome.converted or left or asked.update):
        console.note("nothing to add there: no artifact among these files.")
    return BLOCKED if unable else FINE
