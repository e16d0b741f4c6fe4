"""The embedded store: beside the project whatever the current folder, the user's alone, whole or FAILED, and silent."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.support import PROJECT, Repo
from tests.training import trackable
from trinity_guard.errors import UNUSABLE, GuardError
from trinity_guard.training.tracking import names
from trinity_guard.training.tracking import runs as tracking
from trinity_guard.training.tracking.runs import Logged, Store


@pytest.fixture(autouse=True)
def no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's folder; the current one is another, and empty."""
    for name in ("project", "elsewhere"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    return tmp_path / "project"


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Logged, Path]]:
    """One training with everything, logged from another folder."""
    root, elsewhere = tmp_path_factory.mktemp("project"), tmp_path_factory.mktemp("elsewhere")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.chdir(elsewhere)
        store = tracking.begin(str(root))
        made = tracking.log(store, trackable.whole())
        assert trackable.below(elsewhere) == []
        assert "MLFLOW_TRACKING_URI" not in os.environ
        yield store, made, root


def client(store: Store) -> Any:
    from mlflow import MlflowClient

    return MlflowClient(store.uri)


def python(code: str, *args: str | Path, cwd: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *args], cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


# --- what is logged ----------------------------------------------------------------------------------------------


def test_to_import_the_module_loads_no_mlflow(tmp_path: Path) -> None:
    code = "import sys; import trinity_guard.training.tracking.runs; print([m for m in sys.modules if 'mlflow' in m])"
    out, err = python(code, cwd=tmp_path).communicate()
    assert (out, err) == (b"[]\n", b"")


