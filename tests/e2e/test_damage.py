"""Streams that are closed, full or gone, and records that somebody damaged: a clear word, and nothing is undone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.support import Repo, objects


def typed(repo: Repo, line: str) -> int:
    """Run a line of shell with the program as $TG, and return its exit code."""
    script = f'TG="{sys.executable} -m trinity_guard"\n{line}'
    return subprocess.run(["bash", "-c", script], cwd=repo.path, check=False, timeout=60).returncode


@pytest.mark.slow
@pytest.mark.parametrize("where", ["2>&1 | true", "2>/dev/full", "2>&-", ">&- 2>&-"])
def test_a_commit_does_not_fail_for_a_message_s_sake(repo: Repo, where: str) -> None:
    data = repo.stage("a.pkl", 1000)
    line = f"(sleep 0.3; git commit -q -m x; echo $? > code) {where}; wait; sleep 0.2; exit $(cat code)"
    assert typed(repo, line) == 0
    assert repo.tracked("a.pkl.dvc")
    assert data in objects(repo.storage / "files" / "md5").values()


@pytest.mark.parametrize("line", ["$TG status >&-", "$TG push 2>&-", "$TG add a.pkl 2>&- >&-", "$TG status <&-"])
def test_closed_streams_are_no_bug(repo: Repo, line: str) -> None:
    repo.write("a.pkl", 100)
    assert typed(repo, line) == 0


@pytest.mark.parametrize("content", [b"zz\0notint\0a\0b\0c\0d\0", b"garbage", b"\xff\0" * 6, b""])
def test_a_damaged_queue_file_is_put_aside_and_said(repo: Repo, content: bytes) -> None:
    repo.stage("a.pkl", 100)
    repo.commit()
    queued = repo.file(".git/trinity-guard/queue/damaged-one")
    queued.parent.mkdir(exist_ok=True)
    queued.write_bytes(content)
    done = repo.guard("push", "--pending", ok=False)
    assert done.returncode == 1
    assert b"was damaged" in done.stderr
    assert b"trinity-guard push REV" in done.stderr
    assert queued.with_name("damaged-one.damaged").read_bytes() == content
    assert repo.guard("push", "--pending").returncode == 0


@pytest.mark.slow
def test_what_waits_survives_the_removal_of_its_linked_worktree(repo: Repo, tmp_path: Path) -> None:
    other = Repo(tmp_path / "linked")
    repo.git("worktree", "add", "-q", "-b", "side", str(other.path))
    other.stage("first.pkl", 100)
    other.commit()
    away = tmp_path / "away"
    repo.storage.rename(away)
    data = other.stage("a.pkl", 3000)
    assert b"could not go" in other.commit().stderr
    repo.git("worktree", "remove", "--force", str(other.path))
    assert not other.path.exists()
    away.rename(repo.storage)
    repo.guard("push", "--pending")
    assert data in objects(repo.storage / "files" / "md5").values()
    # Kept no longer than it was needed.
    assert objects(repo.path / ".git/trinity-guard/cache/files/md5") == {}


@pytest.mark.parametrize("content", [b'{"hooks":5,"stages":7,"dvc":3,"framework":1}', b"[]", b"{", b"\xff"])
def test_a_damaged_record_of_the_installation_stops_no_uninstall(repo: Repo, content: bytes) -> None:
    repo.file(".git/trinity-guard/installed.json").write_bytes(content)
    assert repo.guard("init", "--uninstall").returncode == 0
    assert not repo.file(".git/hooks/pre-commit").exists()
