"""The hook around a push: nothing is published whose bytes nobody can fetch, and no raw artifact.

Most pushes name no object. What sees that stands here; what is done about the others (gate.py) is loaded for them.
"""

from __future__ import annotations

import os
import sys

from trinity_guard import console, git
from trinity_guard.errors import FINE, GuardError
from trinity_guard.push import refs as push_refs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from trinity_guard.config import Config
    from trinity_guard.push.refs import Ref


def pre_push(framework: bool, args: list[str]) -> int:
    """Refuse a push (exit 1), or see to it that all that it names is on the remote. args: Git's own, the remote first.

    The framework hands on one ref at most, and no list: under it, all local refs are taken to be pushed.
    """
    if console.skipped("gate"):
        return FINE
    place = git.hook_place()
    git.as_pushed()
    if framework:
        remote = os.environ.get("PRE_COMMIT_REMOTE_NAME", "")
        return gate(place, push_refs.local_commits(remote), [])
    # Git gives the list on standard input: all of it is read, or Git would get a SIGPIPE.
    refs = push_refs.read_refs(b"" if sys.stdin is None or sys.stdin.isatty() else sys.stdin.buffer.read())
    remote, url = [*args, "", ""][:2]
    return gate(place, push_refs.unpublished(refs, remote, url, place), refs)


def gate(place: git.Place, commits: list[bytes], refs: Sequence[Ref]) -> int:
    """Check these commits, and what refs name beside commits."""
    others = push_refs.other_objects(refs)
    if not commits and not others:
        return FINE
    from trinity_guard.detect import patterns
    from trinity_guard.push import contents

    config, rules = patterns.load_config(place)
    if sys.stderr.isatty():
        from trinity_guard.commands.terminal.progress import Progress

        with Progress() as line:
            found = contents.examine(place, rules, commits, others, line.bar("looking through", 1, "commits"))
    else:
        found = contents.examine(place, rules, commits, others)
    if found.raw or found.records:
        from trinity_guard.commands.hooks.gate import judge

        judge(place, config, found, refs)
    if config.push != "off" and os.path.isdir(place.queue) and os.listdir(place.queue):
        _drain(place, config)
    return FINE


def _drain(place: git.Place, config: Config) -> None:
    """Try once more what waits from earlier; that it still waits is no reason to refuse this push."""
    from trinity_guard.commands.terminal import messages
    from trinity_guard.push import push
    from trinity_guard.push.queue import Queue

    if Queue(place).empty():
        return
    try:
        messages.report_sent(push.push(place, config, [], asked=False).pushed)
    except GuardError as error:
        console.warn(error.problem, error.remedy)  # a damaged file of the queue
