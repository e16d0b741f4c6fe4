"""After a checkout, a merge, a rebase: the working tree's artifacts follow their pointers. Says what came of it."""

from __future__ import annotations

import os
import sys

from trinity_guard import console, git
from trinity_guard.checkout.changes import Stamp, between, touched_since
from trinity_guard.detect import configuration
from trinity_guard.dvcrepo import tracked
from trinity_guard.dvcrepo.paths import is_reference
from trinity_guard.errors import FINE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType


def post_checkout(framework: bool, args: list[str]) -> int:
    """Git's arguments are PREV NEW FLAG; a new branch without commits, a clone and a new work tree have PREV all zeros.

    A rebase checks out what it picks upon first, and post-rewrite follows once when all is picked; without
    anything to pick (a fast-forward) no other hook will run.
    """
    if framework:
        args = [os.environ.get(name, "") for name in ("PRE_COMMIT_FROM_REF", "PRE_COMMIT_TO_REF")]
    # The framework puts unstaged edits away and back around its hooks, in the middle of a commit.
    if len(args) < 2 or "_PRE_COMMIT_SKIP_POST_CHECKOUT" in os.environ or console.skipped("sync"):
        return FINE
    place = git.hook_place()
    return FINE if _picks_to_come(place) else _follow(place, args[0].encode(), args[1].encode())


def post_merge(_framework: bool, __: list[str]) -> int:
    if console.skipped("sync"):
        return FINE
    return _follow(git.hook_place(), b"ORIG_HEAD", b"HEAD")


def post_rewrite(framework: bool, args: list[str]) -> int:
    """Follow once, when a rebase is done; an amended commit has changed no file."""
    command = [os.environ.get("PRE_COMMIT_REWRITE_COMMAND")] if framework else args[:1]
    if command != ["rebase"] or console.skipped("sync"):
        return FINE
    return _follow(git.hook_place(), b"ORIG_HEAD", b"HEAD")


def _picks_to_come(place: git.Place) -> bool:
    try:
        with open(os.path.join(place.git_dir, b"rebase-merge", b"git-rebase-todo"), "rb") as file:
            lines = file.read().splitlines()
    except OSError:
        return False
    return any(line.strip() and not line.startswith(b"#") for line in lines)


def _follow(place: git.Place, old: bytes, new: bytes) -> int:
    """Follow what differs between two commits, and what changed in the work tree since the last time."""
    config = configuration.load(place)
    if config.sync == "off" or not new.strip(b"0"):
        return FINE
    stamp = Stamp(place)
    time, unfinished = stamp.time(), stamp.unfinished()
    listing = tracked.begin()
    everything = not old.strip(b"0")
    changes = {} if everything or old == new else between(old, new)
    for commit in unfinished:
        changes = with_unfinished(changes, commit, new)
    catalog = tracked.load(place, listing)
    touched = pointers(catalog) if everything else touched_since(place, pointers(catalog), time)
    if not changes and not touched:
        if time is None:
            stamp.begin()
            stamp.end()
        return FINE
    # Loaded only now: most checkouts move no pointer.
    module = "trinity_guard.commands.terminal.sync"
    __import__(module)
    followed: ModuleType = sys.modules[module]
    followed.after_git(place, config, catalog, stamp, changes, touched, b"" if everything else old)
    return FINE


def pointers(catalog: tracked.Catalog) -> list[bytes]:
    """Return the paths of all pointers and locks of the index."""
    return [path for path in catalog.entries if is_reference(path)]


def with_unfinished(changes: dict[bytes, list[bytes]], commit: bytes, new: bytes) -> dict[bytes, list[bytes]]:
    """Add what an interrupted sync had to do; a commit that is gone since says nothing any more."""
    from trinity_guard.git import revisions

    if revisions.commit(commit) is None:
        return changes
    before = between(commit, new)
    return {path: [*changes.get(path, []), *before.get(path, [])] for path in changes.keys() | before.keys()}
