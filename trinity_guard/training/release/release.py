"""A release: Git's annotated tag `NAME@v1.2.0`, a stage, and what MLflow's registry then shows; or why it is refused.

Git's tag is the truth and is made first, in one step. What follows it can be made up for: the same command again
completes a release that was cut short, and does nothing else.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field

from trinity_guard import git
from trinity_guard.errors import BLOCKED, GuardError, quoted, shown, typed
from trinity_guard.training.release import committed, elsewhere, objections, on_remotes, versions
from trinity_guard.training.release import mark as marking
from trinity_guard.training.release.committed import Model
from trinity_guard.training.release.newest import newest
from trinity_guard.training.release.versions import Registry, Release

HEAD = b"HEAD"


@dataclass(frozen=True)
class Asked:
    """What the command line says. model: a path from the top, b"" for the newest; mlflow: False leaves it alone.

    below: the folder whose newest is meant, where it has any. offline_ok: release also where the Git remote cannot be
    asked what is released already.
    """

    version: str
    model: bytes = b""
    stage: str = ""
    backport: bool = False
    mlflow: bool = True
    offline_ok: bool = False
    below: bytes = b""


@dataclass
class ReleasePlan:
    """What is to be done: the tag (unless it is there), the stage's tag ("": none), and MLflow's marks (None: none)."""

    model: Model
    version: str
    tag: str
    is_new: bool
    stage: str = ""
    stage_tag: str = ""
    mark: marking.Mark | None = None
    notes: list[str] = field(default_factory=list)


def plan(place: git.Place, choice: str, asked: Asked) -> ReleasePlan:
    """Decide what a release does. choice: the configured remote, "" for DVC's default.

    GuardError (exit 1) that says all that speaks against it, before anything is touched.
    """
    versions.checked(asked.version)
    if asked.stage and not versions.NAME.fullmatch(asked.stage):
        raise GuardError(f"'{asked.stage}' is no name for a stage.", "trinity release v1.2.0 --stage prod", 2)
    registry = Registry()
    tree = committed.CommitFiles(place, git.require_commit(HEAD))
    path = asked.model or newest(tree, asked.below, f"trinity release {asked.version} --model")
    there = _released(registry, tree, path, asked.version)
    if there is not None:
        return _completion(place, registry, there, path, asked)
    model = committed.model(tree, path)
    made = _plan(registry, model, asked, is_new=True)
    made.notes += elsewhere.require_all(place, model.name, asked.offline_ok)
    complaints = [*_order(registry, model, asked), *objections.found(place, model)]
    # What costs most last, and not at all where something is to be mended first.
    _refuse(complaints, path, asked.version)
    _refuse(
        on_remotes.objections(place, choice, [model.goal, *([model.data] if model.data else [])]), path, asked.version
    )
    if asked.mlflow:
        alias, former = _alias(registry, model, asked), _former(place, registry, model, asked.stage)
        made.mark, wrong = marking.planned(place, model, made.version, asked.stage, alias, former)
        _refuse(wrong, path, asked.version)
    return made


def _plan(registry: Registry, model: Model, asked: Asked, is_new: bool) -> ReleasePlan:
    made = ReleasePlan(model, asked.version, f"{model.name}@{asked.version}", is_new)
    if asked.stage:
        made.stage, made.stage_tag = asked.stage, registry.next_stage_tag(model.name, asked.stage)
    if model.metadata.without_dataset:
        made.notes.append("its metadata names no dataset: trinity record MODEL --dataset PATH says what it was made of")
    if model.metadata.dirty:
        made.notes.append("it was trained with changes in the work tree that no commit holds")
    same = [r.version for r in registry.of(model.name) if r.said.get("model_md5") == model.goal.md5]
    if same and is_new:
        made.notes.append(f"the same bytes as {same[-1]}")
    return made


def _refuse(complaints: Sequence[tuple[str, str]], path: bytes, version: str) -> None:
    if complaints:
        lines = [f"{shown(path)} cannot be released as {version}:", *(f"  {problem}" for problem, _ in complaints)]
        remedies = dict.fromkeys(line for _, remedy in complaints for line in remedy.splitlines())
        raise GuardError("\n".join(lines), "\n".join(remedies), BLOCKED)


# --- already there


def _released(registry: Registry, tree: committed.CommitFiles, path: bytes, version: str) -> Release | None:
    """Return the release of this version of the model's name, by whatever commit."""
    try:
        metadata = tree.metadata(path)
    except GuardError:
        metadata = None  # told by `model`, when nothing of this version is there
    name = metadata.name if metadata else ""
    found = [r for r in registry.releases if r.version == version and r.name in (name or r.name,)]
    return found[0] if found else None


def _completion(place: git.Place, registry: Registry, there: Release, path: bytes, asked: Asked) -> ReleasePlan:
    """Return what a release that was cut short still lacks; GuardError where that is nothing, or it is another one."""
    if not there.annotated:
        raise GuardError(
            f"the tag {there.tag} is there, but it is no annotated one: to GTO it is no release.",
            f"git tag -d {quoted(there.tag)}     # if nobody needs it",
        )
    if there.withdrawn:
        raise GuardError(f"{there.tag} was released and withdrawn.", "gto history     # take the next version")
    model = of_release(place, there)
    # A stage goes back to an older version, whatever model is here now.
    back = bool(asked.stage) and asked.stage not in registry.stages(there)
    if asked.model not in (b"", model.path) or not (back or _same(place, model, path)):
        raise _again(there, model)
    made = _plan(registry, model, asked, is_new=False)
    if asked.stage in registry.stages(there):
        made.stage = made.stage_tag = ""
    if asked.mlflow:
        last = registry.of(there.name)[-1:] == [there] and versions.is_final(there.version)
        alias = marking.UNLESS_LATER if last else marking.NO
        former = _former(place, registry, model, asked.stage)
        made.mark, wrong = marking.planned(place, model, there.version, asked.stage, alias, former)
        if made.mark is None and wrong and not made.stage:
            again = _again(there, model)
            problem, remedy = wrong[0]
            raise GuardError(
                f"{again.problem} Whether MLflow shows it cannot be told: {problem}.", f"{again.remedy}\n{remedy}"
            )
    if not made.stage and made.mark is None:
        raise _again(there, model)
    return made


