"""A repository whose refs Git keeps in tables (`git init --ref-format=reftable`, since Git 2.45)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.helpers.migrations import Legacy, out, refused
from tests.helpers.support import KB, PROJECT, require, run


@pytest.fixture
def tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Legacy:
    path = tmp_path / "work"
    if not made(path):
        monkeypatch.setenv("PATH", f"{PROJECT / '.servers' / 'git' / 'bin'}:{os.environ['PATH']}")
        if not made(path):
            require("Git that knows reftable (since 2.45; .ci/servers makes one)")
    repo = Legacy(path)
    repo.add("code.py", b"print(1)\n")
    repo.add("models/a.pkl", 10 * KB)
    repo.git("branch", "side")
    repo.add("models/a.pkl", 12 * KB)
    repo.git("tag", "-a", "-m", "first", "v1")
    return repo


def made(path: Path) -> bool:
    return run("git", "init", "-q", "-b", "main", "--ref-format=reftable", path, ok=False).returncode == 0


def test_its_history_is_moved_proved_and_brought_back(tables: Legacy, tmp_path: Path) -> None:
    before = {**tables.everything(), "head": tables.git("symbolic-ref", "HEAD").stdout}
    out(tables, "run", "--everything", "--yes", "--push", "--remote", str(tmp_path / "storage"))
    assert tables.tracked("models/a.pkl.dvc", "v1")
    assert "every byte is there" in out(tables, "verify", "--sample", "2")
    out(tables, "undo")
    assert {**tables.everything(), "head": tables.git("symbolic-ref", "HEAD").stdout} == before


def test_a_finish_lets_its_reflogs_go_but_for_a_stash(tables: Legacy, tmp_path: Path) -> None:
    old = tables.head_of("main")
    out(tables, "run", "--everything", "--yes", "--push", "--remote", str(tmp_path / "storage"))
    tables.write("code.py", b"print(2)\n")
    tables.git("stash", "-q")
    out(tables, "verify", "--sample", "0")
    out(tables, "finish", "--yes")
    assert tables.git("cat-file", "-e", old, ok=False).returncode
    assert tables.git("stash", "list").stdout.count(b"\n") == 1


def test_dvc_cannot_be_set_up_there_which_is_said_before_anything_is_written(tables: Legacy) -> None:
    said = tables.guard("init", ok=False)
    assert said.returncode == 2
    assert not tables.file(".dvc").exists()
    command = said.stderr.decode().splitlines()[1].partition("   #")[0].strip()
    words = command.split()
    assert words[:3] == ["git", "refs", "migrate"] or words[:3] == ["git", "clone", "--ref-format=files"]
    tables.git(*words[1:])
    there = Legacy(tables.path.parent / "work-files") if words[1] == "clone" else tables
    there.guard("init", "-q")
    assert "no file" not in out(there, "info")


def test_its_commits_are_guarded_once_dvc_is_there(tables: Legacy, tmp_path: Path) -> None:
    out(tables, "run", "--everything", "--yes", "--push", "--remote", str(tmp_path / "storage"))
    tables.guard("init", "-q")
    tables.git("add", "-A")
    tables.git("commit", "-q", "-m", "guard it")
    tables.write("models/new.pkl", b"\xff" * 999)
    tables.git("add", "models/new.pkl")
    tables.git("commit", "-q", "-m", "new")
    assert tables.tracked("models/new.pkl.dvc", "HEAD")
    assert "earlier migration" in refused(tables, "run", "--yes", code=2)
