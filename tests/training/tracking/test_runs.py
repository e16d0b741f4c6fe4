"""The embedded store: beside the project whatever the current folder, the user's alone, whole or FAILED, and silent."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.support import PROJECT
from tests.training import trackable
from tests.training.trackable import Logged
from trinity_guard.errors import GuardError
from trinity_guard.training.tracking import runs as tracking
from trinity_guard.training.tracking import session
from trinity_guard.training.tracking.runs import RunStore


def client(store: RunStore) -> Any:
    from mlflow import MlflowClient

    return MlflowClient(store.uri)


def python(code: str, *args: str | Path, cwd: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *args], cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


# --- what is logged ----------------------------------------------------------------------------------------------


def test_parameters_metrics_and_tags_are_logged_and_long_values_say_that_they_were_cut(
    logged: tuple[RunStore, Logged, Path],
) -> None:
    store, made, _ = logged
    run = client(store).get_run(made.run_id)
    assert run.info.run_name == "first"
    assert run.info.status == "FINISHED"
    assert run.data.metrics == {"f1_overflow": 0.7052, "mcc": 0.6441}
    assert len(run.data.params) == 232
    assert run.data.params["p229"] == "229"
    assert len(run.data.params["long"]) == 6000
    assert run.data.params["long"].endswith("x [cut: 9000 characters]")
    assert run.data.tags["git_commit"] == run.data.tags["mlflow.source.git.commit"] == "0123abc"
    assert run.data.tags["mlflow.source.name"] == "trinity train"


@pytest.mark.slow
def test_the_dataset_is_named_by_its_md5(logged: tuple[RunStore, Logged, Path]) -> None:
    store, made, _ = logged
    (given,) = client(store).get_run(made.run_id).inputs.dataset_inputs
    assert given.dataset.digest == "a" * 32
    assert given.dataset.name == "training_dataset.csv"
    assert {t.key: t.value for t in given.tags}["md5"] == "a" * 32
    assert "data/training_dataset.csv" in given.dataset.source


def test_a_dataset_whose_name_is_all_escapes_is_logged(root: Path) -> None:
    path = os.fsdecode(b"\xff" * 120 + b".csv")
    rows = trackable.table()
    made = trackable.log(tracking.begin(str(root)), dataset=(path, "a" * 32, rows))
    found = client(tracking.begin(str(root))).get_run(made.run_id)
    assert "[cut: 724 characters]" in found.inputs.dataset_inputs[0].dataset.name


def test_plots_and_files_lie_in_the_projects_folder(logged: tuple[RunStore, Logged, Path]) -> None:
    _, made, root = logged
    folder = root / "mlartifacts" / made.run_id / "artifacts"
    assert trackable.below(folder) == ["card.md", "curves/roc.csv", "plots/calibration.png", "plots/roc.png"]
    assert (folder / "card.md").read_bytes() == b"# A card\n"
    assert (folder / "plots" / "roc.png").read_bytes().startswith(b"\x89PNG")
    assert not (root / "mlruns").exists()


def test_the_trials_of_a_search_are_runs_below_it(logged: tuple[RunStore, Logged, Path]) -> None:
    store, made, _ = logged
    runs = client(store).search_runs(
        [made.experiment_id], f"tags.`mlflow.parentRunId` = '{made.run_id}'", order_by=["attributes.run_name ASC"]
    )
    found = [(r.info.run_name, r.info.status, r.data.params["depth"], r.data.metrics["f1_overflow"]) for r in runs]
    assert found == [("trial 1", "FINISHED", "2", 0.52), ("trial 2", "FINISHED", "3", 0.53)]


def test_the_model_loads_by_its_alias_without_a_question_and_says_the_same(
    logged: tuple[RunStore, Logged, Path],
) -> None:
    import mlflow.sklearn

    store, made, _ = logged
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", store.uri)
        loaded = mlflow.sklearn.load_model(f"models:/{trackable.MODEL}@champion")
        served = mlflow.pyfunc.load_model(f"models:/{trackable.MODEL}/{made.registered_version}")
    rows = trackable.table()
    own = trackable.model()
    assert (loaded.predict_proba(rows) == own.predict_proba(rows)).all()
    floats = rows.astype({"chars": "float64", "words": "float64"})
    for table in (rows, floats, rows.assign(more="columns that the model knows nothing of")):
        assert (served.predict(table) == own.predict(rows)).all()


def test_the_model_is_signed_by_its_columns_has_an_example_and_the_given_requirements(
    logged: tuple[RunStore, Logged, Path],
) -> None:
    import mlflow.models

    _, _, root = logged
    (folder,) = (p.parent for p in (root / "mlartifacts" / "models").rglob("MLmodel"))
    known = mlflow.models.Model.load(str(folder))
    assert known.signature.inputs.input_names() == ["theme", "chars", "words"]
    needed = (folder / "requirements.txt").read_text().split()
    assert needed == session.pinned("scikit-learn")
    assert (folder / "input_example.json").exists()
    assert known.flavors["sklearn"]["serialization_format"] == "pickle"


def test_the_url_is_the_one_that_the_ui_shows_it_at(logged: tuple[RunStore, Logged, Path]) -> None:
    _, made, _ = logged
    page = f"http://127.0.0.1:5000/#/experiments/{made.experiment_id}/runs/{made.run_id}"
    assert made.url == f"{page}?workflowType=machine_learning"


# --- where -------------------------------------------------------------------------------------------------------


# --- trouble -----------------------------------------------------------------------------------------------------


class Breaking:
    """A figure that cannot be drawn."""

    def savefig(self, *_: object, **__: object) -> None:
        raise RuntimeError("no ink")


def test_a_run_that_fails_in_the_middle_is_failed_and_none_is_left_running(root: Path) -> None:
    from matplotlib.figure import Figure

    class Broken(Figure):
        savefig = Breaking.savefig

    store = tracking.store(str(root))
    with pytest.raises(RuntimeError, match="no ink"):
        trackable.log(store, figures={"roc": Broken()})
    made = trackable.log(store, name="second")
    runs = client(store).search_runs([made.experiment_id])
    assert {r.info.run_name: r.info.status for r in runs} == {"first": "FAILED", "second": "FINISHED"}


def test_a_run_that_the_caller_has_open_is_not_touched(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mlflow

    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/outer.db")  # MLflow sets the variable itself
    try:
        with mlflow.start_run(experiment_id=mlflow.create_experiment("outer", tmp_path.as_uri())) as outer:
            store = tracking.store(str(root))
            made = trackable.log(store)
            assert mlflow.active_run().info.run_id == outer.info.run_id != made.run_id
            assert client(store).get_run(made.run_id).data.tags["mlflow.parentRunId"] == outer.info.run_id
            with monkeypatch.context() as now:
                now.delenv("MLFLOW_TRACKING_URI")
                elsewhere = tracking.store(str(root))
                below = client(elsewhere).get_run(trackable.log(elsewhere).run_id)
            assert "mlflow.parentRunId" not in below.data.tags  # which no page could show
            mlflow.log_param("still", "here")
        assert client(store).get_run(outer.info.run_id).data.params == {"still": "here"}
    finally:
        mlflow.set_tracking_uri(None)


def test_mlflow_follows_the_variable_of_its_user_as_before(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mlflow

    for name in ("one", "another"):
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/{name}.db")
        assert mlflow.get_tracking_uri() == f"sqlite:///{tmp_path}/{name}.db"
        trackable.log(tracking.store(str(root)))


@pytest.mark.slow
def test_nothing_reaches_the_terminal_or_the_network(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "out = []\n"
        "def watch(event, args):\n"
        "    if event in ('socket.connect', 'socket.getaddrinfo', 'socket.sendto'): out.append((event, str(args)))\n"
        "sys.addaudithook(watch)\n"
        "from tests.training import trackable\n"
        "from trinity_guard.training.tracking import runs as tracking\n"
        "store = tracking.begin(sys.argv[1])\n"
        "trackable.log_whole(store)\n"
        "tracking.champion(store, trackable.MODEL)\n"
        "if out: sys.exit(repr(out))\n"
    )
    process = python(f"import sys; sys.path.insert(0, {str(PROJECT)!r})\n{code}", tmp_path, cwd=tmp_path)
    assert process.communicate() == (b"", b"")
    assert process.returncode == 0
    assert (tmp_path / "mlflow.db").exists()


def test_a_deleted_experiment_is_named_with_the_command_that_restores_it(root: Path) -> None:
    store = tracking.store(str(root))
    made = trackable.log(store)
    client(store).delete_experiment(made.experiment_id)
    with pytest.raises(GuardError, match=r"'layout'.*was deleted") as refused:
        trackable.log(store)
    assert f"mlflow experiments restore --experiment-id {made.experiment_id}" in refused.value.remedy


# --- Git ---------------------------------------------------------------------------------------------------------


# --- addresses ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("http://host:5000", "http://host:5000"),
        ("https://me:s3cret@host/mlflow", "https://host/mlflow"),
        ("https://token@host", "https://host"),
        ("https://me:p@ss@host", "https://host"),
        ("https://me:p/ss@host/x", "https://host/x"),
        ("https://host/x?token=s3cret&a=1", "https://host/x?a=1"),
        ("postgresql://me:s3cret@db/mlflow", "postgresql://db/mlflow"),
        ("sqlite:////home/a@b/mlflow.db", "sqlite:////home/a@b/mlflow.db"),
        ("databricks", "databricks"),
    ],
)
def test_nobody_and_no_secret_stands_in_an_address_that_is_shown(uri: str, shown: str) -> None:
    assert tracking.shown_uri(uri) == shown
