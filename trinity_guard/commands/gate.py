"""`trinity-guard gate`: what the pre-push hook does; by hand, for all that no remote has yet."""

from __future__ import annotations

import os
import sys

from trinity_guard import console, git
from trinity_guard.commands.hooks import push
from trinity_guard.errors import FINE, UNUSABLE, GuardError
from trinity_guard.push import refs as push_refs

HELP = """usage: trinity-guard gate [REMOTE]

Refuse a push whose bytes others could not fetch: everything that the pushed commits name must be on the DVC
remote (what is lacking is uploaded), and no raw artifact among them. Reads Git's list of refs on standard input,
as Git gives it to a pre-push hook; on a terminal it checks all local branches and tags against REMOTE
(default: every remote). Exits 1 when a push would be refused.

Example: trinity-guard gate origin
"""


def run(args: list[str]) -> int:
    if any(a in ("-h", "--help") for a in args):
        console.result(HELP.rstrip())
        return FINE
    names = [a for a in args if a != "--"]
    if any(a.startswith("-") for a in names) or len(names) > 2:
        raise GuardError("gate takes the name of a Git remote.", "trinity-guard gate --help", exit_code=UNUSABLE)
    if console.skipped("gate"):
        return FINE
    place = git.place()
    git.at_top(place)
    git.as_pushed()
    remote = names[0] if names else ""
    if sys.stdin is None or sys.stdin.isatty() or os.path.realpath("/dev/stdin") == os.devnull:
        return push.gate(place, push_refs.local_commits(remote), [])
    refs = push_refs.read_refs(sys.stdin.buffer.read())
    return push.gate(place, push_refs.unpublished(refs, remote), refs)
