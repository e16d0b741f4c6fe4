"""The embedded store: the user's alone, whole or not there, out of Git, and not moved along."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.support import PROJECT, Repo
from tests.training import trackable
from tests.training.trackable import Logged
from tests.training.tracking.test_runs import client, python
from trinity_guard.errors import UNUSABLE, GuardError
from trinity_guard.training.tracking import runs as tracking
from trinity_guard.training.tracking.runs import RunStore


def test_the_files_belong_to_the_user_alone(root: Path) -> None:
    old = os.umask(0)
    try:
        trackable.log(tracking.store(str(root)), files={"a": b"1"})
    finally:
        os.umask(old)
    modes = {p.name: oct(p.stat().st_mode & 0o777) for p in root.iterdir()}
    assert modes == {"mlflow.db": "0o600", "mlflow.db.lock": "0o600", "mlartifacts": "0o700"}


@pytest.mark.parametrize("name", ["a b", 'it\'s "q"', "h#x", "50%41%", "q?x=1", "ünï 日本"])
def test_a_root_may_be_called_anything(root: Path, name: str) -> None:
    place = root / name
    place.mkdir()
    store = tracking.store(str(place))
    made = trackable.log(store, files={"card.md": b"x"})
    assert trackable.below(root) == [
        f"{name}/mlartifacts/{made.run_id}/artifacts/card.md", f"{name}/mlflow.db", f"{name}/mlflow.db.lock",
    ]  # fmt: skip
    assert list(Path.cwd().iterdir()) == []
    run = client(store).get_run(made.run_id)
    assert [f.path for f in client(store).list_artifacts(made.run_id)] == ["card.md"]
    assert run.data.metrics == {"f1_overflow": 0.7052}


def test_another_experiment_keeps_the_address_of_its_artifacts(root: Path, tmp_path: Path) -> None:
    store = tracking.store(str(root))
    trackable.log(store)
    own = (tmp_path / "shared" / "mlartifacts").as_uri()
    number = client(store).create_experiment("my own", artifact_location=own)
    precious = client(store).create_run(number).info.run_id
    client(store).log_text(precious, "precious", "note.txt")
    trackable.log(tracking.store(str(root)))
    assert client(store).get_experiment(number).artifact_location == own
    assert [f.path for f in client(store).list_artifacts(precious)] == ["note.txt"]


def test_an_experiment_whose_artifacts_are_kept_elsewhere_on_purpose_is_logged_to(root: Path, tmp_path: Path) -> None:
    store = tracking.store(str(root))
    trackable.log(store)
    shared = tmp_path / "shared" / "mlartifacts"
    shared.mkdir(parents=True)
    client(store).create_experiment("my own", artifact_location=shared.as_uri())
    made = trackable.log(store, experiment=tracking.Experiment("my own"), files={"card.md": b"x"})
    assert trackable.below(shared) == [f"{made.run_id}/artifacts/card.md"]


def logged_and_elsewhere(root: Path, elsewhere: Path, how: Callable[[Path, Path], object]) -> tuple[RunStore, Logged]:
    """Log a run, move or copy the project, and return the store there."""
    made = trackable.log(tracking.store(str(root)), files={"card.md": b"x"})
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
        trackable.log(store, files={"card.md": b"y"})
    assert refused.value.exit_code == UNUSABLE
    assert str(root / "mlartifacts") in refused.value.problem
    assert {p: p.read_bytes() for p in root.rglob("*") if p.is_file()} == before
    assert root.exists() == bool(before)
    assert client(store).get_run(made.run_id).info.artifact_uri.startswith(root.as_uri())
    runs = client(store).search_runs([made.experiment_id])
    assert [run.info.run_id for run in runs] == [made.run_id]


@pytest.mark.slow
def test_what_is_advised_after_a_move_lets_the_next_training_be_logged_here(root: Path, tmp_path: Path) -> None:
    there = tmp_path / "moved"
    store, _ = logged_and_elsewhere(root, there, shutil.move)
    with pytest.raises(GuardError) as refused:
        trackable.log(store)
    advised = refused.value.remedy.splitlines()[0].partition("     #")[0]
    mlflow = f"{shlex.quote(sys.executable)} -m mlflow"
    subprocess.run(advised.replace(" mlflow ", f" {mlflow} "), shell=True, check=True, cwd=there, capture_output=True)
    made = trackable.log(tracking.store(str(there)), files={"card.md": b"y"})
    assert not root.exists()
    assert (there / "mlartifacts" / made.run_id / "artifacts" / "card.md").read_bytes() == b"y"


def test_a_link_where_a_moved_project_was_makes_all_of_its_artifacts_be_found(root: Path, tmp_path: Path) -> None:
    store, first = logged_and_elsewhere(root, tmp_path / "moved", shutil.move)
    root.symlink_to(tmp_path / "moved")
    second = trackable.log(store, files={"card.md": b"y"})
    for made in (first, second):
        assert [f.path for f in client(store).list_artifacts(made.run_id)] == ["card.md"]


@pytest.mark.slow
def test_two_trainings_at_once_on_a_new_store_both_are_logged(tmp_path: Path) -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(PROJECT)!r})\n"
        "from tests.training import trackable\n"
        "from trinity_guard.training.tracking import runs as tracking\n"
        "print(trackable.log_whole(tracking.store(sys.argv[1]), figures={}).registered_version)\n"
    )
    both = [python(code, tmp_path, cwd=tmp_path) for _ in range(2)]
    left = [p.communicate() for p in both]
    assert [err for _, err in left] == [b"", b""]
    assert sorted(out for out, _ in left) == [b"1\n", b"2\n"]


LOG = (
    f"import sys; sys.path.insert(0, {str(PROJECT)!r})\n"
    "from tests.training import trackable\n"
    "from trinity_guard.training.tracking import runs as tracking\n"
    "trackable.log(tracking.store(sys.argv[1]))\n"
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
    trackable.log(tracking.store(str(root)))
    assert sorted(p.name for p in root.iterdir()) == ["mlartifacts", "mlflow.db", "mlflow.db.lock"]


def test_tables_that_cannot_be_made_leave_nothing_half_made(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlflow.store.db import utils

    def fails(engine: Any) -> None:
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE experiments (x)")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(utils, "_initialize_tables", fails)
    with pytest.raises(GuardError, match="No space left on device"):
        trackable.log(tracking.store(str(root)))
    assert sorted(p.name for p in root.iterdir()) == ["mlartifacts", "mlflow.db.lock"]


@pytest.mark.parametrize("what", ["text", "folder"])
def test_a_file_that_is_no_database_is_refused_at_once_and_left_alone(root: Path, what: str) -> None:
    file = root / "mlflow.db"
    if what == "text":
        file.write_bytes(b"outs:\n- md5: 0123\n")
    else:
        file.mkdir()
    store = tracking.begin(str(root))
    with pytest.raises(GuardError, match=r"mlflow\.db") as refused:
        trackable.log(store)
    assert refused.value.exit_code == UNUSABLE
    assert refused.value.remedy
    assert file.is_dir() if what == "folder" else file.read_bytes() == b"outs:\n- md5: 0123\n"


def test_database_and_artifacts_are_kept_out_of_git(bare_repo: Repo) -> None:
    root = bare_repo.path
    trackable.log(tracking.store(str(root)), files={"model.bin": b"x"})
    (root / "mlruns").mkdir()
    (root / "mlruns" / "x").write_bytes(b"x")
    assert bare_repo.git("status", "--porcelain").stdout.count(b"ml") == 4
    assert tracking.ignore(str(root), tracking.store(str(root))) == ["/mlflow.db*", "/mlartifacts/", "/mlruns/"]
    assert bare_repo.git("status", "--porcelain").stdout == b"?? .gitignore\n"
    assert tracking.ignore(str(root), tracking.store(str(root))) == tracking.ignored(str(root)) == []


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
    tracking.ignore(str(tmp_path), tracking.store(str(tmp_path)))
    assert (tmp_path / ".gitignore").read_bytes() == before + added


def test_a_gitignore_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"x\n")
    (tmp_path / ".gitignore").symlink_to("real")
    with pytest.raises(GuardError, match="symlink"):
        tracking.ignore(str(tmp_path), tracking.store(str(tmp_path)))
    assert (tmp_path / "real").read_bytes() == b"x\n"


def test_a_database_of_ones_own_is_kept_out_of_git_where_it_lies_in_the_work_tree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "logs").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///logs/my runs.db")
    store = tracking.store(str(tmp_path))
    ours = ["/mlflow.db*", "/mlartifacts/", "/mlruns/"]
    assert tracking.ignore(str(tmp_path), store) == [*ours, "/logs/my runs.db*", "/logs/mlartifacts/"]
    assert tracking.ignore(str(tmp_path), store) == []
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path.parent}/runs.db")
    assert tracking.ignore(str(tmp_path), tracking.store(str(tmp_path))) == []
