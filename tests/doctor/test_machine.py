"""This machine: versions against the oldest that work, room on the disks, files that Git left."""

from __future__ import annotations

import importlib.metadata
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.helpers.support import Repo
from trinity_guard import git
from trinity_guard.doctor import machine
from trinity_guard.doctor.checks import ERROR, OK, WARNING, Repository


@pytest.mark.parametrize(
    ("version", "oldest", "level"),
    [
        ("3.67.1", "3.60", OK),
        ("3.60", "3.60", OK),
        ("3.59", "3.60", ERROR),
        ("", "3.60", ERROR),
        ("3.1", "", WARNING),
    ],
)
def test_a_version_against_the_oldest_that_works(version: str, oldest: str, level: str) -> None:
    check = machine.judged("dvc", version, oldest)
    assert check.level == level
    assert bool(check.remedy) == (level != OK)


def test_the_oldest_versions_are_those_of_the_project() -> None:
    required = machine.required()
    assert required["dvc"] == "3.60"
    assert {"dvc-s3", "dvc-gs", "dvc-azure", "dvc-ssh", "dvc-webdav"} <= set(required)
    assert machine.installed("dvc") == importlib.metadata.version("dvc")
    assert machine.installed("no-such-package") == ""


@pytest.mark.parametrize(
    ("words", "level"),
    [("2.45.1", OK), ("2.30.0", WARNING), ("2.20.0", ERROR), ("unknown", WARNING)],
)
def test_a_git_against_the_oldest_that_works(monkeypatch: pytest.MonkeyPatch, words: str, level: str) -> None:
    monkeypatch.setattr("trinity_guard.git.version.run", lambda *_: f"git version {words}\n".encode())
    assert machine.git_version(Repository(git.Place(b"", b"", b""))).level == level


@pytest.mark.parametrize(
    ("free", "files", "level"),
    [(10**12, 10**6, OK), (10**8 * 5, 10**6, WARNING), (10**7, 10**6, ERROR), (10**12, 5, ERROR)],
)
def test_room_on_the_disks(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch, free: int, files: int, level: str) -> None:
    monkeypatch.chdir(bare_repo.path)
    room = SimpleNamespace(f_bavail=free, f_frsize=1, f_files=10**6, f_favail=files)
    monkeypatch.setattr(os, "statvfs", lambda _: room)
    assert machine.disks(Repository(git.place())).level == level


def test_the_nearest_folder_that_is_there(tmp_path: Path) -> None:
    assert machine.existing(os.fsencode(tmp_path / "a" / "b")) == os.fsencode(tmp_path)
    assert machine.existing(b"/") == b"/"


def test_a_folder_that_cannot_be_written_to_is_named_where_it_is(
    bare_repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(bare_repo.path)
    room = SimpleNamespace(f_bavail=10**12, f_frsize=1, f_files=10**6, f_favail=10**6)
    monkeypatch.setattr(os, "statvfs", lambda _: room)
    monkeypatch.setattr(os, "access", lambda path, _: b"/.git" not in os.fsencode(path))
    found = machine.disks(Repository(git.place()))
    assert found.level == ERROR
    assert found.remedy == f"ls -ld {bare_repo.path}/.git     # whose is it?"


def test_a_lock_is_an_error_once_it_is_old(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(bare_repo.path)
    subject = Repository(git.place())
    assert machine.locks(subject).level == OK
    bare_repo.write(".git/index.lock", b"")
    assert machine.locks(subject).level == WARNING
    os.utime(bare_repo.file(".git/index.lock"), (1, 1))
    check = machine.locks(subject)
    assert (check.level, check.remedy.partition("     #")[0]) == (ERROR, f"rm {bare_repo.file('.git/index.lock')}")


def test_a_split_index_is_joined_by_fix(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(bare_repo.path)
    bare_repo.stage("x", b"1")
    bare_repo.git("update-index", "--split-index")
    check = machine.object_format(Repository(git.place()))
    assert check.level == ERROR
    assert check.mend is not None
    check.mend()
    assert machine.object_format(Repository(git.place())).level == OK
