"""strace makes system calls fail, or kills at them, in Git and in us: nothing is lost, and the same again completes."""

from __future__ import annotations

import hashlib
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.helpers.support import Repo, objects, require, run

pytestmark = pytest.mark.slow  # some forty runs under strace each

CALLS = "write,rename,unlink,mkdir,link,fsync"
FAULTS = ("signal=KILL", "error=ENOSPC", "error=EIO", "error=EROFS")
# What else changes a file system; few of each.
OTHERS = "pwrite64,unlinkat,rmdir,symlink,fdatasync,ftruncate,chmod,fchmod,utimensat,sendfile,copy_file_range,flock"
FEW = range(1, 7)
# The N-th of each of these calls of each process: near the start all of them, later one in four.
STEPS = [*range(1, 13), *range(14, 45, 4)]
# Of the files that a process opens, most are Python's own, and one in thirty is enough.
OPENING, OPENED = "openat", range(40, 400, 30)
OURS = (sys.executable, "-m", "trinity_guard")
OLD, NEW = b"1,2\n", b"1,2\n3,4\n"


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


def injected(fault: str, step: int, *command: str, cwd: Path) -> int | None:
    """Run a command whose N-th system calls of these fail; return its exit code. fault: which, `CALLS:HOW`.

    None: no process made so many of them, and so none makes more.
    What fails in our code is said in words. Where Python cannot open its own modules, it alone speaks.
    """
    strace = shutil.which("strace")
    if not strace:
        require("strace")
    log = cwd.parent / "calls"
    # The kernel stops a process at these calls alone, not at each that Python makes at its start; a signal is lost so.
    quick = [] if "signal=" in fault else ["--seccomp-bpf"]
    options = ["-f", *quick, "-q", "-o", str(log), "-e", f"trace={fault.partition(':')[0]}"]
    options += ["-e", f"inject={fault}:when={step}"]
    done = run(strace, *options, *command, cwd=cwd, ok=False)
    said = done.stdout + done.stderr
    assert b"strace: " not in said, said.decode()
    ours = b"bug of ours" in said or (b"Traceback" in said and b"/trinity_guard/" in said)
    assert fault.startswith(OPENING) or not ours, said.decode()
    calls = log.read_bytes()
    return done.returncode if b"(INJECTED)" in calls or b"killed by SIGKILL" in calls else None


def copy(template: Path, path: Path) -> Repo:
    shutil.rmtree(path, ignore_errors=True)
    shutil.copytree(template, path, symlinks=True)
    return Repo(path)


def unlock(repo: Repo) -> None:
    """Take away the locks that Git leaves when it is killed, as its own message says."""
    for lock in [*repo.path.glob(".git/*.lock"), *repo.path.glob(".git/refs/**/*.lock")]:
        lock.unlink()


def whole(repo: Repo) -> bool:
    """Whether each object of the cache is what its name says."""
    return all(md5(data) == name for name, data in repo.cached().items())


def no_push(repo: Repo) -> None:
    repo.stage(".trinity-guard.toml", b'push = "off"\n')
    repo.commit()


def committing(repo: Repo, room: Path, fault: str, step: int) -> int | None:
    trial = copy(repo.path, room)
    trial.write("a.csv", NEW)
    trial.git("add", "-f", "a.csv")
    code = injected(fault, step, "git", "commit", "-q", "-m", "under a fault", cwd=room)
    unlock(trial)
    assert whole(trial)
    assert trial.file("a.csv").read_bytes() == NEW
    trial.git("commit", "-q", "-m", "again", ok=False)  # nothing is left to commit where it came about
    trial.write("code.py")
    trial.git("add", "code.py")
    trial.commit("-a")
    assert md5(NEW) in trial.show("a.csv.dvc").decode()
    assert trial.cached()[md5(NEW)] == NEW
    assert trial.file("a.csv").read_bytes() == NEW
    assert trial.git("status", "--porcelain").stdout == b""
    return code


