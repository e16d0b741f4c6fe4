"""The hooks before a commit: artifacts become pointers, or are refused where nothing else is possible."""

from __future__ import annotations

import os

from trinity_guard import console, git
from trinity_guard.commands.terminal import messages
from trinity_guard.convert import commit, framework_stash, journal, recover
from trinity_guard.detect import patterns
from trinity_guard.dvcrepo import tracked
from trinity_guard.errors import FINE, pathspec, shown, typed
from trinity_guard.git import index, locks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trinity_guard.detect.inspect import Artifact
    from trinity_guard.detect.patterns import Rules
    from trinity_guard.dvcrepo.tracked import Catalog

MERGE_REMEDY = """git commit     # completes this merge, and turns them into pointers
git merge --abort     # or goes back to before it"""
APPLY_REMEDY = "git am --abort     # then ask for the patch with pointers, or: TRINITY_GUARD_SKIP=block git am …"


def pre_commit(framework: bool, _: list[str]) -> int:
    if console.skipped("convert", "block"):
        return FINE
    place = git.hook_place()
    if journal.Journal(place).exists():
        recover.complete(place, after_commit=False)
    listing = tracked.begin()
    config, rules = patterns.load_config(place)
    for note in config.notes:
        console.note(note)
    entries = index.staged()
    artifacts = commit.check_staged(place, rules, entries)
    catalog = tracked.load(place, listing)
    commit.refuse_links(catalog, entries)
    done: set[bytes] = set()
    if artifacts and config.on_artifact == "block":
        commit.block(place, catalog, artifacts, _block_remedy(artifacts[0].entry.path))
    elif artifacts and framework and "GIT_INDEX_FILE" not in os.environ:
        # `pre-commit run` by hand: no commit is under way, so nothing is changed.
        commit.block(place, catalog, artifacts, "git commit     # turns them into pointers")
    elif artifacts:
        done = _convert(place, catalog, artifacts, framework)
    _name_changed(place, catalog, done)
    return FINE


def _convert(place: git.Place, catalog: Catalog, artifacts: list[Artifact], framework: bool) -> set[bytes]:
    progress = console.Progress("to the DVC cache")
    with locks.FileLock(place) as lock, framework_stash.guarded(place, framework):
        if lock.waited:
            catalog = tracked.load(place)
        outcome = commit.convert_staged(place, catalog, artifacts, framework, progress)
    progress.close()
    messages.tell_conversion(outcome)
    if outcome.converted:
        commit.refuse_empty_commit(place, outcome)
    return {i.path for i in outcome.converted}


def _block_remedy(path: bytes) -> str:
    return (
        f"trinity-guard convert {typed(path)}     # make it a DVC pointer\n"
        f"git reset -q -- {pathspec(path)}     # or leave it out"
    )


def _name_changed(place: git.Place, catalog: Catalog, but: set[bytes]) -> None:
    changed = commit.changed_behind_pointers(place, catalog, but)
    for held in changed[:10]:
        name, word = shown(held.path), typed(held.path)
        if commit.is_known_version(place, held):
            console.warn(
                f"{name} is not the version that its pointer names, but another one that was recorded.",
                f"trinity-guard pull {word}     # brings the pointer's version\n"
                f"trinity-guard convert {word}     # or records this one",
            )
        else:
            console.warn(
                f"{name} has changed, and its pointer has not: this commit still records the old version.",
                f"trinity-guard convert {word}",
            )
    if len(changed) > 10:
        console.warn(f"and {len(changed) - 10} more.", "trinity-guard status")


def pre_merge_commit(_framework: bool, __: list[str]) -> int:
    """Convert cannot work here (the merge has its tree already): refuse, and let `git commit` do it."""
    if console.skipped("convert", "block"):
        return FINE
    place = git.hook_place()
    _, rules = patterns.load_config(place)
    _block_staged(place, rules, MERGE_REMEDY)
    return FINE


def pre_applypatch(_framework: bool, __: list[str]) -> int:
    if console.skipped("block"):
        return FINE
    place = git.hook_place()
    _, rules = patterns.load_config(place)
    _block_staged(place, rules, APPLY_REMEDY)
    return FINE


def _block_staged(place: git.Place, rules: Rules, remedy: str) -> None:
    artifacts = commit.check_staged(place, rules, index.staged())
    if artifacts:
        commit.block(place, tracked.load(place), artifacts, remedy)
