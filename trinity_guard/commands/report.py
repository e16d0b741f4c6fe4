"""`trinity-guard report`: one page for the repository's owner."""

from __future__ import annotations

import os

from trinity_guard import console, git
from trinity_guard.commands.terminal import arguments, output, progress, shells
from trinity_guard.commands.terminal.arguments import Parser
from trinity_guard.errors import FINE, UNUSABLE, GuardError, shown
from trinity_guard.report import facts, page

DESCRIPTION = """\
One page of HTML for the repository's owner: what Git holds and what DVC holds, the largest artifacts and who keeps
growing, what changed last inside them, the size over time with and without a migration, what waits for the remote, what
is missing there, and what lint finds in HEAD. It needs no network and no file beside it.
"""
EXAMPLE = "Example: trinity-guard report --output /tmp/report.html"
NAME = "trinity-guard-report.html"


def configure(p: Parser) -> None:
    p.description, p.epilog = DESCRIPTION, EXAMPLE
    where = f"where to write it (else {NAME}; - for standard output)"
    arguments.add_value(p, "--output", "FILE", where, shells.FILE, default=NAME)
    p.add_argument("--offline", action="store_true", help="do not ask the remote what it has; the page says so")


def run(args: list[str]) -> int:
    asked = arguments.parse("trinity-guard report", configure, args)
    start = os.getcwdb()
    place = git.place()
    if place.bare:
        raise GuardError(
            "a bare repository has no report.", "git clone it, and run trinity-guard report there", UNUSABLE
        )
    git.at_top(place)
    git.as_pushed()
    with progress.Progress() as line:
        reading = line.bar("reading commits", 1, "commits")
        asking = line.bar("asking the remotes", 1, "objects")
        looking = line.bar("looking into what changed", 1, "artifacts")
        found = facts.gather(place, asked.offline, reading, asking, looking)
    text = page.build(found)
    if asked.output == "-":
        console.result(text.rstrip("\n"))
        return FINE
    path = os.path.join(start, os.fsencode(asked.output))
    output.write_output(path, text.encode())
    console.say(f"the report is {shown(path)}")
    return FINE
