"""A table of one's own, from the command to a model that can be released: regression, classes, a stage, a refusal."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pandas as pd
import pytest

from tests.helpers.support import Repo
from tests.training.tabular import tables
from trinity_guard.errors import GuardError
from trinity_guard.training.tabular import train
from trinity_guard.training.tabular.options import Options
from trinity_guard.training.tabular.train import Order
from trinity_guard.training.tracking import runs

SMALL = {"n_estimators": 10}
FEATURES = ("city", "rooms", "size")


def order(repo: Repo, options: Options, **more: object) -> Order:
    tables.write(repo.path / "data" / "t.csv")
    root = str(repo.path)
    return Order(root, root, "data/t.csv", "models", options, **more)  # type: ignore[arg-type]  # as Order has them


@pytest.fixture
def project(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(bare_repo.path)
    return bare_repo


@pytest.mark.slow
def test_a_model_of_any_table_is_written_described_logged_and_registered(project: Repo) -> None:
    asked = order(project, Options("price", FEATURES, parameters=SMALL, folds=2), register="house")
    store = runs.store(str(project.path))
    made = train.train(asked, store)
    assert made.described is not None
    told = json.loads(Path(made.described.metadata).read_text())
    assert (told["name"], told["task"], told["features"]) == ("price-model", "regression", list(FEATURES))
    assert told["model"]["class"] == "Pipeline"
    assert told["baseline"]["r2"] < 0.1 < told["metrics"]["r2"]
    champion = runs.champion(store, "house")
    assert champion is not None
    assert (champion["version"], champion["tags"]["dvc_md5"]) == (made.version, told["model"]["md5"])
    model = pickle.loads(Path(made.model).read_bytes())
    frame = pd.read_csv("data/t.csv")
    assert len(model.predict(frame)) == 200
    # A worse one does not take its place, and is not written.
    worse = train.train(
        order(
            project,
            Options("price", ("rooms", "city", "size"), parameters=SMALL | {"max_depth": 1}, folds=0),
            register="house",
        ),
        store,
    )
    assert "the champion (version 1) has" in worse.complaints[0]
    assert worse.model == ""


@pytest.mark.slow
def test_a_stage_gives_the_same_bytes_each_time(project: Repo) -> None:
    asked = order(project, Options("sold", FEATURES, parameters=SMALL, folds=0), stage=True)
    store = runs.store(str(project.path))
    found = []
    for _ in range(2):
        made = train.train(asked, store)
        assert made.described is not None
        paths = (made.model, made.described.metadata, made.described.card, "metrics/train.json")
        found.append([Path(path).read_bytes() for path in paths])
    assert made.model == "models/sold_model.pkl"
    assert found[0] == found[1]


def test_a_table_that_will_not_do_leaves_nothing_behind(project: Repo) -> None:
    with pytest.raises(GuardError, match="no column nope"):
        train.train(order(project, Options("nope")), runs.store(str(project.path)))
    assert sorted(p.name for p in project.path.iterdir() if p.name != ".git") == ["data"]


@pytest.mark.slow
def test_an_experiment_that_is_not_there_is_told_before_the_fit(project: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train, "_fitted", lambda *_: pytest.fail("it was fitted"))
    asked = order(project, Options("price", FEATURES), experiment=runs.Experiment("x", "777"))
    with pytest.raises(GuardError, match="has no experiment 777, which MLFLOW_EXPERIMENT_ID names"):
        train.train(asked, runs.store(str(project.path)))


def test_a_models_name_follows_from_its_target() -> None:
    assert train._name(Order("", "", "", "", Options("Sale price (€)"))) == "Sale-price-model"
    assert train._name(Order("", "", "", "", Options("y"), name="house")) == "house"
