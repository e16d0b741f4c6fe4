"""Releases that the Git remote has and a clone without tags lacks are known before one is made."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.support import Repo, run
from trinity_guard import git
from trinity_guard.errors import GuardError
from trinity_guard.training.release import elsewhere


@pytest.fixture
def shared(bare_repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """A repository whose remote has two tags that it lacks itself."""
    bare_repo.write("a", b"a")
    bare_repo.git("add", "a")
    bare_repo.git("commit", "-q", "-m", "a")
    run("git", "init", "-q", "--bare", tmp_path / "there.git")
    bare_repo.git("remote", "add", "origin", str(tmp_path / "there.git"))
    for tag in ("risk@v1.0.0", "risk#prod#1", "another@v3.0.0"):
        bare_repo.git("tag", "-a", "-m", tag, tag)
    bare_repo.git("push", "-q", "origin", "--tags")
    bare_repo.git("tag", "-d", "risk@v1.0.0", "risk#prod#1", "another@v3.0.0")
    monkeypatch.chdir(bare_repo.path)
    return bare_repo


def test_tags_that_a_clone_lacks_are_named_with_the_command_that_fetches_them(shared: Repo) -> None:
    with pytest.raises(GuardError, match="releases of risk that this clone lacks") as refused:
        elsewhere.require_all(git.place(), "risk", offline_ok=True)
    assert "another" not in refused.value.problem
    shared.git(*refused.value.remedy.split()[1:])
    assert elsewhere.require_all(git.place(), "risk", offline_ok=False) == []


def test_a_remote_that_cannot_be_asked_stops_a_release_unless_that_is_allowed(shared: Repo) -> None:
    shared.git("remote", "set-url", "origin", str(shared.path / "nowhere"))
    with pytest.raises(GuardError, match="cannot be told") as refused:
        elsewhere.require_all(git.place(), "risk", offline_ok=False)
    assert "--offline-ok" in refused.value.remedy
    [note] = elsewhere.require_all(git.place(), "risk", offline_ok=True)
    assert "was not asked" in note


def test_without_a_remote_there_is_nobody_to_ask(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(bare_repo.path)
    assert elsewhere.remote(git.place()) == ""
    assert elsewhere.require_all(git.place(), "risk", offline_ok=False) == []
