"""The hooks after a commit or a rebase: what slipped past is named, and the objects are pushed."""

from __future__ import annotations

import os
import sys

from trinity_guard import console, git
from trinity_guard.detect import inspect, patterns
from trinity_guard.dvcrepo import paths
from trinity_guard.errors import FINE, GuardError, pathspec, shown, typed
from trinity_guard.git import repository, revisions
from trinity_guard.git.index import REGULAR
from trinity_guard.push import queue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from trinity_guard.config import Config
    from trinity_guard.detect.patterns import Rules
    from trinity_guard.dvcrepo.output import Output
    from trinity_guard.dvcrepo.tracked import Catalog
    from trinity_guard.git.index import Change, Entry


def post_commit(_framework: bool, __: list[str]) -> int:
    place = git.hook_place()
    if _is_experiment(place):
        return FINE
    if place.has_journal():
        from trinity_guard.convert import recover

        recover.complete(place, after_commit=True)
    config, rules = patterns.load_config(place)
    rebasing = repository.rebasing(place)
    off = config.push == "off" or rebasing
    changes = revisions.changes_of(b"HEAD")
    commit, entries = changes[0].commit if changes else b"", revisions.files_after(changes)
    if inspect.inspect(place, rules, entries).artifacts:
        _name_raw(place, rules, entries, blocking=config.on_artifact == "block")
    linked = place.git_dir != place.common_dir  # its objects are kept beyond its life
    records = [(commit, e) for e in entries] if any(paths.is_dvc_path(e.path) for e in entries) else []
    catalog = _catalog(place) if records else None
    named = _named(place, records, catalog, quiet=rebasing) if catalog and (linked or not rebasing) else []
    if config.sync != "off":
        _follow(place, changes, catalog)
    gone = {change.path + paths.POINTER for change in changes if change.status == b"D"}
    turned = [c.path for c in changes if c.path in gone and c.modes[-1] == REGULAR]
    if turned or os.path.isdir(place.once_raw):
        from trinity_guard.checkout import overwritten

        overwritten.OnceRaw(place).note(path.removesuffix(paths.POINTER) for path in turned)
    if off:
        return FINE
    if not named and queue.due(place) and not console.skipped("push"):
        from trinity_guard.push import background

        # What waits from earlier goes without this commit waiting for it.
        background.push_in_background(place, [])
        return FINE
    return _publish(place, config, named)


def _is_experiment(place: git.Place) -> bool:
    """Whether DVC has just committed an experiment, of which nothing is published before `dvc exp push`.

    It does so without Git, which tells a hook of its own which index there is.
    """
    if "GIT_INDEX_FILE" in os.environ:
        return False
    return os.path.exists(os.path.join(place.common_dir, b"refs", b"exps", b"exec", b"EXEC_BASELINE"))


def _catalog(place: git.Place) -> Catalog:
    from trinity_guard.dvcrepo import tracked

    return tracked.load(place)


def _follow(place: git.Place, changes: Sequence[Change], catalog: Catalog | None) -> None:
    """Have the artifacts follow what a revert, a cherry-pick or a merge with conflicts moved: no other hook does."""
    # A merge's own changes say nothing of what it brings; neither does an empty commit, which may be a merge.
    merge = not changes or len(changes[0].modes) > 2
    if not merge and not any(paths.is_reference(change.path) for change in changes):
        return
    from trinity_guard.commands.hooks import checkout

    try:
        checkout.after_commit(place, None if merge else changes, catalog)
    except GuardError as error:
        console.fail(error)  # the push is not to wait for that


def _name_raw(place: git.Place, rules: Rules, entries: Sequence[Entry], blocking: bool) -> None:
    from trinity_guard.convert.commit import raw_in

    raw = raw_in(place, rules, entries)
    if raw:
        names = ", ".join(f"{shown(a.entry.path)} ({patterns.size_text(a.size)})" for a in raw[:5])
        stores = sorted({store for a in raw if (store := paths.store_of(a.entry.path))})
        out = "".join(f"git rm -r -q --cached -- {pathspec(store)} && " for store in stores)
        words = "takes them out" if stores else "turns them into pointers"
        way, why = _before_amending([a.entry.path for a in raw], blocking)
        console.warn(
            f"this commit holds raw artifacts: {names}" + (" …" if len(raw) > 5 else ".") + why,
            f"{out}{way}git commit --amend --no-edit     # {words}, before anybody has pulled them",
        )


