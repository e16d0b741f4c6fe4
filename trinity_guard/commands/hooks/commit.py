"""The hooks before a commit: artifacts become pointers, or are refused where nothing else is possible.

Most commits bring no artifact. What decides that stands here and is loaded by every commit; what is done about an
artifact (artifacts.py) is loaded when there is one.
"""

from __future__ import annotations

import os

from trinity_guard import console, git
from trinity_guard.convert.journal import Journal
from trinity_guard.dvcrepo import paths, tracked
from trinity_guard.errors import FINE, GuardError
from trinity_guard.git import files, index, nextcommit
from trinity_guard.push.queue import Queue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trinity_guard.detect.patterns import Rules

# Of the parent and the tree in it, the hook after the commit has nothing to do; hooks/post-commit reads it.
WORD = b"nothing-to-do"

MERGE_REMEDY = """git commit     # completes this merge, and turns them into pointers
git merge --abort     # or goes back to before it"""
APPLY_REMEDY = "git am --abort     # then ask for the patch with pointers, or: TRINITY_GUARD_SKIP=block git am …"


def pre_commit(framework: bool, _: list[str]) -> int:
    if console.skipped("convert", "block"):
        return FINE
    place = git.hook_place()
    _complete(place)
    # Git looks while Python loads the rest.
    listing, staged = tracked.begin(), index.begin_staged()
    from trinity_guard.detect import inspect, patterns

    config, rules = patterns.load_config(place)
    for note in config.notes:
        console.note(note)
    entries = index.finish_staged(staged)
    artifacts = inspect.check_staged(place, rules, entries)
    catalog = tracked.load(place, listing)
    links = [e.path for e in entries if e.mode == index.SYMLINK]
    changed = tracked.changed(place, catalog)
    if artifacts or links or changed:
        from trinity_guard.commands.hooks import artifacts as found

        found.act(place, config, catalog, artifacts, links, changed, framework)
    elif not framework and not any(paths.is_dvc_path(e.path) for e in entries) and Queue(place).empty():
        _leave_word(place)
    return FINE


def _leave_word(place: git.Place) -> None:
    """Tell the hook after the commit that nothing is left to do for this parent and this tree.

    It is in shell for that (hooks/post-commit): a second start of Python would be half the price of a commit.
    """
    known = nextcommit.parent_and_tree(place, index.file_in_use(place))
    file = os.path.join(place.git_dir, b"trinity-guard", WORD)
    if known is None:
        return
    try:
        files.replace(file, b"%s\n%s\n" % known)
    except GuardError:
        return  # without it, the hook after the commit looks for itself


def _complete(place: git.Place) -> None:
    if Journal(place).exists():
        from trinity_guard.convert import recover

        recover.complete(place, after_commit=False)


def pre_merge_commit(_framework: bool, __: list[str]) -> int:
    """Convert cannot work here (the merge has its tree already): refuse, and let `git commit` do it."""
    if console.skipped("convert", "block"):
        return FINE
    return _block_staged(git.hook_place(), MERGE_REMEDY)


def pre_applypatch(_framework: bool, __: list[str]) -> int:
    if console.skipped("block"):
        return FINE
    return _block_staged(git.hook_place(), APPLY_REMEDY)


def _block_staged(place: git.Place, remedy: str) -> int:
    from trinity_guard.detect import inspect, patterns

    rules: Rules = patterns.load_config(place)[1]
    artifacts = inspect.check_staged(place, rules, index.staged())
    if artifacts:
        from trinity_guard.convert import commit

        commit.block(place, tracked.load(place), artifacts, remedy)
    return FINE
