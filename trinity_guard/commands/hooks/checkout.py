"""After a checkout, a merge, a rebase: the working tree's artifacts follow their pointers. Says what came of it."""

from __future__ import annotations

import os
import sys

from trinity_guard import console, git
from trinity_guard.checkout.changes import Stamp, between, chosen_sides, former_ids, touched_since
from trinity_guard.detect import configuration
from trinity_guard.dvcrepo import tracked
from trinity_guard.dvcrepo.paths import is_reference
from trinity_guard.errors import FINE
from trinity_guard.git import repository

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

    from trinity_guard.dvcrepo.compare import Comparison
    from trinity_guard.dvcrepo.output import Output
    from trinity_guard.git.index import Change


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
    if _commands(place, b"git-rebase-todo") and not _stops(place):
        return FINE
    return follow(place, args[0].encode(), args[1].encode())


def post_merge(_framework: bool, __: list[str]) -> int:
    if console.skipped("sync"):
        return FINE
    return follow(git.hook_place(), b"ORIG_HEAD", b"HEAD")


def post_rewrite(framework: bool, args: list[str]) -> int:
    """Follow once, when a rebase is done; an amended commit has changed no file."""
    command = [os.environ.get("PRE_COMMIT_REWRITE_COMMAND")] if framework else args[:1]
    if command != ["rebase"] or console.skipped("sync"):
        return FINE
    return follow(git.hook_place(), b"ORIG_HEAD", b"HEAD", named=True)


def after_commit(place: git.Place, committed: Sequence[Change] | None, catalog: tracked.Catalog | None) -> None:
    """Follow what a commit moved that was made without a checkout: a revert, a cherry-pick, a merge with conflicts.

    committed: what HEAD changes against its only parent, None where it may have several. catalog: the index's, where it
    was read.
    """
    from trinity_guard.dvcrepo import compare
    from trinity_guard.git import caller, revisions

    if (repository.rebasing(place) and not _stops(place)) or console.skipped("sync"):
        return
    before = revisions.commit(b"HEAD^1") if committed is None else None
    if committed is not None:
        changes = former_ids(committed)
    elif before is not None:
        changes = between(before, b"HEAD")
    else:
        return
    catalog, stamp = catalog or tracked.load(place), Stamp(place)
    touched = touched_since(place, pointers(catalog), stamp.time())
    # What the hook before a plain commit has named is not said again, and what `git rm` left stays.
    plain = (caller.last_action(place) or caller.verb_above()) in (b"commit", b"commit (amend)", b"")
    comparison = compare.Comparison(place, tracked.HASH_LIMIT)
    of_these = {*changes, *touched}
    moved = {
        output.source
        for output, state in comparison.states(
            [o for o in catalog.outputs() if o.source in of_these and not (plain and _is_just_recorded(o))]
        )
        if _has_to_follow(comparison, output, state, plain)
    }
    if not plain:
        moved.update(path for path in changes if path not in catalog.entries)
    if comparison.noted:
        tracked.save(place, catalog)
    before = (before or revisions.commit(b"HEAD^1")) if moved else None
    if before is not None:
        followed = {path: ids for path, ids in changes.items() if path in moved}
        _load().after_git(place, configuration.load(place), catalog, stamp, followed, sorted(moved), before)


def _is_just_recorded(output: Output) -> bool:
    """Whether a directory is as its pointer says since the hook before the commit, which looked at all of its files."""
    from trinity_guard.dvcrepo.output import DIR, NEWER

    return output.kind == DIR and output.was_here and output.seen != NEWER


def _has_to_follow(comparison: Comparison, output: Output, state: str, plain: bool) -> bool:
    if state == "missing":
        return not plain or comparison.is_cached(output)
    if state == "replaced":
        return not plain  # the folder or the file of the commit before
    return state == "other version" or (state in ("changed", "unknown") and not (plain or comparison.is_edit(output)))


def after_patch(place: git.Place) -> None:
    """Follow what `git am` is about to commit: no hook of ours runs later."""
    if os.path.exists(os.path.join(place.git_dir, b"rebase-apply", b"applying")) and not console.skipped("sync"):
        follow(place, b"HEAD", b"")


def _commands(place: git.Place, name: bytes) -> list[bytes]:
    """Return the lines of a list of a rebase's: what is to be done, or what was."""
    try:
        with open(os.path.join(place.git_dir, b"rebase-merge", name), "rb") as file:
            return [line for line in file.read().splitlines() if line.strip() and not line.startswith(b"#")]
    except OSError:
        return []


def _stops(place: git.Place) -> bool:
    """Whether a rebase stops after this commit, or runs a command that may look at the artifacts."""
    done, to_do = _commands(place, b"done"), _commands(place, b"git-rebase-todo")
    stopping = done and done[-1].split()[0] in (b"edit", b"e")
    return bool(stopping or (to_do and to_do[0].split()[0] in (b"exec", b"x", b"break", b"b")))


def follow(place: git.Place, old: bytes, new: bytes, named: bool = False) -> int:
    """Follow what differs between two commits, and what changed in the work tree since the last time.

    new: b"" for the index. named: whether the pointers with markers in them are named already.
    """
    if not os.path.isdir(place.once_raw):
        return _followed(place, old, new, named)
    from trinity_guard.commands.hooks import overwritten

    with overwritten.named(place):
        return _followed(place, old, new, named)


def _followed(place: git.Place, old: bytes, new: bytes, named: bool) -> int:
    config = configuration.load(place)
    if config.sync == "off" or (new and not new.strip(b"0")):
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
    touched += chosen_sides(place, catalog.unmerged, time) if catalog.unmerged else []
    if not changes and not touched:
        if time is None:
            stamp.begin()
            stamp.end()
        return FINE
    _load().after_git(place, config, catalog, stamp, changes, touched, b"" if everything else old, named)
    return FINE


def _load() -> ModuleType:
    # Loaded only now: most checkouts move no pointer.
    module = "trinity_guard.commands.terminal.sync"
    __import__(module)
    return sys.modules[module]


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