def _before_amending(raw: Sequence[bytes], blocking: bool) -> tuple[str, str]:
    """Return what has to be done before an amended commit could convert these, and why."""
    from trinity_guard.git import hooks

    if not hooks.leads_to_us("pre-commit"):
        return (
            "trinity-guard init && ",
            "\nThe hook pre-commit is not ours, or gone: another program has taken its place.",
        )
    if blocking:  # the hook would refuse them once more
        return f"trinity-guard convert {' '.join(typed(path) for path in raw)} && ", ""
    return "", ""


def _named(place: git.Place, files: list[tuple[bytes, Entry]], catalog: Catalog, quiet: bool) -> list[Output]:
    """Return the objects that these files of a commit name; a linked work tree's are kept beyond its life.

    What nobody can read is named, where the commit is not one of a rebase, which may mend it still.
    """
    from trinity_guard.dvcrepo import referenced
    from trinity_guard.push import worktree_cache

    broken: dict[tuple[bytes, bytes], GuardError] = {}
    named = referenced.named_in(place, files, broken, catalog.held)
    if broken and not quiet:
        from trinity_guard.commands.hooks import unreadable

        unreadable.name(place, catalog)
    # Whatever becomes of the push, `git worktree remove` must not take the only bytes along.
    worktree_cache.keep(place, named)
    return referenced.once(named)


def post_rewrite(framework: bool, args: list[str]) -> int:
    """Push once after a rebase what its commits name; an amended commit had its post-commit already."""
    command = [os.environ.get("PRE_COMMIT_REWRITE_COMMAND")] if framework else args[:1]
    if command != ["rebase"]:
        return FINE
    place = git.hook_place()
    config, _ = patterns.load_config(place)
    commits = _rebased(place) if framework else _rewritten(_input())
    if not commits:
        return FINE
    from trinity_guard.dvcrepo import referenced

    broken: dict[tuple[bytes, bytes], GuardError] = {}
    named = referenced.named_by(place, commits, broken)
    if broken:  # `rebase --continue` runs no hook before its commit
        from trinity_guard.commands.hooks import unreadable

        unreadable.name_rebased(place, broken)
    return FINE if config.push == "off" else _publish(place, config, named)


def _input() -> bytes:
    return b"" if sys.stdin is None or sys.stdin.isatty() else sys.stdin.buffer.read()


def _rewritten(lines: bytes) -> list[bytes]:
    """Return the new ids in Git's list of `OLD NEW` lines."""
    return list(dict.fromkeys(line.split()[1] for line in lines.splitlines() if len(line.split()) > 1))


def _rebased(place: git.Place) -> list[bytes]:
    """Return a rebase's new commits: the framework passes Git's list of them to nobody, but Git still has it."""
    for name in (b"rebase-merge/rewritten-list", b"rebase-apply/rewritten"):
        try:
            with open(os.path.join(place.git_dir, name), "rb") as file:
                return _rewritten(file.read())
        except OSError:
            continue  # the other way of rebasing, or a Git that keeps it elsewhere
    return git.run("rev-list", "HEAD", "--not", "--remotes").split()


def _publish(place: git.Place, config: Config, named: list[Output]) -> int:
    if not named or console.skipped("push"):
        return FINE
    from trinity_guard.commands.terminal import confirm, messages

    if config.push == "background":
        from trinity_guard.push import background

        background.push_in_background(place, named)
        messages.report_background(len(named))
        return FINE
    from trinity_guard.commands.terminal import progress
    from trinity_guard.push import push

    confirm.about_places(place, config, named)
    with progress.Progress() as line:
        result = push.push(place, config, named, line.bar("pushing"), asked=False)
    messages.report_push(result, "the commit stands; ")
    return FINE
