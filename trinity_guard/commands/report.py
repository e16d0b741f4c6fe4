"""`trinity-guard report`: one page for the repository's owner."""

from __future__ import annotations

import os

from trinity_guard import console, git
from trinity_guard.commands.terminal import arguments
from trinity_guard.errors import FINE, UNUSABLE, GuardError, shown
from trinity_guard.report import facts, page

HELP = """usage: trinity-guard report [--output FILE] [--offline]

One page of HTML for the repository's owner: what Git holds and what DVC holds, the largest artifacts and who keeps
growing, the size over time with and without a migration, what waits for the remote, what is missing there, and what
lint finds in HEAD. It needs no network and no file beside it.
--output: where to write it (else trinity-guard-report.html; - for standard output)
--offline: do not ask the remote what it has; the page says so

Example: trinity-guard report --output /tmp/report.html
"""
NAME = "trinity-guard-report.html"


def run(args: list[str]) -> int:
    if any(a in ("-h", "--help") for a in args):
        console.result(HELP.rstrip())
        return FINE
    output, offline = _asked(args)
    start = os.getcwdb()
    place = git.place()
    if place.bare:
        raise GuardError(
            "a bare repository has no report.", "git clone it, and run trinity-guard report there", UNUSABLE
        )
    git.at_top(place)
    git.as_pushed()
    bar, asking = (
        console.Progress("reading commits", 1, "commits"),
        console.Progress("asking the remotes", 1, "objects"),
    )
    try:
        found = facts.gather(place, offline, bar, asking)
    finally:
        asking.close()
        bar.close()
    text = page.build(found)
    if output == "-":
        console.result(text.rstrip("\n"))
        return FINE
    path = os.path.join(start, os.fsencode(output))
    arguments.write_output(path, text.encode())
    console.say(f"the report is {shown(path)}")
    return FINE


def _asked(args: list[str]) -> tuple[str, bool]:
    output, offline = NAME, False
    rest = iter(args)
    for arg in rest:
        name, equals, value = arg.partition("=")
        if arg == "--offline":
            offline = True
        elif name == "--output":
            output = value if equals else next(rest, "")
            if not output:
                raise GuardError("--output needs a file.", "trinity-guard report --help", UNUSABLE)
        else:
            raise GuardError(f"report knows nothing of {arg}.", "trinity-guard report --help", UNUSABLE)
    return output, offline
