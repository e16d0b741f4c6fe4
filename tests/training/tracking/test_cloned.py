"""A store that came with a clone is not opened before it is trusted, and no artifact is written where it says."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.support import run
from trinity_guard.errors import BLOCKED
from trinity_guard.git import events
from trinity_guard.remotes import trust
from trinity_guard.training.tracking import runs, sqlite, ui


@pytest.fixture
def clone(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository, which we are in."""
    run("git", "init", "-q", root)
    monkeypatch.chdir(root)
    return root


def track(root: Path, *names: str, data: bytes = sqlite.HEADER) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    run("git", "add", "-f", "--", *names, cwd=root)


def refused(root: Path) -> trust.Untrusted:
    with pytest.raises(trust.Untrusted) as error:
        runs.store(str(root))
    assert error.value.exit_code == BLOCKED
    return error.value


def obey(*commands: str) -> None:
    for command in commands:
        subprocess.run(["sh", "-c", command], check=True)  # what a message says, as it says it


def link(root: Path) -> None:
    (root / "mlartifacts").symlink_to("../elsewhere")
    run("git", "add", "mlartifacts", cwd=root)


def point(root: Path) -> None:
    (root / "mlflow.db").write_bytes(sqlite.HEADER)
    track(root, "mlflow.db.dvc", data=b"outs:\n")


CASES: dict[str, Callable[[Path], None]] = {
    "mlflow.db": lambda root: track(root, "mlflow.db"),
    "mlflow.db-journal": lambda root: track(root, "mlflow.db-journal"),
    "mlflow.db, mlflow.db-wal": lambda root: track(root, "mlflow.db", "mlflow.db-wal"),
    "mlartifacts": link,
    "mlartifacts ": lambda root: track(root, "mlartifacts/note.txt"),
    "mlflow.db ": point,
}


@pytest.mark.parametrize("name", CASES)
def test_what_git_has_of_a_store_is_refused_until_it_is_confirmed_or_put_aside(clone: Path, name: str) -> None:
    CASES[name](clone)
    error = refused(clone)
    assert error.problem.startswith(f"{name.strip()}: it is in Git's index")
    confirm, *aside = error.remedy.splitlines()
    obey(confirm)
    assert runs.store(str(clone)).embedded
    obey("git config --unset-all trinity-guard.trusted", *aside)
    assert runs.store(str(clone)).embedded


@pytest.mark.parametrize("names", [[], ["mlflow.db.old"], ["models/mlflow.db"]])
def test_ones_own_store_is_nobodys_business(clone: Path, names: list[str]) -> None:
    (clone / "mlflow.db").write_bytes(sqlite.HEADER)
    (clone / "mlartifacts").mkdir()
    if names:
        track(clone, *names)
    assert runs.store(str(clone)).embedded


def test_a_folder_is_found_whose_name_has_two_lines(tmp_path: Path) -> None:
    root = tmp_path / "a\nb"
    run("git", "init", "-q", root)
    track(root, "mlflow.db")
    assert "it is in Git's index" in refused(root).problem


def test_outside_of_git_there_is_nothing_to_ask(root: Path) -> None:
    (root / "mlflow.db").write_bytes(sqlite.HEADER)
    assert runs.store(str(root)).embedded


def test_a_commit_that_changes_it_is_asked_about_again_and_a_training_is_not(clone: Path) -> None:
    track(clone, "mlflow.db")
    obey(refused(clone).remedy.splitlines()[0])
    (clone / "mlflow.db").write_bytes(sqlite.HEADER + b"a run")
    assert runs.store(str(clone)).embedded
    run("git", "add", "mlflow.db", cwd=clone)
    refused(clone)


def test_from_another_folder_the_message_names_what_helps_there(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    track(clone, "mlflow.db")
    below = clone / "data"
    below.mkdir()
    monkeypatch.chdir(below)
    error = refused(clone)
    assert error.problem.startswith("../mlflow.db: ")
    obey(*error.remedy.splitlines()[1:])
    assert (clone / "mlflow.db.theirs").exists()
    assert runs.store(str(clone)).embedded


def test_the_environment_trusts_and_a_file_of_the_clone_does_not(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    track(clone, "mlflow.db", "mlartifacts/note.txt")
    track(clone, ".gitconfig", data=b"[trinity-guard]\n\ttrust = true\n")
    run("git", "config", "include.path", "../.gitconfig", cwd=clone)
    refused(clone)
    monkeypatch.setenv("TRINITY_GUARD_TRUST", "1")
    assert runs.store(str(clone)).embedded


def test_in_a_pull_request_what_it_starts_from_is_trusted_and_what_it_changes_is_not(
    clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    track(clone, "mlflow.db", "mlartifacts/b/note.txt", "mlartifacts/a")
    run("git", "commit", "-qm", "A store", cwd=clone)
    base = run("git", "rev-parse", "HEAD", cwd=clone).stdout.strip()
    monkeypatch.setattr(events, "trusted_base", lambda _: base)
    refused(clone)
    monkeypatch.setenv("TRINITY_GUARD_TRUST", "1")
    assert runs.store(str(clone)).embedded
    track(clone, "mlartifacts/a", data=b"changed")
    assert refused(clone).problem.startswith("mlartifacts, mlflow.db: ")


@pytest.mark.parametrize("uri", ["sqlite:///runs/own.db", "sqlite+pysqlite:///{0}/runs/own.db?timeout=3"])
def test_a_database_that_a_variable_names_is_no_more_believed(
    clone: Path, monkeypatch: pytest.MonkeyPatch, uri: str
) -> None:
    track(clone, "runs/own.db")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri.format(clone))
    assert refused(clone).problem.startswith("runs/own.db: ")


def test_one_where_a_link_leads_is_asked_about_there(clone: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    run("git", "init", "-q", theirs)
    track(theirs, "mlflow.db")
    (clone / "mlflow.db").symlink_to(theirs / "mlflow.db")
    error = refused(clone)
    assert error.problem.startswith("../theirs/mlflow.db: ")
    obey(error.remedy.splitlines()[0])
    assert runs.store(str(clone)).embedded


def test_the_pages_are_not_served_of_it(clone: Path) -> None:
    track(clone, "mlflow.db")
    with pytest.raises(trust.Untrusted):
        ui.Site(str(clone), 5000)


@pytest.mark.parametrize(
    ("uri", "file"),
    [
        ("sqlite:///own.db", "own.db"), ("sqlite:////a/own.db?timeout=3", "/a/own.db"), ("SQLITE:///x", "x"),
        ("sqlite+pysqlite:///x", "x"), ("sqlite:///file:a%20b?uri=true", "a b"), ("sqlite://", ""),
        ("postgresql://h/x", ""), ("sqliteful:///x", ""),
    ],
)  # fmt: skip
def test_an_address_names_its_file(uri: str, file: str) -> None:
    assert sqlite.file_of(uri) == file
