"""What is started by a fork says, returns and leaves what a new interpreter does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers import forkserver
from tests.helpers.support import Repo, run

MODULE = [sys.executable, "-m"]


def left(done: subprocess.CompletedProcess[bytes]) -> tuple[int, bytes, bytes]:
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("words", "data", "env"),
    [
        (["trinity_guard", "--version"], b"", {}),
        (["trinity_guard", "status"], b"", {}),
        (["trinity_guard", "statsu"], b"", {}),
        (["trinity_guard", "lint", "--staged"], b"", {"GIT_DIR": "/nowhere"}),
        (["trinity_guard", "hook", "pre-push", "origin", "url"], b"nonsense\n", {}),
        (["trinity_guard", "hook", "pre-commit"], b"", {"TRINITY_GUARD_SKIP": "all"}),
        (["dvc", "status"], b"", {}),
        (["dvc", "config", "core.remote"], b"", {}),
        (["dvc", "no-such-command"], b"", {}),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
def test_a_fork_is_what_a_new_interpreter_is(repo: Repo, words: list[str], data: bytes, env: dict[str, str]) -> None:
    assert forkserver.server_for([*MODULE, *words], forkserver.START)
    forked, fresh = (
        left(run(*MODULE, *words, cwd=repo.path, ok=False, data=data, env=env, fresh=fresh)) for fresh in (False, True)
    )
    assert forked == fresh


@pytest.mark.parametrize(
    ("argv", "env"),
    [
        (["git", "status"], {}),
        ([sys.executable, "-c", "pass"], {}),
        ([*MODULE, "json.tool"], {}),
        ([*MODULE, "dvc", "status"], {"PYTHONPATH": "/elsewhere"}),
        ([*MODULE, "dvc", "status"], {"LC_ALL": "C"}),
        (MODULE, {}),
    ],
)
def test_all_else_is_started_anew(argv: list[str], env: dict[str, str]) -> None:
    assert forkserver.server_for(argv, {**forkserver.START, **env}) == ""


def test_each_has_a_folder_and_an_environment_of_its_own(repo: Repo, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    run("git", "init", "-q", cwd=tmp_path / "other")
    assert b"not inside" in run(*MODULE, "dvc", "status", cwd=tmp_path / "other", ok=False).stderr
    assert run(*MODULE, "dvc", "status", cwd=repo.path).returncode == 0