def test_parameters_metrics_and_tags_are_logged_and_long_values_say_that_they_were_cut(
    logged: tuple[Store, Logged, Path],
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


def test_the_dataset_is_named_by_its_md5(logged: tuple[Store, Logged, Path]) -> None:
    store, made, _ = logged
    (given,) = client(store).get_run(made.run_id).inputs.dataset_inputs
    assert given.dataset.digest == "a" * 32
    assert given.dataset.name == "training_dataset.csv"
    assert {t.key: t.value for t in given.tags}["md5"] == "a" * 32
    assert "data/training_dataset.csv" in given.dataset.source


@pytest.mark.parametrize("kind", names.MAX_LENGTH)
def test_the_longest_name_that_is_taken_is_one_that_mlflow_takes(root: Path, kind: str) -> None:
    longest = "é" * names.MAX_LENGTH[kind]
    assert not names.objection(kind, longest)
    assert names.objection(kind, longest + "é")
    field = {names.EXPERIMENT: "experiment", names.RUN: "name", names.REGISTERED: "register"}[kind]
    model = {"model": trackable.model(), "example": trackable.table().head(3)} if field == "register" else {}
    made = tracking.log(tracking.begin(str(root)), trackable.record(**{field: longest}, **model))
    assert bool(made.registered_version) == bool(model)


@pytest.mark.parametrize("name", ["a/b", "a:b", ".", "..", "..a", " ", "\n"])
def test_what_mlflow_refuses_as_a_registered_models_name_is_objected_to(name: str) -> None:
    from mlflow.exceptions import MlflowException
    from mlflow.utils.validation import _validate_model_name

    with pytest.raises(MlflowException):
        _validate_model_name(name)
    assert names.objection(names.REGISTERED, name)


@pytest.mark.parametrize("name", ["m", ".m", "a..b", "a b", "é", "-m", "m."])
def test_what_mlflow_takes_as_a_registered_models_name_is_taken(name: str) -> None:
    from mlflow.utils.validation import _validate_model_name

    _validate_model_name(name)
    assert not names.objection(names.REGISTERED, name)


def test_a_dataset_whose_name_is_all_escapes_is_logged(root: Path) -> None:
    path = os.fsdecode(b"\xff" * 120 + b".csv")
    rows = trackable.table()
    made = tracking.log(
        tracking.begin(str(root)), trackable.record(dataset_path=path, dataset_md5="a" * 32, dataset_frame=rows)
    )
    found = client(tracking.begin(str(root))).get_run(made.run_id)
    assert "[cut: 724 characters]" in found.inputs.dataset_inputs[0].dataset.name


def test_plots_and_files_lie_in_the_projects_folder(logged: tuple[Store, Logged, Path]) -> None:
    _, made, root = logged
    folder = root / "mlartifacts" / made.run_id / "artifacts"
    assert trackable.below(folder) == ["card.md", "curves/roc.csv", "plots/calibration.png", "plots/roc.png"]
    assert (folder / "card.md").read_bytes() == b"# A card\n"
    assert (folder / "plots" / "roc.png").read_bytes().startswith(b"\x89PNG")
    assert not (root / "mlruns").exists()


def test_the_trials_of_a_search_are_runs_below_it(logged: tuple[Store, Logged, Path]) -> None:
    store, made, _ = logged
    runs = client(store).search_runs(
        [made.experiment_id], f"tags.`mlflow.parentRunId` = '{made.run_id}'", order_by=["attributes.run_name ASC"]
    )
    found = [(r.info.run_name, r.info.status, r.data.params["depth"], r.data.metrics["f1_overflow"]) for r in runs]
    assert found == [("trial 1", "FINISHED", "2", 0.52), ("trial 2", "FINISHED", "3", 0.53)]


def test_the_model_loads_by_its_alias_without_a_question_and_says_the_same(logged: tuple[Store, Logged, Path]) -> None:
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
    assert (served.predict(floats) == own.predict(rows)).all()


def test_the_model_is_signed_with_floats_has_an_example_and_the_given_requirements(
    logged: tuple[Store, Logged, Path],
) -> None:
    import mlflow.models

    _, _, root = logged
    (folder,) = (p.parent for p in (root / "mlartifacts" / "models").rglob("MLmodel"))
    known = mlflow.models.Model.load(str(folder))
    assert {c.name: c.type.name for c in known.signature.inputs.inputs} == {
        "theme": "string", "chars": "double", "words": "double",
    }  # fmt: skip
    assert (folder / "requirements.txt").read_text().split()[1:] == trackable.REQUIREMENTS  # MLflow puts itself first
    assert (folder / "input_example.json").exists()
    assert known.flavors["sklearn"]["serialization_format"] == "pickle"


def test_a_registered_version_bears_the_alias_and_what_it_was_made_of(logged: tuple[Store, Logged, Path]) -> None:
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


def test_a_release_marks_its_version(logged: tuple[Store, Logged, Path]) -> None:
    store, made, _ = logged
    assert made.registered_version
    tracking.mark(store, trackable.MODEL, made.registered_version, {"semver": "v1.2.0"}, "prod")
    released = tracking.champion(store, trackable.MODEL, alias="prod")
    assert released is not None
    assert released["tags"]["semver"] == "v1.2.0"
    assert tracking.champion(store, trackable.MODEL) == released


def test_the_url_is_the_one_that_the_ui_shows_it_at(logged: tuple[Store, Logged, Path]) -> None:
    _, made, _ = logged
    page = f"http://127.0.0.1:5000/#/experiments/{made.experiment_id}/runs/{made.run_id}"
    assert made.url == f"{page}?workflowType=machine_learning"


# --- where -------------------------------------------------------------------------------------------------------


def test_the_files_belong_to_the_user_alone(root: Path) -> None:
    old = os.umask(0)
    try:
        tracking.log(tracking.store(str(root)), trackable.record(files={"a": b"1"}))
    finally:
        os.umask(old)
    modes = {p.name: oct(p.stat().st_mode & 0o777) for p in root.iterdir()}
    assert modes == {"mlflow.db": "0o600", "mlflow.db.lock": "0o600", "mlartifacts": "0o700"}


@pytest.mark.parametrize("name", ["a b", 'it\'s "q"', "h#x", "50%41%", "q?x=1", "ünï 日本"])
def test_a_root_may_be_called_anything(root: Path, name: str) -> None:
    place = root / name
    place.mkdir()
    store = tracking.store(str(place))
    made = tracking.log(store, trackable.record(files={"card.md": b"x"}))
    assert trackable.below(root) == [
        f"{name}/mlartifacts/{made.run_id}/artifacts/card.md", f"{name}/mlflow.db", f"{name}/mlflow.db.lock",
    ]  # fmt: skip
    assert list(Path.cwd().iterdir()) == []
    run = client(store).get_run(made.run_id)
    assert [f.path for f in client(store).list_artifacts(made.run_id)] == ["card.md"]
    assert run.data.metrics == {"f1_overflow": 0.7052}


def test_another_experiment_keeps_the_address_of_its_artifacts(root: Path, tmp_path: Path) -> None:
    store = tracking.store(str(root))
    tracking.log(store, trackable.record())
    own = (tmp_path / "shared" / "mlartifacts").as_uri()
    number = client(store).create_experiment("my own", artifact_location=own)
    precious = client(store).create_run(number).info.run_id
    client(store).log_text(precious, "precious", "note.txt")
    tracking.log(tracking.store(str(root)), trackable.record())
    assert client(store).get_experiment(number).artifact_location == own
    assert [f.path for f in client(store).list_artifacts(precious)] == ["note.txt"]


def test_an_experiment_whose_artifacts_are_kept_elsewhere_on_purpose_is_logged_to(root: Path, tmp_path: Path) -> None:
    store = tracking.store(str(root))
    tracking.log(store, trackable.record())
    shared = tmp_path / "shared" / "mlartifacts"
    shared.mkdir(parents=True)
    client(store).create_experiment("my own", artifact_location=shared.as_uri())
    made = tracking.log(store, trackable.record(experiment="my own", files={"card.md": b"x"}))
    assert trackable.below(shared) == [f"{made.run_id}/artifacts/card.md"]


def logged_and_elsewhere(root: Path, elsewhere: Path, how: Callable[[Path, Path], object]) -> tuple[Store, Logged]:
    """Log a run, move or copy the project, and return the store there."""
    made = tracking.log(tracking.store(str(root)), trackable.record(files={"card.md": b"x"}))
    how(root, elsewhere)
    return tracking.store(str(elsewhere)), made


@pytest.mark.parametrize("how", [shutil.copytree, shutil.move], ids=["copied", "moved"])
def test_a_project_that_was_moved_or_copied_is_said_with_what_helps_and_nothing_is_touched(
    root: Path, tmp_path: Path, how: Callable[[Path, Path], object]
) -> None:
    there = tmp_path / "elsewhere it is"
    store, made = logged_and_elsewhere(root, there, how)
    before = {p: p.read_bytes() for p in root.rglob("*") if p.is_file()}
    with pytest.raises(GuardError, match=r"'layout'.*mlflow\.db.*was moved or copied") as refused:
        tracking.log(store, trackable.record(files={"card.md": b"y"}))
    assert refused.value.exit_code == UNUSABLE
    assert str(root / "mlartifacts") in refused.value.problem
    assert {p: p.read_bytes() for p in root.rglob("*") if p.is_file()} == before
    assert root.exists() == bool(before)
    assert client(store).get_run(made.run_id).info.artifact_uri.startswith(root.as_uri())
    runs = client(store).search_runs([made.experiment_id])
    assert [run.info.run_id for run in runs] == [made.run_id]


def test_what_is_advised_after_a_move_lets_the_next_training_be_logged_here(root: Path, tmp_path: Path) -> None:
    there = tmp_path / "moved"
    store, _ = logged_and_elsewhere(root, there, shutil.move)
    with pytest.raises(GuardError) as refused:
        tracking.log(store, trackable.record())
    advised = refused.value.remedy.splitlines()[0].partition("     #")[0]
    mlflow = f"{shlex.quote(sys.executable)} -m mlflow"
    subprocess.run(advised.replace(" mlflow ", f" {mlflow} "), shell=True, check=True, cwd=there, capture_output=True)
    made = tracking.log(tracking.store(str(there)), trackable.record(files={"card.md": b"y"}))
    assert not root.exists()
    assert (there / "mlartifacts" / made.run_id / "artifacts" / "card.md").read_bytes() == b"y"


def test_a_link_where_a_moved_project_was_makes_all_of_its_artifacts_be_found(root: Path, tmp_path: Path) -> None:
    store, first = logged_and_elsewhere(root, tmp_path / "moved", shutil.move)
    root.symlink_to(tmp_path / "moved")
    second = tracking.log(store, trackable.record(files={"card.md": b"y"}))
    for made in (first, second):
        assert [f.path for f in client(store).list_artifacts(made.run_id)] == ["card.md"]


@pytest.mark.slow
def test_the_users_own_sqlite_is_used_with_its_artifacts_beside_it(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{own}/runs.db")
    store = tracking.store(str(root))
    made = tracking.log(store, trackable.record(files={"card.md": b"x"}))
    assert not store.embedded
    assert list(root.iterdir()) == []
    assert trackable.below(own) == [f"mlartifacts/{made.run_id}/artifacts/card.md", "runs.db"]
    assert os.environ["MLFLOW_TRACKING_URI"] == f"sqlite:///{own}/runs.db"


@pytest.mark.parametrize("uri", ["file:///tmp/runs", "file:runs", "./mlruns", "/tmp/mlruns"])
def test_a_folder_as_a_store_is_refused_with_what_to_do_instead(
    root: Path, monkeypatch: pytest.MonkeyPatch, uri: str
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    with pytest.raises(GuardError, match="plain folders") as refused:
        tracking.store(str(root))
    assert refused.value.exit_code == UNUSABLE
    assert "unset MLFLOW_TRACKING_URI" in refused.value.remedy


@pytest.mark.parametrize("uri", ["databricks", "databricks://profile", "azureml://region/x"])
def test_what_mlflow_alone_knows_passes_through(root: Path, monkeypatch: pytest.MonkeyPatch, uri: str) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    assert tracking.store(str(root)).uri == uri


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
        tracking.log(store, trackable.record(figures={"roc": Broken()}))
    made = tracking.log(store, trackable.record(name="second"))
    runs = client(store).search_runs([made.experiment_id])
    assert {r.info.run_name: r.info.status for r in runs} == {"first": "FAILED", "second": "FINISHED"}


def test_a_run_that_the_caller_has_open_is_not_touched(root: Path, tmp_path: Path) -> None:
    import mlflow

    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/outer.db")  # MLflow sets the variable itself
    try:
        with mlflow.start_run(experiment_id=mlflow.create_experiment("outer", tmp_path.as_uri())) as outer:
            store = tracking.store(str(root))
            made = tracking.log(store, trackable.record())
            assert mlflow.active_run().info.run_id == outer.info.run_id != made.run_id
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
        tracking.log(tracking.store(str(root)), trackable.record())


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
        "run = trackable.whole()\n"
        "tracking.log(store, run)\n"
        "tracking.champion(store, trackable.MODEL)\n"
        "if out: sys.exit(repr(out))\n"
    )
    process = python(f"import sys; sys.path.insert(0, {str(PROJECT)!r})\n{code}", tmp_path, cwd=tmp_path)
    assert process.communicate() == (b"", b"")
    assert process.returncode == 0
    assert (tmp_path / "mlflow.db").exists()


@pytest.mark.slow
def test_two_trainings_at_once_on_a_new_store_both_are_logged(tmp_path: Path) -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(PROJECT)!r})\n"
        "from tests.training import trackable\n"
        "from trinity_guard.training.tracking import runs as tracking\n"
        "print(tracking.log(tracking.store(sys.argv[1]), trackable.whole(figures={})).registered_version)\n"
    )
    both = [python(code, tmp_path, cwd=tmp_path) for _ in range(2)]
    left = [p.communicate() for p in both]
    assert [err for _, err in left] == [b"", b""]
    assert sorted(out for out, _ in left) == [b"1\n", b"2\n"]


