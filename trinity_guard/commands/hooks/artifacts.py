"""What is done in a commit about artifacts: those that are staged, and those that changed behind their pointers."""

from __future__ import annotations

import os

from trinity_guard import console
from trinity_guard.commands.hooks import behind, deleted
from trinity_guard.commands.terminal import messages, pickles, progress
from trinity_guard.convert import commit, framework_stash
from trinity_guard.convert.outcome import Outcome
from trinity_guard.dvcrepo import compare, tracked
from trinity_guard.errors import GuardError, pathspec, typed
from trinity_guard.git import hooks, locks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trinity_guard import git
    from trinity_guard.config import Config
    from trinity_guard.detect.inspect import Artifact
    from trinity_guard.detect.patterns import Rules
    from trinity_guard.dvcrepo.output import Output
    from trinity_guard.dvcrepo.tracked import Catalog


def act(
    place: git.Place,
    config: Config,
    rules: Rules,
    catalog: Catalog,
    artifacts: list[Artifact],
    links: list[bytes],
    found: list[tuple[Output, str]],
    differing: list[bytes],
    framework: bool,
) -> None:
    """Convert the staged artifacts, or refuse them; record what changed behind its pointer, or name it."""
    commit.refuse_links(catalog, links)
    artifacts = _to_convert(place, config, catalog, artifacts, framework)
    staged = {a.entry.path for a in artifacts}
    comparison = compare.Comparison(place, directories=catalog.directories)
    decision = behind.decide(place, config, behind.not_staged(comparison, found, staged), framework, comparison)
    empty = not artifacts and bool(decision.recorded or decision.deleted) and commit.would_be_empty(place)
    outcome = Outcome()
    if artifacts or decision.recorded:
        _refuse_pickles(place, config, decision)
        outcome = _convert(place, rules, catalog, artifacts, decision, framework)
        pickles.converted(place, config, outcome.converted)
        _name_unguarded_push(outcome)
    if decision.deleted:
        _record_deleted(place, config, decision, outcome, framework)
    if empty and not commit.would_be_empty(place):
        behind.tell_again()
    elif outcome.converted:
        commit.refuse_empty_commit(place, outcome, differing)
    behind.name(place, config, decision.named, differing)


def _to_convert(
    place: git.Place, config: Config, catalog: Catalog, artifacts: list[Artifact], framework: bool
) -> list[Artifact]:
    """Return the artifacts to convert. Where none is to be: refuse them; those that are left are others' to keep."""
    if not artifacts:
        return []
    if config.on_artifact == "block":
        remedy = _block_remedy(artifacts[0].entry.path)
    elif framework and "GIT_INDEX_FILE" not in os.environ:
        # `pre-commit run` by hand: no commit is under way, so nothing is changed.
        remedy = "git commit     # turns them into pointers"
    else:
        return artifacts
    commit.block(place, catalog, artifacts, remedy)
    return []


def _refuse_pickles(place: git.Place, config: Config, decision: behind.Decision) -> None:
    if config.pickles == "refuse" and decision.recorded:
        from trinity_guard.commands.hooks import pickles as refusal

        refusal.refuse_changed(place, config, decision.recorded)


def _record_deleted(
    place: git.Place, config: Config, decision: behind.Decision, outcome: Outcome, framework: bool
) -> None:
    """Let go what is gone; a commit that this stops has converted nothing."""
    converted = {i.md5: i.path for i in outcome.converted}
    try:
        decision.named += deleted.record(place, config, decision.deleted, converted, framework)
    except (GuardError, OSError):
        outcome.undo()
        raise


def _convert(
    place: git.Place,
    rules: Rules,
    catalog: Catalog,
    artifacts: list[Artifact],
    decision: behind.Decision,
    framework: bool,
) -> Outcome:
    with locks.FileLock(place) as turn, framework_stash.guarded(place, framework), progress.Progress() as line:
        if turn.waited or not catalog.entries:  # of what the last hook saw there are the outputs alone
            looked_at = {} if turn.waited else catalog.directories
            catalog = tracked.load(place)
            catalog.directories = looked_at
        bar = line.bar("to the DVC cache")
        outcome = commit.convert_staged(place, catalog, artifacts, decision.recorded, framework, bar, rules)
    messages.report_conversion(outcome, {output.path for output in decision.recorded})
    decision.named += outcome.left
    return outcome


def _name_unguarded_push(outcome: Outcome) -> None:
    """Say that a push would publish these pointers whether or not anybody could fetch what they hold."""
    if outcome.converted and not hooks.leads_to_us("pre-push"):
        console.warn(
            "the hook pre-push is not ours, or gone: no push makes sure that others can fetch this.",
            "trinity-guard init",
        )


def _block_remedy(path: bytes) -> str:
    return (
        f"trinity-guard convert {typed(path)}     # make it a DVC pointer\n"
        f"git reset -q -- {pathspec(path)}     # or leave it out"
    )