def following(repo: Repo, room: Path, fault: str, step: int) -> int | None:
    trial = copy(repo.path, room)
    code = injected(fault, step, "git", "checkout", "-q", "HEAD^", cwd=room)
    unlock(trial)
    if trial.file("a.csv").exists():
        assert trial.file("a.csv").read_bytes() in (OLD, NEW)
    assert trial.cached() == {md5(OLD): OLD, md5(NEW): NEW}
    trial.git("checkout", "-q", "-f", "main^")
    trial.guard("sync")
    assert trial.file("a.csv").read_bytes() == OLD
    assert trial.git("status", "--porcelain").stdout == b""
    return code


def pushing(repo: Repo, room: Path, fault: str, step: int) -> int | None:
    storage = repo.storage
    shutil.rmtree(storage, ignore_errors=True)
    storage.mkdir()
    trial = copy(repo.path, room)
    code = injected(fault, step, *OURS, "push", cwd=room)
    assert all(md5(data) == name for name, data in objects(storage / "files" / "md5").items())
    trial.guard("push")
    assert objects(storage / "files" / "md5") == {md5(NEW): NEW}
    return code


def gating(repo: Repo, room: Path, fault: str, step: int) -> int | None:
    storage, hub = repo.storage, room.parent / "hub.git"
    for folder in (storage, hub):
        shutil.rmtree(folder, ignore_errors=True)
    storage.mkdir()
    run("git", "init", "-q", "--bare", hub)
    trial = copy(repo.path, room)
    code = injected(fault, step, "git", "push", "-q", str(hub), "main", cwd=room)
    arrived = run("git", "rev-parse", "-q", "--verify", "main", cwd=hub, ok=False).returncode == 0
    known = objects(storage / "files" / "md5")
    assert all(md5(data) == name for name, data in known.items())
    assert not arrived or set(known) == {md5(OLD), md5(NEW)}, code
    unlock(trial)
    trial.git("push", "-q", str(hub), "main:again")
    assert objects(storage / "files" / "md5") == {md5(OLD): OLD, md5(NEW): NEW}
    return code


def setting_up(repo: Repo, room: Path, fault: str, step: int) -> int | None:
    shutil.rmtree(room, ignore_errors=True)
    shutil.rmtree(f"{room}-dvc-storage", ignore_errors=True)
    trial = Repo.make(room, guarded=False)
    code = injected(fault, step, *OURS, "init", "-q", cwd=room)
    unlock(trial)
    trial.guard("init", "-q")
    trial.commit()
    trial.stage("a.csv", NEW)
    trial.commit()
    assert md5(NEW) in trial.show("a.csv.dvc").decode()
    assert trial.tracked(".dvc/config")
    assert trial.tracked(".dvc/.gitignore")
    assert trial.git("status", "--porcelain").stdout == b""
    return code


Work = Callable[[Repo, Path, str, int], int | None]
WORK: list[Work] = [committing, following, pushing, gating, setting_up]


ALL = [*(f"{CALLS}:{how}" for how in FAULTS), f"{OTHERS}:error=EIO", f"{OPENING}:error=EIO"]


def steps(fault: str) -> Sequence[int]:
    return OPENED if fault.startswith(OPENING) else FEW if fault.startswith(OTHERS) else STEPS


@pytest.mark.parametrize("fault", ALL)
@pytest.mark.parametrize("work", WORK, ids=lambda work: work.__name__)
def test_whatever_fails_nothing_is_lost_and_the_same_again_completes(
    repo: Repo, tmp_path: Path, work: Work, fault: str
) -> None:
    no_push(repo)
    repo.stage("a.csv", OLD)
    repo.commit()
    if work is not committing:
        repo.write("a.csv", NEW)
        repo.guard("add", "a.csv")
        repo.commit()
    codes = []
    for step in steps(fault):
        try:
            code = work(repo, tmp_path / "trial", fault, step)
        except AssertionError as error:
            raise AssertionError(f"{fault} at the {step}. call: {error}") from error
        if code is None:
            break
        codes.append(code)
    assert codes, "faults that nobody meets prove nothing"
    # Of the files that Python opens, one that it has in another form too may be missed by nobody.
    assert not fault.startswith(CALLS) or sum(map(bool, codes)) > 3
