"""The hooks: reached by Git, ours, whole and current; what is the matter with each is told apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.support import Repo
from trinity_guard import git
from trinity_guard.doctor import hooks
from trinity_guard.doctor.checks import ERROR, OK, WARNING, Repository, Unseen
from trinity_guard.setup import native

HOOK = ".git/hooks/pre-push"


@pytest.fixture
def guarded(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    monkeypatch.chdir(repo.path)
    return repo


def subject() -> Repository:
    return Repository(git.place(), offline=True)


def state() -> hooks.FoundHooks:
    found = subject()
    return hooks.state_of(found, hooks.folder(found))


def test_hooks_as_init_writes_them_are_fine(guarded: Repo) -> None:
    found = state()
    assert sorted(found.fine) == sorted(native.templates())
    assert found.reached()
    assert [look(subject()).level for look in (hooks.reached, hooks.present, hooks.kept, hooks.program)] == [OK] * 4
    assert guarded.file(HOOK).exists()


def test_what_is_the_matter_with_a_hook_is_told_apart(guarded: Repo) -> None:
    text = guarded.file(HOOK).read_bytes()
    guarded.file(HOOK).chmod(0o644)
    assert state().plain == [b"pre-push"]
    guarded.file(HOOK).chmod(0o755)
    guarded.file(HOOK).write_bytes(text + b"# mine\n")
    assert state().edited == [b"pre-push"]
    assert hooks.present(subject()).level == WARNING
    guarded.file(HOOK).write_bytes(b"#!/bin/sh\nexit 0\n")
    assert state().foreign == [b"pre-push"]
    guarded.file(HOOK).write_bytes(b"#!/bin/sh\ntrinity-guard hook pre-push\n")
    assert b"pre-push" in state().fine
    guarded.file(HOOK).unlink()
    assert state().missing == [b"pre-push"]
    assert hooks.present(subject()).level == ERROR


def test_a_folder_that_git_looks_in_instead_is_said(guarded: Repo) -> None:
    guarded.git("config", "core.hooksPath", ".githooks")
    check = hooks.reached(subject())
    assert check.level == ERROR
    assert "core.hooksPath" in check.fact


def test_of_shared_hooks_one_command_is_named(guarded: Repo, tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    guarded.git("config", "--global", "core.hooksPath", str(tmp_path / "shared"))
    assert "git config --local core.hooksPath" in hooks.reached(subject()).remedy
    with pytest.raises(Unseen, match=r"\(see hooks-path\)"):
        hooks.present(subject())
    (tmp_path / "shared/pre-commit").write_text('trinity-guard hook pre-commit "$@"\n')
    (tmp_path / "shared/pre-commit").chmod(0o755)
    assert hooks.reached(subject()).level == OK
    assert "add to each in" in hooks.present(subject()).remedy


@pytest.mark.parametrize(
    ("text", "runs"),
    [(b"repos: []\n", False), (b"repos:\n- repo: local\n  hooks:\n  - id: trinity-convert\n", True)],
)
def test_the_framework_s_config_says_whether_it_runs_us(guarded: Repo, text: bytes, runs: bool) -> None:
    assert not hooks.by_framework(subject())
    guarded.write(".pre-commit-config.yaml", text)
    assert hooks.by_framework(subject()) == runs
