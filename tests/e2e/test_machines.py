"""Two machines on one cache: each in PID and mount namespaces of its own, where the other's processes are not seen."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.helpers.support import MB, Repo, objects, require, run

BASE = b"id,x\n1,2\n"


def apart(*command: str) -> list[str]:
    """Return a command that runs as on a machine of its own: its process is the first there."""
    return ["unshare", "--pid", "--fork", "--mount", "--mount-proc", *command]


@pytest.fixture
def two(repo: Repo) -> tuple[Repo, Repo]:
    """Two clones that keep their objects in one cache, as on a network's folder."""
    if not shutil.which("unshare") or run(*apart("true"), ok=False).returncode:
        require("the right to make namespaces")
    if not shutil.which("strace"):
        require("strace")
    repo.dvc("cache", "dir", str(repo.path.parent / "cache"))
    repo.guard("remote", "trust", "--all")
    repo.stage(".trinity-guard.toml", b'push = "off"\n')
    repo.stage("a.csv", BASE)
    repo.git("add", "-A")
    repo.commit()
    other = Repo(repo.path.parent / "other")
    run("git", "clone", "-q", repo.path, other.path)
    other.guard("init", "-q", "--trust")
    other.guard("remote", "trust", "--all")
    return repo, other


def committing(repo: Repo, *before: str) -> subprocess.Popen[bytes]:
    command = apart(*before, "git", "commit", "-q", "-m", "under way")
    return subprocess.Popen(command, cwd=repo.path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def right(cache: Path) -> bool:
    """Whether each object is what its name says."""
    held = objects(cache / "files" / "md5")
    return bool(held) and all(hashlib.md5(data).hexdigest() == name for name, data in held.items())


@pytest.mark.slow
@pytest.mark.parametrize("step", [1, 3, 6, 9, 12])
def test_of_two_machines_that_commit_at_once_one_is_killed(two: tuple[Repo, Repo], step: int) -> None:
    one, other = two
    mine = one.stage("mine.pkl", 3 * MB, raw=True)
    theirs = other.stage("theirs.pkl", 3 * MB, raw=True)
    calls = "write,rename,link,fsync"
    killed = ("strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={calls}")
    inject = ("-e", f"inject={calls}:signal=KILL:when={step}")
    running = committing(one, *killed, *inject), committing(other)
    codes = [process.wait(timeout=120) for process in running]
    assert (codes[0] != 0, codes[1]) == (True, 0), "the one was killed, the other goes through"
    cache = one.path.parent / "cache"
    assert right(cache)
    assert objects(cache / "files" / "md5")[hashlib.md5(theirs).hexdigest()] == theirs
    for lock in one.path.glob(".git/*.lock"):
        lock.unlink()  # as Git's own message says
    one.commit("--allow-empty")
    one.stage("code.py", b"1\n")
    one.commit("-a")
    assert hashlib.md5(mine).hexdigest().encode() in one.show("mine.pkl.dvc")
    assert objects(cache / "files" / "md5")[hashlib.md5(mine).hexdigest()] == mine
    assert right(cache)


@pytest.mark.slow
def test_what_another_machine_is_writing_is_not_swept(two: tuple[Repo, Repo]) -> None:
    one, other = two
    mine = one.stage("mine.pkl", 3 * MB, raw=True)
    delay = ("-e", "trace=rename", "-e", "inject=rename:delay_enter=400000")
    running = committing(one, "strace", "-f", "-qq", "-o", "/dev/null", *delay)
    for number in range(4):  # each sweeps what it takes for left behind
        other.stage(f"theirs-{number}.csv", b"%d\n" % number * 99)
        other.commit()
    assert running.wait(timeout=120) == 0
    cache = one.path.parent / "cache"
    assert objects(cache / "files" / "md5")[hashlib.md5(mine).hexdigest()] == mine
    assert right(cache)
