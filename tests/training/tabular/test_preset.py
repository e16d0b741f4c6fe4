"""A table of one's own, from the command to a model that can be released: regression, classes, a stage, a refusal."""

from __future__ import annotations

import hashlib
import json
import pickle
import sys
from pathlib import Path

import pandas as pd
import pytest

from tests.helpers.support import Repo
from tests.training.tabular import tables
from trinity_guard.errors import UNUSABLE, GuardError
from trinity_guard.training import train
from trinity_guard.training.tabular.options import Options
from trinity_guard.training.tabular.preset import Tabular
from trinity_guard.training.tracking import pages, runs
from trinity_guard.training.tracking.store import opened
from trinity_guard.training.train import Order, Watch

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
    assert made.written is not None
    assert made.logged is not None
    told = json.loads(Path(made.written.metadata).read_text())
    assert told == made.metadata
    assert (told["name"], told["task"], told["features"]) == ("price-model", "regression", list(FEATURES))
    assert told["model"]["class"] == "Pipeline"
    assert told["baseline"]["r2"] < 0.1 < told["metrics"]["r2"]
    champion = runs.champion(store, "house")
    assert champion is not None
    assert (champion["version"], champion["tags"]["dvc_md5"]) == (made.logged.version, told["model"]["md5"])
    model = pickle.loads(Path(made.written.model).read_bytes())
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
    assert worse.written is None
    # After another table the champion's own file is asked, in a process of its own.
    grown = order(project, Options("price", FEATURES, parameters=SMALL | {"max_depth": 1}, folds=0), register="house")
    tables.write(project.path / "data" / "t.csv", lines=tables.rows(300, seed=4))
    found = train.train(grown, store)
    assert found.notes[0].startswith("the champion (version 1) was measured on the test rows of this table: r2 0.9")
    assert "the champion (version 1) has 0.9" in found.complaints[0]


@pytest.mark.slow
def test_a_searchs_best_is_trained_and_its_trials_are_runs_below(project: Repo) -> None:
    ridge = "sklearn.linear_model.Ridge"
    asked = order(project, Options("price", FEATURES, estimator=ridge, space={"alpha": [1e-3, 1e6]}, folds=0), search=3)
    store, said = runs.store(str(project.path)), list[str]()
    made = train.train(asked, store, Watch(steps=said.append))
    assert said == ["reading the table", "searching", "fitting", "cross-validating", "logging to MLflow"]
    assert made.metadata["parameters"]["alpha"] in (1.0, 1e-3)
    with opened(store) as client:
        run = client.get_run(made.metadata["mlflow"]["run_id"])
        below = client.search_runs([run.info.experiment_id], f"tags.`mlflow.parentRunId` = '{run.info.run_id}'")
        assert sorted(float(one.data.params["alpha"]) for one in below) == [1e-3, 1.0, 1e6]
        tags = client.get_experiment(run.info.experiment_id).tags
    assert tags["mlflow.experimentKind"] == "custom_model_development"
    assert "metrics.`r2`" in tags[pages.VIEW_TAG]


@pytest.mark.slow
def test_metadata_tell_of_the_table_and_the_commit_that_were_there_when_it_was_read(project: Repo) -> None:
    asked = order(project, Options("price", FEATURES, parameters=SMALL, folds=0))
    project.git("add", "data")
    project.git("commit", "-q", "-m", "data")
    begun, read = project.head(), (project.path / "data" / "t.csv").read_bytes()

    def meanwhile(step: str) -> None:
        if step == "fitting":
            project.write("data/t.csv", b"another,table\n1,2\n")
            project.git("commit", "-q", "-a", "-m", "another table")

    told = train.train(asked, runs.store(str(project.path)), Watch(steps=meanwhile)).metadata
    assert told["git"] == {"commit": begun, "dirty": False, "branch": "main"}
    found = {key: told["dataset"][key] for key in ("path", "md5", "size", "rows", "files", "pointer")}
    md5 = hashlib.md5(read).hexdigest()
    assert found == {"path": "data/t.csv", "md5": md5, "size": len(read), "rows": 200, "files": 1, "pointer": None}


@pytest.mark.slow
def test_a_stage_gives_the_same_bytes_each_time(project: Repo) -> None:
    asked = order(project, Options("sold", FEATURES, parameters=SMALL, folds=0), stage=True)
    store = runs.store(str(project.path))
    found = []
    for _ in range(2):
        made = train.train(asked, store)
        assert made.written is not None
        paths = (made.written.model, made.written.metadata, made.written.card, "metrics/train.json")
        found.append([Path(path).read_bytes() for path in paths])
    assert Path("models/sold_model.pkl").exists()
    assert found[0] == found[1]


def test_a_table_that_will_not_do_leaves_nothing_behind(project: Repo) -> None:
    with pytest.raises(GuardError, match="no column nope"):
        train.train(order(project, Options("nope")), runs.store(str(project.path)))
    assert sorted(p.name for p in project.path.iterdir() if p.name != ".git") == ["data"]


@pytest.mark.slow
def test_an_experiment_that_is_not_there_is_told_before_the_fit(project: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Tabular, "fit", lambda *_: pytest.fail("it was fitted"))
    asked = order(project, Options("price", FEATURES), experiment=runs.Experiment("x", "777"))
    with pytest.raises(GuardError, match="has no experiment 777, which MLFLOW_EXPERIMENT_ID names"):
        train.train(asked, runs.store(str(project.path)))


@pytest.mark.slow
def test_a_database_whose_driver_is_missing_is_told_before_the_fit(
    project: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Tabular, "fit", lambda *_: pytest.fail("it was fitted"))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "postgresql://me:s3cret@127.0.0.1:9/runs")
    for driver in ("psycopg", "psycopg2"):
        monkeypatch.setitem(sys.modules, driver, None)
    with pytest.raises(GuardError, match=r"MLflow cannot use postgresql://.*127.0.0.1:9/runs, .* psycopg") as refused:
        train.train(order(project, Options("price", FEATURES)), runs.store(str(project.path)))
    assert refused.value.exit_code == UNUSABLE
    assert "s3cret" not in refused.value.problem


def test_a_models_name_follows_from_its_target() -> None:
    assert Tabular(Order("", "", "", "", Options("Sale price (€)"))).model_name == "Sale-price-model"
    assert Tabular(Order("", "", "", "", Options("y"), name="my/house")).name == "my_house"
