"""Which store is logged to, and what of MLflow's trouble is said."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

import pytest

from tests.training import trackable
from tests.training.tracking.test_runs import python
from trinity_guard.errors import UNUSABLE, GuardError
from trinity_guard.training.tracking import runs as tracking


def test_to_import_the_module_loads_no_mlflow(tmp_path: Path) -> None:
    code = "import sys; import trinity_guard.training.tracking.runs; print([m for m in sys.modules if 'mlflow' in m])"
    out, err = python(code, cwd=tmp_path).communicate()
    assert (out, err) == (b"[]\n", b"")


@pytest.mark.slow
def test_the_users_own_sqlite_is_used_with_its_artifacts_beside_it(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{own}/runs.db")
    store = tracking.store(str(root))
    made = trackable.log(store, files={"card.md": b"x"})
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
    assert tracking.store(str(root)).unasked


def test_what_is_asked_before_mlflow_is_loaded_needs_no_second_question(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not tracking.store(str(root)).unasked
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{root}/own.db")
    assert not tracking.store(str(root)).unasked


def test_a_database_that_was_left_half_made_is_named_with_the_way_on(root: Path) -> None:
    trackable.log(tracking.store(str(root)))
    with contextlib.closing(sqlite3.connect(root / "mlflow.db")) as database:
        database.executescript("DROP TABLE model_versions; DELETE FROM alembic_version;")
    _forget_engines()
    with pytest.raises(GuardError, match=r"tables of sqlite:///mlflow\.db were never finished") as refused:
        trackable.log(tracking.store(str(root)))
    assert "mv mlflow.db mlflow.db.old" in refused.value.remedy


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


def test_tables_of_another_version_are_named_with_the_command_that_mends_them(root: Path) -> None:
    trackable.log(tracking.store(str(root)))
    with sqlite3.connect(root / "mlflow.db") as database:
        database.execute("UPDATE alembic_version SET version_num = 'cc1f77228345'")
    database.close()
    _forget_engines()
    with pytest.raises(GuardError, match="another version of MLflow") as refused:
        trackable.log(tracking.store(str(root)))
    assert "mlflow db upgrade sqlite:///mlflow.db" in refused.value.remedy


def _forget_engines() -> None:
    """MLflow looks at the version once a process and store; the next one is another process."""
    from mlflow.tracking._tracking_service.utils import _tracking_store_registry

    _tracking_store_registry._get_store_with_resolved_uri.cache_clear()
