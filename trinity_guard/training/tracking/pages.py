"""Addresses of MLflow's pages: its runs as a table of figures, not its start page for language models."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

# What an experiment is for: MLflow opens one of this kind on its runs, and others on traces of language models.
KIND = {"mlflow.experimentKind": "custom_model_development"}
# Without it MLflow's pages show a run among evaluations of language models, and lead to no table of runs.
CLASSICAL = "workflowType=machine_learning"
# A view that MLflow keeps in a tag of the experiment, and opens by its key: which columns the table of runs has.
VIEW = "trinity"
VIEW_TAG = f"mlflow.sharedViewState.{VIEW}"
# Columns of figures that fit beside a run's name.
MAX_COLUMNS = 6


def run(base: str, experiment: str, run_id: str) -> str:
    return f"{base}/#/experiments/{experiment}/runs/{run_id}?{CLASSICAL}"


def runs(base: str, experiment: str, tags: Mapping[str, str]) -> str:
    """Return where the table of an experiment's runs is, with our columns where it has our view."""
    view = f"&viewStateShareKey={VIEW}" if VIEW_TAG in tags else ""
    return f"{base}/#/experiments/{experiment}/runs?{CLASSICAL}{view}"


def view(metrics: Iterable[str]) -> str:
    """Return the tag's value for these metrics, the first of them.

    Alone: with the columns of datasets and models none is to be seen where a window is 1,500 dots wide.
    """
    return json.dumps({"selectedColumns": [f"metrics.`{name}`" for name in list(metrics)[:MAX_COLUMNS]]})


def prepared(tags: Mapping[str, str]) -> bool:
    """Whether an experiment of these tags is as `prepare` leaves one."""
    return VIEW_TAG in tags and all(key in tags for key in KIND)


def prepare(client: Any, experiment: str, metrics: Iterable[str]) -> None:
    """Have an experiment open on its runs with these columns, where nobody has said otherwise."""
    tags = client.get_experiment(experiment).tags
    wanted = {**KIND, VIEW_TAG: view(metrics)}
    for key, value in wanted.items():
        if key not in tags:
            client.set_experiment_tag(experiment, key, value)
