"""A partial clone: what it lacks comes at once and not one by one; a whole clone asks nobody."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.git.conftest import git_dir
from tests.helpers.support import Repo, run
from trinity_guard.git import packindex, partial


def cloned(origin: Repo, path: Path, kind: str) -> Repo:
    origin.git("config", "uploadpack.allowFilter", "true")
    origin.git("config", "uploadpack.allowAnySHA1InWant", "true")
    run("git", "clone", "-q", "--no-checkout", f"--filter={kind}", f"file://{origin.path}", path)
    return Repo(path)


@pytest.fixture
def origin(here: Repo) -> Repo:
    here.git("rm", "-q", "--cached", "sub")
    here.stage("a.csv", b"second")
    here.commit()
    return here


def absent(repo: Repo, ids: list[bytes]) -> list[bytes]:
    return packindex.absent(git_dir(repo), ids)


def test_a_whole_clone_starts_no_process(here: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert partial.remote(git_dir(here)) == ""
    partial.bring(git_dir(here), [b"1" * 40])
    partial.bring_trees(git_dir(here), [b"1" * 40])
    assert partial.remote(b"/nowhere") == ""


def test_the_blobs_that_are_lacking_come_together(
    origin: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = cloned(origin, tmp_path / "clone", "blob:none")
    monkeypatch.chdir(clone.path)
    ids = [oid for mode, oid in origin.tree().values() if mode == b"100644"]
    assert partial.remote(git_dir(clone)) == "origin"
    assert set(absent(clone, ids)) == set(ids)
    before = clone.git("for-each-ref").stdout
    partial.bring(git_dir(clone), ids)
    assert absent(clone, ids) == []
    assert clone.git("for-each-ref").stdout == before
    assert not clone.file(".git/FETCH_HEAD").exists()
    packs = len(list(clone.path.glob(".git/objects/pack/*.pack")))
    partial.bring(git_dir(clone), ids)  # all here: nobody is asked
    assert len(list(clone.path.glob(".git/objects/pack/*.pack"))) == packs


def test_the_folders_that_are_lacking_come_with_those_of_the_parents(
    origin: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = cloned(origin, tmp_path / "clone", "tree:0")
    monkeypatch.chdir(clone.path)
    trees = origin.git("log", "--format=%T").stdout.split()
    assert len(trees) == 2
    assert set(absent(clone, trees)) == set(trees)
    partial.bring_trees(git_dir(clone), [origin.head().encode()])
    assert absent(clone, trees) == []


def test_the_remote_that_promised_is_found_in_either_spelling(here: Repo) -> None:
    here.git("config", "extensions.partialClone", "old")
    assert partial.remote(git_dir(here)) == "old"
    here.git("config", "remote.one.promisor", "false")
    here.git("config", "remote.Two.x.promisor", "true")
    assert partial.remote(git_dir(here)) == "Two.x"


def test_a_fetch_that_fails_is_left_to_who_reads(origin: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clone = cloned(origin, tmp_path / "clone", "blob:none")
    monkeypatch.chdir(clone.path)
    clone.git("remote", "set-url", "origin", os.fspath(tmp_path / "gone"))
    partial.bring(git_dir(clone), [origin.tree()[b"a.csv"][1]])
    assert absent(clone, [origin.tree()[b"a.csv"][1]])
