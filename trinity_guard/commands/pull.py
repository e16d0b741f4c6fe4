"""`trinity-guard pull [PATH…]`: the artifacts of the working tree, fetched where the cache lacks them."""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.checkout.select import PathSelection
from trinity_guard.commands.terminal import arguments, pull
from trinity_guard.commands.terminal.arguments import Parser
from trinity_guard.git import repository

DESCRIPTION = """\
Bring the artifacts of the working tree to the versions that their pointers name, and fetch from the DVC remote
what the cache lacks. Without PATH: all of them; PATH may be an artifact, its pointer, or a folder. What was changed
here and is recorded nowhere is never overwritten. Exits 1 when something did not come.
"""
EXAMPLE = "Example: trinity-guard pull models/"


def configure(p: Parser) -> None:
    p.description, p.epilog = DESCRIPTION, EXAMPLE
    arguments.add_paths(p, "artifacts, their pointers, or folders")


def run(args: list[str]) -> int:
    names = arguments.parse("trinity-guard pull", configure, args).paths
    start = os.getcwdb()
    place = git.place()
    git.at_top(place)
    return pull.pull(place, PathSelection(repository.relative(place, names, start)))