def _same(place: git.Place, model: Model, path: bytes) -> bool:
    """Whether the model that is here now is the one that was released."""
    try:
        now = committed.model(committed.CommitFiles(place, git.require_commit(HEAD)), path)
    except GuardError:
        return False
    return now.goal.md5 == model.goal.md5


def _again(there: Release, model: Model) -> GuardError:
    words = f"{there.version} is released already: {shown(model.path)} of commit {there.commit[:10].decode()}"
    return GuardError(f"{words}{f', {there.when[:10]}' if there.when else ''}.", f"trinity lineage {there.tag}")


def of_release(place: git.Place, release: Release) -> Model:
    """Return the model that a release is of: what its tag says, else the newest of its commit."""
    commit = git.require_commit(b"refs/tags/" + os.fsencode(release.tag))
    tree = committed.CommitFiles(place, commit)
    said = release.said.get("model", "")
    path = os.fsencode(said) if said else _only(tree, release)
    found = committed.model(tree, path)
    if found.name != release.name:
        raise GuardError(f"{release.tag} leads to {shown(path)}, whose metadata calls it {found.name}.")
    return found


def _only(tree: committed.CommitFiles, release: Release) -> bytes:
    """Return the model that a tag of GTO's own means, which names none: the one of its name in that commit."""
    found = []
    for goal in tree.goals():
        metadata = tree.metadata(goal.path) if committed.metadata_path(goal.path) in tree.entries else None
        if metadata and metadata.name == release.name:
            found.append((metadata.text("created"), goal.path))
    if not found:
        raise GuardError(f"the commit of {release.tag} has no model of that name with metadata.", "gto history")
    return max(found)[1]


def _alias(registry: Registry, model: Model, asked: Asked) -> str:
    """Whether this becomes the version that everybody should take: final, and the greatest."""
    below = all(versions.rank(r.version) < versions.rank(asked.version) for r in registry.of(model.name))
    return marking.YES if below and versions.is_final(asked.version) else marking.NO


def _former(place: git.Place, registry: Registry, model: Model, stage: str) -> list[tuple[str, str]]:
    """Return the registered models and versions that were in the stage: of another name than this one's, perhaps."""
    found = []
    for release in registry.ever_in(model.name, stage) if stage else ():
        with contextlib.suppress(GuardError):  # what its commit has no more, nobody finds in MLflow either
            found.append(marking.registered(of_release(place, release).metadata))
    return [one for one in found if one[1] and one != marking.registered(model.metadata)]


def _order(registry: Registry, model: Model, asked: Asked) -> list[tuple[str, str]]:
    found = []
    standing = registry.of(model.name)
    for other in standing:
        if other.commit == model.commit:
            # GTO takes one version of a model a commit.
            found.append(
                (
                    f"this commit is released already, as {other.version}",
                    f"git commit --allow-empty -m 'Release {asked.version}'     # a commit of its own",
                )
            )
        if versions.rank(other.version) == versions.rank(asked.version):
            found.append((f"{other.version} is released already, and ranks the same", f"trinity lineage {other.tag}"))
    if standing and versions.rank(standing[-1].version) > versions.rank(asked.version) and not asked.backport:
        found.append(
            (
                f"{standing[-1].version} is released already, and greater",
                f"trinity release {asked.version} --backport     # for an older line",
            )
        )
    return found


# --- doing it


def carry_out(made: ReleasePlan) -> None:
    """Make the tags, then mark MLflow's version. Each step is whole or not there, and none is done twice."""
    if made.is_new:
        versions.make_tag(made.tag, made.model.commit, message(made))
    if made.stage_tag:
        text = f"Assigning stage {made.stage} to artifact {made.model.name} version {made.version}"
        versions.make_tag(made.stage_tag, made.model.commit, f"{text}\n")
    if made.mark is not None:
        made.mark.put()


def message(made: ReleasePlan) -> str:
    """Return the tag's message: GTO's own line, and below it what was released."""
    model, told = made.model, made.model.metadata
    facts = {
        "model": os.fsdecode(model.path),
        "model_md5": model.goal.md5,
        "model_sha256": told.text("model", "sha256"),
        "dataset": os.fsdecode(model.data_path),
        "dataset_md5": told.text("dataset", "md5"),
        "mlflow_run": told.text("mlflow", "run_id"),
        "mlflow_version": told.text("mlflow", "version"),
    }
    lines = [f"{key}: {value}" for key, value in facts.items() if value]
    return "\n".join([f"Registering artifact {model.name} version {made.version}", "", *lines, ""])


def publishing(made: ReleasePlan) -> str:
    """Return the command that publishes the tags, "" where there is no Git remote."""
    name = elsewhere.remote(git.place())
    if not name:
        return ""
    tags = [t for t in (made.tag if made.is_new else "", made.stage_tag) if t] or [made.tag]
    return f"git push {typed(os.fsencode(name))} {' '.join(quoted(t) for t in tags)}"
