"""The figures that Git has of a model: its metadata, and metrics/*.json, where they changed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.helpers.support import Repo
from trinity_guard import git
from trinity_guard.detect.modelfiles import metadata_path
from trinity_guard.git import index, revisions
from trinity_guard.review import metrics
from trinity_guard.review.sides import Side

META = metadata_path(b"models/m.pkl").decode()


@pytest.fixture
def repo(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    monkeypatch.chdir(bare_repo.path)
    bare_repo.stage("metrics/a.json", b'{"f1": 0.5, "same": 1}')
    bare_repo.stage(META, b'{"metrics": {"accuracy": 0.8}}')
    bare_repo.stage("other/b.json", b'{"x": 1}')
    bare_repo.commit()
    return bare_repo


def side(name: str) -> Side:
    if not name:
        return Side(b"", {e.path: e for e in index.entries()})
    commit = git.require_commit(name.encode())
    return Side(commit, {e.path: e for e in revisions.tree(commit)})


def changed(before: str, after: str) -> dict[str, tuple[Any, Any]]:
    return metrics.of(git.place(), side(before), side(after), b"models/m.pkl", b"")


def test_what_changed_between_commits_is_told(repo: Repo) -> None:
    repo.stage("metrics/a.json", b'{"f1": 0.6, "same": 1, "new": true}')
    repo.stage(META, b'{"metrics": {"accuracy": 0.9}}')
    repo.stage("other/b.json", b'{"x": 2}')
    repo.commit()
    assert changed("HEAD~1", "HEAD") == {
        "metadata: metrics.accuracy": (0.8, 0.9),
        "metrics/a.json: f1": (0.5, 0.6),
        "metrics/a.json: new": (None, True),
    }
    assert changed("HEAD", "HEAD") == {}


def test_the_work_tree_has_what_lies_there(repo: Repo) -> None:
    repo.write("metrics/a.json", b'{"f1": 0.7, "same": 1}')
    assert changed("HEAD", "") == {"metrics/a.json: f1": (0.5, 0.7)}


@pytest.mark.parametrize("text", [b"{broken", b"\xff", b"[" * 100_000, b""])
def test_what_is_no_json_has_no_figures(repo: Repo, text: bytes) -> None:
    repo.write("metrics/a.json", text)
    assert changed("HEAD", "") == {"metrics/a.json: f1": (0.5, None), "metrics/a.json: same": (1, None)}


def test_a_former_name_has_its_own_metadata(repo: Repo) -> None:
    repo.git("mv", META, metadata_path(b"models/n.pkl").decode())
    repo.commit()
    both = side("HEAD~1"), side("HEAD")
    assert metrics.of(git.place(), *both, b"models/n.pkl", b"models/m.pkl") == {}
