"""What MLflow's registry shows of a release: tags on the version, and the alias. A view; Git's tag is the truth."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trinity_guard import git
from trinity_guard.errors import GuardError
from trinity_guard.training import extra
from trinity_guard.training.release.committed import Metadata, Model
from trinity_guard.training.tracking import names, runs

ALIAS = "champion"
# Whether a version is to bear the alias; the last: unless a version that was registered later bears it by now.
NO, YES, UNLESS_LATER = "no", "yes", "unless later"
WITHOUT = "trinity release {version} --no-mlflow     # the tag in Git alone"


@dataclass(frozen=True)
class Mark:
    """Tags and alias that a version of a registered model still lacks; number: "" of a model without one.

    leaving: names and numbers of others that are still in its stage.
    """

    store: runs.RunStore
    name: str
    number: str
    tags: Mapping[str, str]
    alias: str | None
    leaving: Sequence[tuple[str, str]] = ()

    def put(self) -> None:
        runs.mark(self.store, self.name, self.number, self.tags, self.alias, self.leaving)


def registered(metadata: Metadata) -> tuple[str, str]:
    """Return the registered model and the version that the metadata names, ("", "") where it names none."""
    number = metadata.text("mlflow", "version")
    return (metadata.text("mlflow", "name") or metadata.text("name"), number) if number else ("", "")


def planned(
    place: git.Place, model: Model, version: str, stage: str, alias: str, former: Sequence[tuple[str, str]] = ()
) -> tuple[Mark | None, list[tuple[str, str]]]:
    """Return what is to be marked (None: nothing, or nothing more) and what speaks against it, (problem, remedy).

    former: names and numbers of versions that were in the stage before.
    """
    name, number = registered(model.metadata)
    if not (number or former):
        return None, []
    without = WITHOUT.format(version=version)
    try:
        extra.require_mlflow("trinity release")
        store = runs.store(os.fsdecode(place.top))
        found = runs.version(store, name, number) if number else None
        champion = runs.champion(store, name) if found and alias != NO else None
        leaving = _leaving(store, name if found else "", number, stage, former) if stage else []
    except GuardError as error:
        return None, [(f"MLflow: {error.problem.rstrip('.')}", "\n".join([*error.remedy.splitlines(), without]))]
    if not number:
        return Mark(store, "", "", {}, None, leaving) if leaving else None, []
    if found is None or found["run_id"] != model.metadata.text("mlflow", "run_id"):
        words = "has no" if found is None else "says that another run made"
        return None, [(f"MLflow ({store.shown}) {words} version {number} of {name}", without)]
    wanted = {"semver": version, "git_commit": model.commit.decode()}
    wanted |= names.of_bytes(model.goal.md5, model.metadata.text("model", "sha256"))
    wanted |= {"stage": stage} if stage else {}
    lacking = {key: value for key, value in wanted.items() if found["tags"].get(key) != value}
    borne = champion is not None and (
        champion["version"] == number or (alias == UNLESS_LATER and int(champion["version"]) > int(number))
    )
    wants = alias != NO and not borne
    if not (lacking or wants or leaving):
        return None, []
    return Mark(store, name, number, lacking, ALIAS if wants else None, leaving), []


def _leaving(
    store: runs.RunStore, name: str, number: str, stage: str, former: Sequence[tuple[str, str]]
) -> list[tuple[str, str]]:
    """Return which versions are still in the stage: others of this registered model, or former ones of another."""
    others = sorted({(name, ""), *former}) if name else sorted(former)
    still = {one: runs.in_stage(store, one, stage) for one in {other for other, _ in others}}
    found = [(name, other) for other in still.get(name, ()) if other != number]
    return found + [one for one in others if one[0] != name and one[1] in still[one[0]]]
