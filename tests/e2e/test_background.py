"""`push = "background"`: the commit returns at once, the object arrives later, and nothing that waits is lost."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.helpers.support import Repo, objects, run

pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks at processes in /proc")


@pytest.fixture
def background(repo: Repo) -> Repo:
    repo.stage(".trinity-guard.toml", b'push = "background"\n')
    repo.commit()
    return repo


def own(repo: Repo) -> Path:
    return repo.path / ".git/trinity-guard"


@contextmanager
def push_held_up(repo: Repo) -> Iterator[None]:
    """Hold the lock that a push takes."""
    own(repo).mkdir(exist_ok=True)
    with (own(repo) / "push.lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    eventually(lambda: not pushes(repo.path))


def eventually(holds: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def pushes(folder: Path) -> list[Path]:
    """Return /proc's folders of the pushes that work in this folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            argv = (process / "cmdline").read_bytes().split(b"\0")
            if argv[-3:-1] == [b"push", b"--pending"] and (process / "cwd").readlink() == folder:
                found.append(process)
        except OSError:
            continue  # it has ended, or is not ours to look at
    return found


def the_push(path: Path) -> Path:
    """Return the one process that pushes, once there is no other: a child that it starts looks like it for a moment."""
    seen: list[Path] = []

    def alone() -> bool:
        seen[:] = pushes(path)
        return len(seen) == 1

    eventually(alone)
    return seen[0]


def stored(repo: Repo) -> list[bytes]:
    return sorted(objects(repo.storage / "files" / "md5").values())


@pytest.mark.slow
def test_the_commit_returns_while_a_push_is_held_up_and_the_object_arrives_afterwards(background: Repo) -> None:
    with push_held_up(background):
        # Its end also means that no process has kept its pipes, or a terminal in their place.
        first, _ = background.stage("a.pkl"), background.commit()
        second, done = background.stage("d/b.pkl"), background.commit()
        assert b"pushing 1 object in the background" in done.stderr
        assert stored(background) == []
        # The second finds that one waits already, which will push both.
        eventually(lambda: len(pushes(background.path)) == 1)
        status = json.loads(background.guard("status", "--format", "json").stdout)
        assert status["pushing"] is True
        assert [w["path"] for w in status["waiting"]] == ["a.pkl.dvc", "d/b.pkl.dvc"]
        assert b"push     under way" in background.guard("status").stdout
    assert stored(background) == sorted([first, second])
    status = json.loads(background.guard("status", "--format", "json").stdout)
    assert (status["pushing"], status["waiting"]) == (False, [])
    assert b"under way" not in background.guard("status").stdout


def test_a_git_push_says_that_it_waits_for_another_one_and_goes_on_after_it(repo: Repo, tmp_path: Path) -> None:
    run("git", "init", "-q", "--bare", tmp_path / "hub.git")
    data = repo.stage("a.pkl")
    repo.commit(TRINITY_GUARD_SKIP="push")
    with push_held_up(repo):
        command = ["git", "push", "-q", str(tmp_path / "hub.git"), "main"]
        pushing = subprocess.Popen(command, cwd=repo.path, stderr=subprocess.PIPE)
        assert pushing.stderr
        assert b"waits for another push" in pushing.stderr.readline()
        assert stored(repo) == []
    assert b"pushed 1 object" in pushing.communicate(timeout=60)[1]
    assert pushing.returncode == 0
    assert stored(repo) == [data]


def test_the_process_stands_on_its_own(background: Repo) -> None:
    with push_held_up(background):
        background.stage("a.pkl")
        background.commit("-a")
        process = the_push(background.path)
        pid = int(process.name)
        assert os.getsid(pid) == pid
        files = [(process / "fd" / n).readlink() for n in "012"]
        assert files == [Path("/dev/null"), own(background) / "push.log", own(background) / "push.log"]
        names = {v.partition(b"=")[0] for v in (process / "environ").read_bytes().split(b"\0")}
        assert not names & {b"GIT_INDEX_FILE", b"GIT_DIR", b"GIT_PREFIX", b"GIT_WORK_TREE"}


def test_a_killed_push_loses_nothing(background: Repo) -> None:
    with push_held_up(background):
        data = background.stage("a.pkl")
        background.commit()
        process = the_push(background.path)
        os.kill(int(process.name), signal.SIGKILL)
        eventually(lambda: not pushes(background.path))
    assert stored(background) == []
    assert b"a.pkl.dvc" in background.guard("status").stdout
    background.guard("push", "--pending")
    assert stored(background) == [data]


@pytest.mark.slow
def test_a_push_that_fails_speaks_in_its_log_and_in_status_alone(background: Repo) -> None:
    data = background.stage("a.pkl")
    background.commit()
    eventually(lambda: stored(background) == [data] and not pushes(background.path))
    assert (own(background) / "push.log").read_bytes() == b""
    away = background.storage.rename(background.storage.with_name("away"))
    (own(background) / "push.log").write_bytes(b"old\n" * 300_000)
    with push_held_up(background):
        data = background.stage("b.pkl")
        done = background.commit()
    assert b"is away" not in done.stdout + done.stderr
    log = (own(background) / "push.log").read_text()
    assert log.startswith("trinity-guard: ")
    assert f"{background.storage} is away" in log
    said = background.guard("status").stdout.decode()
    assert "the last push in the background said: trinity-guard: 1 object" in said
    away.rename(background.storage)
    background.guard("push", "--pending")
    assert data in stored(background)
    assert "said" not in background.guard("status").stdout.decode()


@pytest.mark.slow
def test_a_linked_worktree_and_a_git_dir_elsewhere_push_too(background: Repo, tmp_path: Path) -> None:
    background.git("worktree", "add", "-q", str(tmp_path / "linked"))
    linked = Repo(tmp_path / "linked")
    first = linked.stage("a.pkl")
    linked.commit()
    eventually(lambda: stored(background) == [first] and not pushes(linked.path))
    second = background.write("b.pkl", 5000)
    elsewhere = background.path / ".git"
    elsewhere.rename(tmp_path / "elsewhere")
    there = ("git", f"--git-dir={tmp_path / 'elsewhere'}", f"--work-tree={background.path}")
    run(*there, "add", "b.pkl", cwd=background.path)
    run(*there, "commit", "-q", "-m", "b", cwd=background.path)
    eventually(lambda: stored(background) == sorted([first, second]) and not pushes(background.path))


def test_what_is_queued_while_a_push_runs_is_not_let_go(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    from trinity_guard import git
    from trinity_guard.dvcrepo.output import of_object
    from trinity_guard.push.queue import Queue

    monkeypatch.chdir(repo.path)
    queue = Queue(git.place())
    first, second = (of_object(c * 32, 1) for c in "12")
    queue.add([first])
    pushed = queue.read()
    queue.add([second])
    queue.let_go(pushed)
    assert [i.name for i in queue.read()] == [second.name]
