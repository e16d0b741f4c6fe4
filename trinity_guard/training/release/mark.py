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
    """Tags and alias that a version of a registered model still lacks; leaving: others that are still in its stage."""

    store: runs.RunStore
    name: str
    number: str
    tags: Mapping[str, str]
    alias: str | None
    leaving: Sequence[str] = ()

    def put(self) -> None:
        runs.mark(self.store, self.name, self.number, self.tags, self.alias, self.leaving)


def registered(metadata: Metadata) -> tuple[str, str]:
    """Return the registered model and the version that the metadata names, ("", "") where it names none."""
    number = metadata.text("mlflow", "version")
    return (metadata.text("mlflow", "name") or metadata.text("name"), number) if number else ("", "")


def planned(
    place: git.Place, model: Model, version: str, stage: str, alias: str
) -> tuple[Mark | None, list[tuple[str, str]]]:
    """Return what is to be marked (None: nothing, or nothing more) and what speaks against it, (problem, remedy)."""
    name, number = registered(model.metadata)
    if not number:
        return None, []
    without = WITHOUT.format(version=version)
    try:
        extra.require_mlflow("trinity release")
        store = runs.store(os.fsdecode(place.top))
        found = runs.version(store, name, number)
        champion = runs.champion(store, name) if found and alias != NO else None
        leaving = [other for other in runs.in_stage(store, name, stage) if other != number] if found and stage else []
    except GuardError as error:
        return None, [(f"MLflow: {error.problem.rstrip('.')}", "\n".join([*error.remedy.splitlines(), without]))]
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
