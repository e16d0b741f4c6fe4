"""What is started by a fork says, returns and leaves what a new interpreter does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers import forkserver
from tests.helpers.support import Repo, run
from trinity_guard import git
from trinity_guard.dvcrepo.project import RemoteConfig
from trinity_guard.git import process
from trinity_guard.remotes.base import RemoteError
from trinity_guard.remotes.service import ServiceRemote

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


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/x", "s3://bucket/x", "nonsense://x"])
def test_who_asks_a_remote_by_a_fork_says_what_a_new_interpreter_does(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = []
    for kind in (forkserver.Process, process.Process):
        monkeypatch.setattr(git, "Process", kind)
        with ServiceRemote(RemoteConfig("s", url, {"url": url}, "repo", {"url": "repo"}), 5) as remote:
            try:
                remote._start()
                heard.append("ready")
            except RemoteError as error:
                heard.append(f"{error.step} {error.problem}")
            worker = remote._worker
            assert isinstance(worker, kind)
            remote.close()
            assert not Path(f"/proc/{worker.pid}/exe").exists()
    assert heard[0] == heard[1]
