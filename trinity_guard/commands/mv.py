"""`trinity-guard mv SRC DST`: an artifact gets another name or place, as `git mv` gives it to a file."""

from __future__ import annotations

from trinity_guard import console
from trinity_guard.commands.hooks import locked
from trinity_guard.commands.terminal import arguments, messages, shells
from trinity_guard.commands.terminal.arguments import Parser
from trinity_guard.convert import rename
from trinity_guard.errors import FINE, shown

DESCRIPTION = """\
Rename or move an artifact: the file, its pointer (and the name in it), its line of .gitignore, all of it staged. SRC
may be the artifact, its pointer, or a folder, which moves with all that is in it; DST a new name, or a folder that
exists. A file that is not here is renamed by its pointer alone. What exists is written over with -f, and then only
where it is an artifact whose bytes are in the DVC cache.
"""
EXAMPLE = "Example: trinity-guard mv models/risk.pkl models/risk_2024.pkl"


def configure(p: Parser) -> None:
    p.description, p.epilog = DESCRIPTION, EXAMPLE
    p.add_argument("-f", "--force", action="store_true", help="take the place of an artifact that is there")
    arguments.add_word(p, "source", "SRC", "an artifact, its pointer, or a folder", shells.FILE, type=arguments.path)
    arguments.add_word(p, "target", "DST", "its new name, or a folder for it", shells.FILE, type=arguments.path)


def run(args: list[str]) -> int:
    asked = arguments.parse("trinity-guard mv", configure, args)
    with locked.opened([asked.source, asked.target]) as (place, catalog, [source, target]):
        outcome = rename.rename(place, catalog, source, target, asked.force)
    messages.report_moves(outcome.moved)
    if not outcome.moved:
        console.note(f"{shown(source)} -> {shown(target)}, by its pointer.")
    return FINE
