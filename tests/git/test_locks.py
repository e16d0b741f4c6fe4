"""Locks: one at a time, let go of however a process ends."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.git.conftest import place_of
from tests.helpers.support import Repo
from trinity_guard.git import locks

HOLDING = """
import os, sys, time
from trinity_guard.git import Place, locks
here = os.fsencode(sys.argv[1])
with locks.FileLock(Place(here, here + b"/.git", here + b"/.git")):
    print("held", flush=True)
    time.sleep(60)
"""


def holder(repo: Repo) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-c", HOLDING, repo.path], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    return process


def lock_file(repo: Repo) -> bytes:
    return os.fsencode(repo.path / ".git/trinity-guard/lock")


def test_a_lock_that_nobody_holds_is_taken_at_once_and_let_go(here: Repo) -> None:
    assert not locks.held(lock_file(here))
    for _ in range(2):
        with locks.FileLock(place_of(here.path)) as lock:
            assert not lock.waited
            assert locks.held(lock_file(here))
        assert not locks.held(lock_file(here))


def test_who_waits_knows_it_and_goes_on_when_the_other_is_killed(here: Repo) -> None:
    other = holder(here)
    entered: list[bool] = []

    def wait() -> None:
        with locks.FileLock(place_of(here.path)) as lock:
            entered.append(lock.waited)

    waiting = threading.Thread(target=wait)
    waiting.start()
    waiting.join(0.2)
    assert entered == []
    other.kill()
    other.communicate()
    waiting.join(10)
    assert entered == [True]


def test_who_only_asks_is_in_nobody_s_way(here: Repo) -> None:
    with locks.FileLock(place_of(here.path)):
        pass
    fd = os.open(lock_file(here), os.O_RDONLY)
    import fcntl

    fcntl.flock(fd, fcntl.LOCK_SH)
    try:
        assert not locks.held(lock_file(here))
    finally:
        os.close(fd)


@pytest.mark.parametrize("name", ["none", "none/below"])
def test_what_is_not_there_is_not_held(tmp_path: Path, name: str) -> None:
    assert not locks.held(os.fsencode(tmp_path / name))


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_worked_on_as_if_alone(
    here: Repo, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("fcntl.flock", refuse)
    with locks.FileLock(place_of(here.path)) as lock:
        assert not lock.waited
        assert not locks.held(lock_file(here))


def test_any_other_failure_of_a_lock_is_one(here: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr("fcntl.flock", refuse)
    with pytest.raises(OSError, match="Input/output"), locks.FileLock(place_of(here.path)):
        raise AssertionError("the lock was taken")
    with pytest.raises(OSError, match="Input/output"):
        locks.held(lock_file(here))


def test_which_process_is_there() -> None:
    assert locks.alive(os.getpid())
    assert locks.alive(1)
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert not locks.alive(ended.pid)
