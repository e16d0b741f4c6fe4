"""What a command line says of a model, and what the project has ready where it says nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from trinity_guard.errors import UNUSABLE, GuardError, shown
from trinity_guard.training import extra
from trinity_guard.training.description import describe, facts
from trinity_guard.training.description.describe import Described, Said

PARAMS = "params.yaml"


def gather(
    model: str,
    *,
    name: str = "",
    dataset: str = "",
    metrics: Sequence[str] = (),
    params: Sequence[str] = (),
    run: str = "",
    dvclive: str = "",
) -> tuple[Said, list[str]]:
    """Return what is said of a model, and which files of the project were taken for what is not said.

    What is named goes before the run's, that before DVCLive's, that before params.yaml.
    """
    project = os.path.relpath(extra.project(extra.root()))
    of_run = _run(run) if run else {}
    folder, taken = dvclive, []
    usual = os.path.normpath(os.path.join(project, describe.DVCLIVE))
    if not (folder or run or metrics) and os.path.isfile(os.path.join(usual, "metrics.json")):
        folder, taken = usual, [usual]
    live_metrics, strange, live_params = describe.live(folder) if folder else ({}, [], {})
    named, others = facts.figures(metrics)
    figures = {**live_metrics, **of_run.get("metrics", {}), **named}
    left_out = [one for one in dict.fromkeys([*strange, *others]) if one not in figures]
    settings = {**live_params, **of_run.get("params", {}), **facts.settings(params)}
    file = os.path.normpath(os.path.join(project, PARAMS))
    if not settings and os.path.isfile(file):
        settings, taken = facts.settings([file]), [*taken, file]
    where = of_run.get("where")
    return Said(name, dataset, figures or None, settings or None, where, folder, left_out), taken


def _run(run_id: str) -> Mapping[str, Any]:
    """Return metrics, params and place of an MLflow run; GuardError (2) where there is none."""
    extra.require_mlflow("trinity record --run")
    from trinity_guard.training.tracking import registry, runs

    store = runs.store(extra.store_root(extra.root()))
    found = runs.run_of(store, run_id)
    if found is None:
        raise GuardError(
            f"{store.shown} has no run {shown(os.fsencode(run_id))}.",
            "export MLFLOW_TRACKING_URI=…     # where it was logged",
            UNUSABLE,
        )
    name, version = registry.version_of(store, run_id)
    where = {"run_id": run_id, "experiment": found["experiment"], "tracking": store.shown, "name": name or None}
    return {**found, "where": {**where, "version": version or None}}


def tag(run_id: str, made: Described) -> None:
    """Tell MLflow's run which bytes it made, as a lineage looks for it."""
    if not run_id:
        return
    from trinity_guard.training.tracking import names, registry, runs

    told = made.told
    tags = names.of_bytes(told["model"]["md5"], told["model"]["sha256"] or "")
    tags["git_commit"] = (told["git"] or {}).get("commit") or ""
    registry.tag_run(runs.store(extra.store_root(extra.root())), run_id, {k: v for k, v in tags.items() if v})