LOG = (
    f"import sys; sys.path.insert(0, {str(PROJECT)!r})\n"
    "from tests.training import trackable\n"
    "from trinity_guard.training.tracking import runs as tracking\n"
    "tracking.log(tracking.store(sys.argv[1]), trackable.record())\n"
)


@pytest.mark.slow
@pytest.mark.parametrize("size", [100_000, 400_000, 800_000])
def test_a_kill_while_the_tables_are_made_leaves_a_store_that_the_next_training_makes_anew(
    tmp_path: Path, size: int
) -> None:
    process = python(LOG, tmp_path, cwd=tmp_path)
    while not any(p.stat().st_size >= size for p in _databases(tmp_path)):
        assert process.poll() is None, "it ended before the tables were of this size"
        time.sleep(0.002)
    process.kill()
    process.communicate()
    assert (tmp_path / "mlflow.db.new").exists()
    assert not (tmp_path / "mlflow.db").exists()
    again = python(LOG, tmp_path, cwd=tmp_path)
    assert again.communicate() == (b"", b"")
    assert again.returncode == 0
    assert sorted(p.name for p in tmp_path.glob("mlflow*")) == ["mlflow.db", "mlflow.db.lock"]


def _databases(folder: Path) -> list[Path]:
    return [folder / name for name in ("mlflow.db", "mlflow.db.new") if (folder / name).exists()]


