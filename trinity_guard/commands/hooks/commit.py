"""The hooks before a commit: artifacts become pointers, or are refused where nothing else is possible.

Most commits bring no artifact. What decides that stands here and is loaded by every commit; what is done about an
artifact (artifacts.py) is loaded when there is one.
"""

from __future__ import annotations

import os

from trinity_guard import console, git
from trinity_guard.dvcrepo import lastseen, paths, tracked
from trinity_guard.errors import FINE, GuardError
from trinity_guard.git import index

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trinity_guard.config import Config
    from trinity_guard.detect.inspect import Artifact
    from trinity_guard.detect.patterns import Rules

MERGE_REMEDY = """git commit     # completes this merge, and turns them into pointers
git merge --abort     # or goes back to before it"""
APPLY_REMEDY = "git am --abort     # then ask for the patch with pointers, or: TRINITY_GUARD_SKIP=block git am …"


def pre_commit(framework: bool, _: list[str]) -> int:
    if console.skipped("convert", "block"):
        return _without_stand_ins(git.hook_place())
    place = git.hook_place()
    _complete(place)
    # Git looks while Python loads the rest.
    staged = index.begin_staged()
    # An amended commit is compared with what came before HEAD.
    onto_head = staged[1] == "HEAD"
    catalog = lastseen.catalog(place) if onto_head else None
    listing = tracked.begin() if catalog is None else None
    from trinity_guard.detect import patterns

    config, rules = patterns.load_config(place)
    for note in config.notes:
        console.note(note)
    differing: list[bytes] = []
    entries = index.finish_staged(staged, differing)
    records = any(paths.is_dvc_path(path) for path in differing)
    if catalog is None or records:
        catalog = tracked.load(place, listing)
    artifacts = _staged_artifacts(place, rules, catalog, entries)
    links = [e.path for e in entries if e.mode == index.SYMLINK]
    if (artifacts or links) and not catalog.entries:  # of what the last hook saw there are the outputs alone
        catalog = tracked.load(place)
    artifacts = _without_those_of_git(place, rules, catalog, artifacts)
    followed = None
    if records or not onto_head:
        from trinity_guard.commands.hooks import pointers

        followed = pointers.follow(place, catalog, artifacts, framework)
        catalog = followed.catalog if followed else catalog
    try:
        _refuse_pickles(place, config, entries if records else [], artifacts)
        if not _act(place, config, rules, catalog, artifacts, links, differing, framework) and onto_head:
            lastseen.leave(place, index.file_in_use(place), catalog)
    except (GuardError, OSError):
        if followed:
            followed.undo()
        raise
    if followed:
        followed.say()
    _name_left_behind(place, rules, catalog)
    return FINE


def _staged_artifacts(
    place: git.Place, rules: Rules, catalog: tracked.Catalog, entries: list[index.Entry]
) -> list[Artifact]:
    """Return what is staged and belongs to DVC, as far as its name and its bytes say."""
    from trinity_guard.detect import inspect

    if entries and any(o.is_dir and not os.path.lexists(place.file(o.path)) for o in catalog.outputs()):
        from trinity_guard.commands.hooks import pointers

        pointers.take_moved_folders(place, rules, catalog, entries)
    return inspect.check_staged(place, rules, entries, catalog.holders(e.path for e in entries))


def _without_those_of_git(
    place: git.Place, rules: Rules, catalog: tracked.Catalog, artifacts: list[Artifact]
) -> list[Artifact]:
    """Give what is staged as a stand-in and belongs to Git back to it; return all others."""
    from trinity_guard.detect import patterns

    if any(a.reason == patterns.STAND_IN for a in artifacts):
        from trinity_guard.convert import standins

        return standins.give_back(place, rules, catalog, artifacts)
    return artifacts


def _act(
    place: git.Place,
    config: Config,
    rules: Rules,
    catalog: tracked.Catalog,
    artifacts: list[Artifact],
    links: list[bytes],
    differing: list[bytes],
    framework: bool,
) -> bool:
    """Do what is to be done about artifacts; False where this commit has nothing to do, and the next hook neither."""
    behind = tracked.behind(place, catalog)
    if artifacts or links or behind:
        from trinity_guard.commands.hooks import artifacts as found

        found.act(place, config, rules, catalog, artifacts, links, behind, differing, framework)
        return True
    records = any(paths.is_dvc_path(path) for path in differing)
    return bool(framework or records or catalog.broken or catalog.unmerged)


def _name_left_behind(place: git.Place, rules: Rules, catalog: tracked.Catalog) -> None:
    """Name what earlier commits have left: pointers that nobody can read, files that no pointer holds."""
    if catalog.broken:  # what is staged was refused
        from trinity_guard.commands.hooks import unreadable

        unreadable.name(place, catalog, before_commit=True)
    if tracked.left_ignored(place) != []:
        from trinity_guard.commands.hooks import ignored

        ignored.name(place, rules)


def _refuse_pickles(place: git.Place, config: Config, entries: list[index.Entry], artifacts: list[Artifact]) -> None:
    if config.pickles == "refuse" and (artifacts or entries):
        from trinity_guard.commands.hooks import pickles

        pickles.refuse(place, config, entries, artifacts)


def _without_stand_ins(place: git.Place) -> int:
    """Have a commit that is not to be guarded hold what was staged, and no texts of ours."""
    entries = index.staged()
    if entries:
        from trinity_guard.convert import standins

        standins.restore(place, entries)
    return FINE


def _complete(place: git.Place) -> None:
    if place.has_journal():
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
    place = git.hook_place()
    _block_staged(place, APPLY_REMEDY)
    from trinity_guard.commands.hooks import checkout

    checkout.after_patch(place)
    return FINE


def _block_staged(place: git.Place, remedy: str) -> int:
    from trinity_guard.detect import inspect, patterns

    rules: Rules = patterns.load_config(place)[1]
    artifacts = inspect.check_staged(place, rules, index.staged())
    if artifacts:
        from trinity_guard.convert import commit

        commit.block(place, tracked.load(place), artifacts, remedy)
    return FINE
