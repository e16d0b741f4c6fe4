"""`trinity_guard.run` and `record` in a program: the run, its tags, the model in MLflow, and what stands beside it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import trinity_guard
from tests.helpers.documents import blocks
from tests.helpers.support import PROJECT, Repo
from tests.training.samples import library
from trinity_guard.errors import GuardError
from trinity_guard.git import plumbing, process
from trinity_guard.training.tracking import pages, runs


@pytest.fixture
def project(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    bare_repo.write("data/t.csv", b"a,y\n" + b"".join(b"%d,%d\n" % (n, n > 4) for n in range(10)))
    bare_repo.write("models/.gitkeep", b"")
    bare_repo.git("add", "-A")
    bare_repo.git("commit", "-q", "-m", "data")
    monkeypatch.chdir(bare_repo.path)
    return bare_repo


@pytest.mark.slow
def test_a_run_tells_what_it_is_of_and_its_model_is_recorded(project: Repo) -> None:
    x, y = np.arange(10.0)[:, None], np.arange(10) > 4
    with trinity_guard.run("churn", dataset="data/t.csv", params={"C": 0.5}) as run:
        project.write("data/t.csv", b"another table, by now")
        model = LogisticRegression(C=0.5).fit(x, y)
        run.metrics(accuracy=model.score(x, y))
        joblib.dump(model, "models/churn.joblib")
        run.record("models/churn.joblib", model, example=x[:2])
    told = json.loads(Path("models/churn_metadata.json").read_text())
    assert (told["name"], told["model"]["class"], told["parameters"]) == ("churn", "LogisticRegression", {"C": 0.5})
    assert told["mlflow"]["run_id"] == run.id
    # The data as it was when the run began, which is what the model has seen.
    assert told["dataset"]["md5"] == hashlib.md5(project.git("show", "HEAD:data/t.csv").stdout).hexdigest()
    found = runs.run_of(runs.store(str(project.path)), run.id)
    assert found is not None
    assert (found["status"], found["metrics"]["accuracy"], found["params"]) == ("FINISHED", 1.0, {"C": "0.5"})
    assert found["tags"]["dvc_md5"] == told["model"]["md5"]
    assert found["tags"]["sha256"] == told["model"]["sha256"]
    assert found["tags"]["git_commit"] == project.head()
    assert found["tags"]["dataset_md5"] == told["dataset"]["md5"]
    import mlflow

    mlflow.set_tracking_uri(runs.store(str(project.path)).uri)
    try:
        loaded = mlflow.sklearn.load_model(f"runs:/{run.id}/model")
    finally:
        mlflow.set_tracking_uri(None)
    assert (loaded.predict(x) == model.predict(x)).all()


@pytest.mark.slow
def test_runs_stand_below_the_one_around_them_and_open_with_their_figures(project: Repo) -> None:
    import mlflow

    Path("models/a.onnx").write_bytes(b"a")
    Path("models/b.onnx").write_bytes(b"b")
    with trinity_guard.run("churn", experiment="e") as outer, trinity_guard.run("inner", experiment="e") as inner:
        inner.metrics(auc=0.9)
        inner.record("models/a.onnx", name="a")
        inner.record("models/b.onnx", name="b")
    store = runs.store(str(project.path))
    found = runs.run_of(store, inner.id)
    assert found is not None
    assert found["tags"]["dvc_md5"] == hashlib.md5(b"a").hexdigest()
    assert found["tags"]["dvc_md5.2"] == hashlib.md5(b"b").hexdigest()
    client = mlflow.MlflowClient(store.uri)
    assert client.get_run(inner.id).data.tags["mlflow.parentRunId"] == outer.id
    around = client.get_run(outer.id).data.tags
    assert "mlflow.parentRunId" not in around
    assert around["mlflow.source.name"] == sys.argv[0]
    assert "metrics.`auc`" in client.get_experiment(found["experiment"]).tags[pages.VIEW_TAG]


MAKERS: dict[str, Callable[[], Any]] = {
    "xgboost": lambda: library("xgboost").XGBClassifier(n_estimators=2),
    "lightgbm": lambda: library("lightgbm").LGBMClassifier(n_estimators=2, verbose=-1, min_child_samples=1),
}


@pytest.mark.slow
@pytest.mark.parametrize("library", MAKERS)
def test_models_of_other_libraries_are_recorded_and_logged_as_their_own(project: Repo, library: str) -> None:
    x, y = np.arange(20.0).reshape(10, 2), np.arange(10) % 2
    model = MAKERS[library]().fit(x, y)
    with trinity_guard.run("churn", dataset="data/t.csv") as run:
        joblib.dump(model, "models/churn.pkl")
        run.record("models/churn.pkl", model, example=x[:2])
    told = json.loads(Path("models/churn_metadata.json").read_text())["model"]
    assert (told["library"], told["class"]) == (library, type(model).__name__)
    assert told["sha256"] == hashlib.sha256(Path("models/churn.pkl").read_bytes()).hexdigest()
    import mlflow

    mlflow.set_tracking_uri(runs.store(str(project.path)).uri)
    try:
        loaded = getattr(mlflow, library).load_model(f"runs:/{run.id}/model")
    finally:
        mlflow.set_tracking_uri(None)
    assert (loaded.predict(x) == model.predict(x)).all()


@pytest.mark.slow
def test_the_program_of_the_page_runs_as_it_is(project: Repo) -> None:
    program, _ = blocks((PROJECT / "docs" / "training.md").read_text(), "python")
    project.write("data/customers.csv", b"a,y\n1,0\n2,1\n")
    project.write("models/other.onnx", b"\x08\x08")

    def fit(**settings: float) -> LogisticRegression:
        return LogisticRegression(**settings).fit([[1.0], [2.0]], [0, 1])

    exec(program, {"fit": fit})
    assert json.loads(Path("models/churn_metadata.json").read_text())["metrics"] == {"auc": 0.91}
    assert json.loads(Path("models/other_metadata.json").read_text())["model"]["library"] == "onnx"


def test_a_run_that_fails_is_failed_and_records_nothing(project: Repo) -> None:
    Path("models/m.bin").write_bytes(b"m")
    with contextlib.suppress(ZeroDivisionError), trinity_guard.run("churn") as run:
        run.record("models/m.bin")
        _ = 1 / 0
    found = runs.run_of(runs.store(str(project.path)), run.id)
    assert found is not None
    assert found["status"] == "FAILED"
    assert not Path("models/m_metadata.json").exists()


def test_a_run_goes_to_its_experiment_whatever_mlflow_was_told(project: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    import mlflow

    for name in ("MLFLOW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_NAME", "MLFLOW_TRACKING_URI"):
        monkeypatch.setenv(name, "")  # what MLflow writes into them goes again
    store = runs.begin(str(project.path))
    store.ready()
    monkeypatch.setattr(mlflow.tracking.fluent, "_active_experiment_id", None)
    mlflow.set_tracking_uri(store.uri)
    try:
        mlflow.set_experiment("another")
        monkeypatch.setenv("MLFLOW_RUN_ID", "0" * 32)
        with trinity_guard.run("churn", experiment="mine") as run:
            mlflow.log_param("by", "mlflow")
        assert os.environ["MLFLOW_RUN_ID"] == "0" * 32
    finally:
        mlflow.set_tracking_uri(None)
    found = mlflow.MlflowClient(store.uri).get_run(run.id)
    assert found.info.experiment_id == mlflow.MlflowClient(store.uri).get_experiment_by_name("mine").experiment_id
    assert found.data.params == {"by": "mlflow"}
    assert "mlflow.parentRunId" not in found.data.tags


def test_a_run_is_of_the_commit_that_it_began_at_and_asks_git_little(
    project: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def spawn(argv: list[str], *more: Any) -> process.Result:
        asked.append(argv)
        return process.spawn(argv, *more)

    monkeypatch.setattr(plumbing, "spawn", spawn)
    Path("models/m.onnx").write_bytes(b"m")
    begun = project.head()
    with trinity_guard.run("churn", dataset="data/t.csv") as run:
        project.git("commit", "-q", "--allow-empty", "-m", "meanwhile")
        run.record("models/m.onnx")
    told = json.loads(Path("models/m_metadata.json").read_text())
    assert told["git"]["commit"] == begun != project.head()
    # Where the repository is, where its top is, and the commit with its state; of a new store, Git has nothing.
    assert len(asked) == 3, asked


def test_a_file_that_is_not_there_cannot_be_recorded(project: Repo) -> None:
    with pytest.raises(GuardError, match=r"there is no models/none\.pkl"), trinity_guard.run("churn") as run:
        run.record("models/none.pkl")


def test_a_model_is_recorded_without_any_run(project: Repo) -> None:
    Path("models/m.bin").write_bytes(b"m")
    Path("metrics.json").write_text('{"auc": 0.9}')
    told = trinity_guard.record("models/m.bin", dataset="data/t.csv", metrics="metrics.json", params={"a": {"b": 1}})
    assert (told["metrics"], told["parameters"], told["dataset"]["rows"]) == ({"auc": 0.9}, {"a.b": 1}, 10)
    assert told == json.loads(Path("models/m_metadata.json").read_text())


def test_nothing_heavy_is_loaded_before_it_is_used() -> None:
    code = (
        "import sys, trinity_guard; before = set(sys.modules); trinity_guard.record; trinity_guard.run; "
        "print([m for m in ('mlflow', 'sklearn', 'pandas', 'numpy') if m in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert said.stdout == b"[]\n"


def test_the_stub_names_what_the_package_has() -> None:
    stub = Path(str(trinity_guard.__file__)).with_suffix(".pyi").read_text()
    for name in trinity_guard.PUBLIC:  # type: ignore[attr-defined]  # no part of what programs see
        assert f"import {name} as {name}" in stub
        assert callable(getattr(trinity_guard, name))
