"""`trinity-guard rm PATH…`: artifacts go, with their pointers and ignore lines, as `git rm` lets files go."""

from __future__ import annotations

import os

from trinity_guard import console
from trinity_guard.commands.hooks import locked
from trinity_guard.commands.terminal import arguments, messages
from trinity_guard.commands.terminal.arguments import Parser
from trinity_guard.convert import remove
from trinity_guard.dvcrepo import tracked
from trinity_guard.errors import FINE, shown

DESCRIPTION = """\
Remove artifacts: the file, its pointer and its line of .gitignore, all of it staged. PATH may be an artifact, its
pointer, or a folder, of which the artifacts go and all else stays; with --deleted, those that are gone already.
The bytes stay in the DVC cache and on the remote: any older commit has them. Refused, as `git rm` does, where
something would be lost that is recorded nowhere.
"""
EXAMPLE = 'Example: trinity-guard rm data/old.csv && git commit -m "Not needed any more"'


def configure(p: Parser) -> None:
    p.description, p.epilog = DESCRIPTION, EXAMPLE
    p.add_argument("--cached", action="store_true", help="keep the file here; only its pointer and its line go")
    p.add_argument(
        "--deleted", action="store_true", help="only artifacts whose file is gone from here; without PATH all of them"
    )
    p.add_argument("-f", "--force", action="store_true", help="also what is recorded nowhere else")
    p.add_argument("-r", action="store_true", help="as of `git rm`: folders are taken without it, too")
    arguments.add_paths(p, "artifacts, their pointers, or folders whose artifacts are meant")


def run(args: list[str]) -> int:
    asked = arguments.parse("trinity-guard rm", configure, args)
    if not (asked.paths or asked.deleted):
        raise asked.parser.wrong("rm needs PATH, or --deleted.")
    with locked.opened(asked.paths) as (place, catalog, paths):
        outputs = remove.chosen(place, catalog, paths) if paths else catalog.held
        outputs = remove.deleted(place, outputs) if asked.deleted else outputs
        remove.remove(place, catalog, outputs, asked.cached, asked.force)
        tracked.load(place)  # forgets them: the commit has nothing to say of them
    for output in outputs[: messages.MAX_NAMED]:
        stays = os.path.lexists(place.file(output.path))
        words = "stays here; its pointer and line are gone" if stays else "is gone, with its pointer and line"
        console.note(f"{shown(output.path)} {words}; the next commit records it.")
    if len(outputs) > messages.MAX_NAMED:
        console.note(f"and {len(outputs) - messages.MAX_NAMED} more.")
    if not outputs:
        console.note("no artifact is gone that was here.")
    return FINE
