"""Commands of ours that are killed at a step: a write, a rename, a process that starts."""

from __future__ import annotations

import signal
import sys

from tests.helpers.support import Repo, run

DRIVER = """
import os, sys
left = int(sys.argv[1])
WRITES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.chmod", "os.posix_spawn", "os.link"}
def watch(event, args):
    global left
    if event in WRITES or (event == "open" and isinstance(args[2], int) and args[2] & 3):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), 9)
from trinity_guard.cli import main

sys.addaudithook(watch)
sys.exit(main(sys.argv[2:]))
"""


def killed_at(repo: Repo, step: int, *command: str) -> bool:
    """Run a command of ours that is killed at this step; False when it ended by itself before."""
    done = run(sys.executable, "-c", DRIVER, str(step), *command, cwd=repo.path, ok=False)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode == -signal.SIGKILL