def test_what_a_killed_training_left_of_its_tables_is_not_gone_on_with(root: Path) -> None:
    for name in ("mlflow.db.new", "mlflow.db.new-journal", "mlflow.db.new-wal", "mlflow.db-journal"):
        (root / name).write_bytes(b"half of it")
    (root / "mlflow.db").touch()
    tracking.log(tracking.store(str(root)), trackable.record())
    assert sorted(p.name for p in root.iterdir()) == ["mlartifacts", "mlflow.db", "mlflow.db.lock"]


def test_a_database_that_was_left_half_made_is_named_with_the_way_on(root: Path) -> None:
    tracking.log(tracking.store(str(root)), trackable.record())
    with contextlib.closing(sqlite3.connect(root / "mlflow.db")) as database:
        database.executescript("DROP TABLE model_versions; DELETE FROM alembic_version;")
    _forget_engines()
    with pytest.raises(GuardError, match=r"tables of sqlite:///mlflow\.db were never finished") as refused:
        tracking.log(tracking.store(str(root)), trackable.record())
    assert "mv mlflow.db mlflow.db.old" in refused.value.remedy


def test_tables_that_cannot_be_made_leave_nothing_half_made(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlflow.store.db import utils

    def fails(engine: Any) -> None:
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE experiments (x)")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(utils, "_initialize_tables", fails)
    with pytest.raises(GuardError, match="No space left on device"):
        tracking.log(tracking.store(str(root)), trackable.record())
    assert sorted(p.name for p in root.iterdir()) == ["mlartifacts", "mlflow.db.lock"]


@pytest.mark.slow
def test_a_training_ends_though_ctrl_c_left_the_import_lock_taken(tmp_path: Path) -> None:
    """What Ctrl-C may do in the midst of an import: it hung there for ever."""
    code = (
        "import _imp, sys\n"
        "from trinity_guard.training.tracking import store as stores\n"
        "store = stores.store(sys.argv[1])\n"
        "_imp.acquire_lock()\n"
        "store.begin()\n"
        "store.give_up()\n"
        "print('ended')\n"
    )
    process = python(code, tmp_path, cwd=tmp_path)
    try:
        assert process.communicate(timeout=60) == (b"ended\n", b"")
    finally:
        process.kill()
    assert process.returncode == 0


def test_asking_for_a_champion_makes_no_store(root: Path) -> None:
    assert tracking.champion(tracking.store(str(root)), trackable.MODEL) is None
    assert list(root.iterdir()) == []


@pytest.mark.parametrize("what", ["text", "folder"])
def test_a_file_that_is_no_database_is_refused_at_once_and_left_alone(root: Path, what: str) -> None:
    file = root / "mlflow.db"
    if what == "text":
        file.write_bytes(b"outs:\n- md5: 0123\n")
    else:
        file.mkdir()
    store = tracking.begin(str(root))
    with pytest.raises(GuardError, match=r"mlflow\.db") as refused:
        tracking.log(store, trackable.record())
    assert refused.value.exit_code == UNUSABLE
    assert refused.value.remedy
    assert file.is_dir() if what == "folder" else file.read_bytes() == b"outs:\n- md5: 0123\n"


def test_tables_of_another_version_are_named_with_the_command_that_mends_them(root: Path) -> None:
    tracking.log(tracking.store(str(root)), trackable.record())
    with sqlite3.connect(root / "mlflow.db") as database:
        database.execute("UPDATE alembic_version SET version_num = 'cc1f77228345'")
    database.close()
    _forget_engines()
    with pytest.raises(GuardError, match="another version of MLflow") as refused:
        tracking.log(tracking.store(str(root)), trackable.record())
    assert "mlflow db upgrade sqlite:///mlflow.db" in refused.value.remedy


def _forget_engines() -> None:
    """MLflow looks at the version once a process and store; the next one is another process."""
    from mlflow.tracking._tracking_service.utils import _tracking_store_registry

    _tracking_store_registry._get_store_with_resolved_uri.cache_clear()


def test_a_deleted_experiment_is_named_with_the_command_that_restores_it(root: Path) -> None:
    store = tracking.store(str(root))
    made = tracking.log(store, trackable.record())
    client(store).delete_experiment(made.experiment_id)
    with pytest.raises(GuardError, match=r"'layout'.*was deleted") as refused:
        tracking.log(store, trackable.record())
    assert f"mlflow experiments restore --experiment-id {made.experiment_id}" in refused.value.remedy


# --- Git ---------------------------------------------------------------------------------------------------------


def test_database_and_artifacts_are_kept_out_of_git(bare_repo: Repo) -> None:
    root = bare_repo.path
    tracking.log(tracking.store(str(root)), trackable.record(files={"model.bin": b"x"}))
    (root / "mlruns").mkdir()
    (root / "mlruns" / "x").write_bytes(b"x")
    assert bare_repo.git("status", "--porcelain").stdout.count(b"ml") == 4
    assert tracking.ignore(str(root)) == ["/mlflow.db*", "/mlartifacts/", "/mlruns/"]
    assert bare_repo.git("status", "--porcelain").stdout == b"?? .gitignore\n"
    assert tracking.ignore(str(root)) == tracking.ignored(str(root)) == []


@pytest.mark.parametrize(
    ("before", "added"),
    [
        (b"", b"/mlflow.db*\n/mlartifacts/\n/mlruns/\n"),
        (b"*.log\r\n\xff\n", b"/mlflow.db*\n/mlartifacts/\n/mlruns/\n"),
        (b"no newline", b"\n/mlflow.db*\n/mlartifacts/\n/mlruns/\n"),
        (b"/mlruns/\r\n/mlartifacts/\n", b"/mlflow.db*\n"),
        (b"/mlflow.db*\n/mlartifacts/\n/mlruns/\n!/mlflow.db\n", b"/mlflow.db*\n/mlartifacts/\n/mlruns/\n"),
    ],
)
def test_every_other_byte_of_the_gitignore_stays(tmp_path: Path, before: bytes, added: bytes) -> None:
    (tmp_path / ".gitignore").write_bytes(before)
    tracking.ignore(str(tmp_path))
    assert (tmp_path / ".gitignore").read_bytes() == before + added


def test_a_gitignore_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"x\n")
    (tmp_path / ".gitignore").symlink_to("real")
    with pytest.raises(GuardError, match="symlink"):
        tracking.ignore(str(tmp_path))
    assert (tmp_path / "real").read_bytes() == b"x\n"


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
