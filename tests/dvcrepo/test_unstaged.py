"""The work tree's pointers, where the index has them otherwise."""

from __future__ import annotations

import contextlib
import json

import pytest

from tests.helpers.support import Repo, made_once
from trinity_guard import git
from trinity_guard.dvcrepo import tracked, unstaged

ONE, TWO = b"model one", b"model two, better"


@pytest.fixture
@made_once
def two(repo: Repo) -> Repo:
    """A repository whose index has another pointer of m.pkl than its work tree, which agrees with the data."""
    repo.stage("m.pkl", ONE)
    repo.stage("n.pkl", ONE)
    repo.commit()
    repo.write("m.pkl", TWO)
    repo.guard("convert", "m.pkl")
    repo.git("reset", "-q")
    return repo


def state(repo: Repo, name: str = "m.pkl") -> str:
    artifacts = json.loads(repo.guard("status", "--format", "json").stdout)["artifacts"]
    return next(str(a["state"]) for a in artifacts if a["path"] == name)


def sizes(repo: Repo) -> dict[bytes, int]:
    with contextlib.chdir(repo.path):
        place = git.place()
        return {o.path: o.size for o in unstaged.in_work_tree(place, tracked.load(place).outputs())}


def test_the_work_trees_pointer_counts(two: Repo) -> None:
    assert sizes(two) == {b"m.pkl": len(TWO), b"n.pkl": len(ONE)}
    assert state(two) == "present"


def test_a_pointer_that_leads_elsewhere_now_counts_as_it_is(two: Repo) -> None:
    two.write("m.pkl.dvc", two.file("m.pkl.dvc").read_bytes().replace(b"path: m.pkl", b"path: o.pkl"))
    assert sizes(two) == {b"n.pkl": len(ONE), b"o.pkl": len(TWO)}


def test_one_that_cannot_be_read_counts_as_it_is_staged(two: Repo) -> None:
    two.write("m.pkl.dvc", b"outs: {\n")
    assert sizes(two) == {b"m.pkl": len(ONE), b"n.pkl": len(ONE)}


@pytest.mark.slow
def test_a_commit_says_that_the_pointer_is_not_staged(two: Repo) -> None:
    two.stage("code.py", b"x")
    said = two.commit().stderr.decode()
    assert "m.pkl has changed, and m.pkl.dvc, which says so, is not staged" in said
    assert [line.strip() for line in said.splitlines() if line.startswith("    ")] == ["git add m.pkl.dvc"]
    two.git("add", "m.pkl.dvc")
    assert b"m.pkl" not in two.commit("--allow-empty", TRINITY_GUARD_SKIP="push").stderr


@pytest.mark.slow
def test_what_a_stash_puts_back_is_another_version_and_pull_brings_it(two: Repo) -> None:
    two.git("stash", "-q")
    two.guard("pull")
    assert two.file("m.pkl").read_bytes() == ONE
    two.git("stash", "pop", "-q")
    assert state(two) == "other version"
    assert b"another version: trinity-guard pull m.pkl" in two.guard("status").stdout
    two.guard("pull", "m.pkl")
    assert two.file("m.pkl").read_bytes() == TWO
    assert state(two) == "present"


@pytest.mark.slow
def test_what_a_stash_puts_back_follows_with_its_commit(two: Repo) -> None:
    two.git("stash", "-q")
    two.guard("pull")
    two.git("stash", "pop", "-q")
    two.commit("-a")
    assert two.file("m.pkl").read_bytes() == TWO
    assert two.git("status", "--porcelain").stdout == b""
