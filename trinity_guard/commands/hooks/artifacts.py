"""What is done in a commit about artifacts: those that are staged, and those that changed behind their pointers."""

from __future__ import annotations

import os

from trinity_guard import console
from trinity_guard.commands.terminal import messages, progress
from trinity_guard.convert import commit, framework_stash
from trinity_guard.dvcrepo import tracked
from trinity_guard.errors import pathspec, shown, typed
from trinity_guard.git import locks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trinity_guard import git
    from trinity_guard.config import Config
    from trinity_guard.detect.inspect import Artifact
    from trinity_guard.dvcrepo.output import Output
    from trinity_guard.dvcrepo.tracked import Catalog


def act(
    place: git.Place,
    config: Config,
    catalog: Catalog,
    artifacts: list[Artifact],
    links: list[bytes],
    changed: list[Output],
    framework: bool,
) -> None:
    """Convert the staged artifacts, or refuse them; name the artifacts that changed without their pointers."""
    commit.refuse_links(catalog, links)
    done: set[bytes] = set()
    if artifacts and config.on_artifact == "block":
        commit.block(place, catalog, artifacts, _block_remedy(artifacts[0].entry.path))
    elif artifacts and framework and "GIT_INDEX_FILE" not in os.environ:
        # `pre-commit run` by hand: no commit is under way, so nothing is changed.
        commit.block(place, catalog, artifacts, "git commit     # turns them into pointers")
    elif artifacts:
        done = _convert(place, catalog, artifacts, framework)
    _name_changed(place, [held for held in changed if held.path not in done])


def _convert(place: git.Place, catalog: Catalog, artifacts: list[Artifact], framework: bool) -> set[bytes]:
    with locks.FileLock(place) as turn, framework_stash.guarded(place, framework), progress.Progress() as line:
        if turn.waited:
            catalog = tracked.load(place)
        outcome = commit.convert_staged(place, catalog, artifacts, framework, line.bar("to the DVC cache"))
    messages.report_conversion(outcome)
    if outcome.converted:
        commit.refuse_empty_commit(place, outcome)
    return {i.path for i in outcome.converted}


def _block_remedy(path: bytes) -> str:
    return (
        f"trinity-guard convert {typed(path)}     # make it a DVC pointer\n"
        f"git reset -q -- {pathspec(path)}     # or leave it out"
    )


def _name_changed(place: git.Place, changed: list[Output]) -> None:
    for held in changed[:10]:
        name, word = shown(held.path), typed(held.path)
        if tracked.is_other_version(place, held):
            console.warn(
                f"{name} is not the version that its pointer names, but another one that was recorded.",
                f"trinity-guard pull {word}     # brings the pointer's version\n"
                f"{messages.recording(held)}     # or records this one",
            )
        else:
            console.warn(
                f"{name} has changed, and its pointer has not: this commit still records the old version.",
                messages.recording(held),
            )
    if len(changed) > 10:
        console.warn(f"and {len(changed) - 10} more.", "trinity-guard status")
