"""Commands of ours that are killed at a step: a write, a rename, a process that starts (`tests/helpers/killed.py`)."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.helpers.support import Repo, run
from trinity_guard.git import files


def copy(template: Repo, path: Path) -> Repo:
    shutil.rmtree(path, ignore_errors=True)
    shutil.copytree(template.path, path, symlinks=True)
    return Repo(path)


def killed_at(repo: Path, step: int | str, *command: str, data: bytes = b"") -> bool:
    """Run a command of ours that is killed at this step (N:FILE: counted from FILE on); False when it ended before."""
    done = run(sys.executable, "-m", "tests.helpers.killed", str(step), *command, cwd=repo, ok=False, data=data)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode == -signal.SIGKILL


def kills(
    template: Repo, path: Path, *command: str, beside: Path | None = None, data: bytes = b""
) -> Iterator[tuple[int, Repo]]:
    """Yield a copy killed at each step that left something else than the step before it: what follows is its own.

    beside: a folder that the command writes to as well, empty at each start.
    """
    step, before = 0, b""
    while True:
        step += 1
        trial = copy(template, path)
        if beside:
            shutil.rmtree(beside, ignore_errors=True)
            beside.mkdir()
        if not killed_at(trial.path, step, *command, data=data):
            return
        left = state(trial) + (_tree(beside) if beside else b"")
        if left != before:
            yield step, trial
        before = left


def state(repo: Repo) -> bytes:
    """Return a digest of all that is in a repository, but for what the index knows of files' times."""
    return hashlib.md5(repr(sorted(repo.index().items())).encode()).digest() + _tree(repo.path)


def _tree(top: Path) -> bytes:
    found = hashlib.md5()
    unfinished = os.fsdecode(files.UNFINISHED)
    for folder, folders, names in os.walk(top):
        folders.sort()
        found.update(os.fsencode(folder))
        # Nobody reads a file under an unfinished name: that one is there is all that counts.
        for name in sorted({unfinished if name.startswith(unfinished) else name for name in names}):
            found.update(os.fsencode(name) + b"\0" + _contents(Path(folder, name)))
    return found.digest()


def _contents(file: Path) -> bytes:
    if file.is_symlink():
        return os.fsencode(file.readlink())
    if file.name == "index" or not file.exists():
        return b""
    return b"%o" % file.stat().st_mode + file.read_bytes()
