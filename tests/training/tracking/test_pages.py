"""Addresses of MLflow's pages lead to the runs, with the columns of their figures."""

from __future__ import annotations

import json
from types import SimpleNamespace

from trinity_guard.training.tracking import pages


class Client:
    """An experiment whose tags can be set."""

    def __init__(self, **tags: str) -> None:
        self.tags = tags

    def get_experiment(self, number: str) -> SimpleNamespace:
        return SimpleNamespace(tags=self.tags)

    def set_experiment_tag(self, number: str, key: str, value: str) -> None:
        self.tags[key] = value


def test_an_experiment_opens_on_its_runs_with_the_first_figures_as_columns() -> None:
    client = Client()
    assert not pages.prepared(client.tags)
    pages.prepare(client, "1", [f"m{n}" for n in range(20)])
    assert pages.prepared(client.tags)
    assert client.tags["mlflow.experimentKind"] == "custom_model_development"
    columns = json.loads(client.tags[pages.VIEW_TAG])["selectedColumns"]
    # Nothing else: what stands before them is all that fits into a window.
    assert columns == [f"metrics.`m{n}`" for n in range(pages.MAX_COLUMNS)]
    address = pages.runs("http://127.0.0.1:5000", "1", client.tags)
    assert (
        address == "http://127.0.0.1:5000/#/experiments/1/runs?workflowType=machine_learning&viewStateShareKey=trinity"
    )


def test_what_somebody_chose_stays() -> None:
    client = Client(**{"mlflow.experimentKind": "genai_development"})
    pages.prepare(client, "1", ["mcc"])
    assert client.tags["mlflow.experimentKind"] == "genai_development"


def test_without_our_view_no_key_is_named() -> None:
    assert pages.runs("u", "1", {}) == "u/#/experiments/1/runs?workflowType=machine_learning"
