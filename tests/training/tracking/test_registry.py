"""MLflow's registry: versions, aliases and tags, and no store made by a question."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.training import trackable
from tests.training.trackable import Logged
from trinity_guard.training.tracking import registry
from trinity_guard.training.tracking import runs as tracking
from trinity_guard.training.tracking.runs import RunStore


def test_a_registered_version_bears_the_alias_and_what_it_was_made_of(logged: tuple[RunStore, Logged, Path]) -> None:
    store, made, _ = logged
    best = tracking.champion(store, trackable.MODEL)
    assert best is not None
    assert (best["version"], best["run_id"]) == (made.registered_version, made.run_id) == ("1", made.run_id)
    assert best["metrics"]["f1_overflow"] == 0.7052
    assert best["tags"]["dvc_md5"] == "d" * 32
    assert tracking.champion(store, "another") is None
    assert tracking.champion(store, trackable.MODEL, alias="nobody") is None
    assert tracking.version(store, trackable.MODEL, "7") is None
    run = tracking.run_of(store, made.run_id)
    assert run is not None
    assert run["tags"] == {"git_commit": "0123abc", "dvc_md5": "d" * 32}
    assert tracking.run_of(store, "0" * 32) is None


@pytest.mark.slow
def test_a_release_marks_its_version(logged: tuple[RunStore, Logged, Path]) -> None:
    store, made, _ = logged
    assert made.registered_version
    tracking.mark(store, trackable.MODEL, made.registered_version, {"semver": "v1.2.0"}, "prod")
    released = tracking.champion(store, trackable.MODEL, alias="prod")
    assert released is not None
    assert released["tags"]["semver"] == "v1.2.0"
    assert tracking.champion(store, trackable.MODEL) == released


def test_asking_for_a_champion_makes_no_store(root: Path) -> None:
    assert tracking.champion(tracking.store(str(root)), trackable.MODEL) is None
    assert list(root.iterdir()) == []


class Registered:
    """What a registered model tells of its alias."""

    def __init__(self, bearer: str) -> None:
        self.aliases = {"champion": bearer} if bearer else {}
        self.version = "5"
        self.model_uri = self.model_id = "m"


class Client:
    """MLflow's client, with a champion that came while one trained. set: who got the alias."""

    def __init__(self, bearer: str) -> None:
        self.found = Registered(bearer)
        self.set: list[str] = []

    def create_registered_model(self, name: str) -> None:
        pass

    def create_model_version(self, *_: object, **__: object) -> Registered:
        return self.found

    def get_registered_model(self, name: str) -> Registered:
        return self.found

    def set_registered_model_alias(self, name: str, alias: str, version: str) -> None:
        self.set.append(version)


@pytest.mark.parametrize(
    ("bearer", "instead_of", "bears"),
    [("3", "3", True), ("4", "3", False), ("", "", True), ("4", "", False), ("4", None, True)],
)
def test_the_alias_goes_to_who_was_compared_with_its_bearer(bearer: str, instead_of: str | None, bears: bool) -> None:
    client = Client(bearer)
    assert registry.register(client, "risk", Registered(""), "r", {}, "champion", instead_of) == ("5", bears)
    assert client.set == ["5"] * bears


def test_a_version_whose_run_is_gone_is_there_all_the_same(root: Path) -> None:
    from mlflow import MlflowClient
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    store = tracking.begin(str(root))
    made = trackable.log(store, register="risk", model=trackable.model())
    MlflowClient(tracking_uri=store.uri).delete_run(made.run_id)
    SqlAlchemyStore(store.uri, str(root))._hard_delete_run(made.run_id)  # as `mlflow gc` does
    found = tracking.champion(store, "risk")
    assert found is not None
    assert (found["version"], found["metrics"]) == ("1", {})
