"""`trinity-guard gate`: what the pre-push hook does; by hand, for all that no remote has yet."""

from __future__ import annotations

import os
import sys

from trinity_guard import console, git
from trinity_guard.commands.hooks import push
from trinity_guard.commands.terminal import arguments
from trinity_guard.commands.terminal.arguments import Parser
from trinity_guard.errors import FINE
from trinity_guard.push import refs as push_refs

DESCRIPTION = """\
Refuse a push whose bytes others could not fetch: everything that the pushed commits name must be on the DVC
remote (what is lacking is uploaded), and no raw artifact among them. Reads Git's list of refs on standard input,
as Git gives it to a pre-push hook; on a terminal it checks all local branches and tags against REMOTE
(default: every remote). Exits 1 when a push would be refused.
"""
EXAMPLE = "Example: trinity-guard gate origin"


def configure(p: Parser) -> None:
    p.description, p.epilog = DESCRIPTION, EXAMPLE
    arguments.add_word(p, "remote", "REMOTE", "a Git remote", nargs="?", default="")
    # Git's pre-push hook is given the remote's address too.
    arguments.add_word(p, "address", "URL", arguments.HIDDEN, nargs="?", default="")


def run(args: list[str]) -> int:
    remote = arguments.parse("trinity-guard gate", configure, args).remote
    if console.skipped("gate"):
        return FINE
    place = git.place()
    git.at_top(place)
    git.as_pushed()
    if sys.stdin is None or sys.stdin.isatty() or os.path.realpath("/dev/stdin") == os.devnull:
        return push.gate(place, push_refs.local_commits(remote), [])
    refs = push_refs.read_refs(sys.stdin.buffer.read())
    return push.gate(place, push_refs.unpublished(refs, remote), refs)
