"""`python -m tests.helpers.killed N[:FILE] COMMAND…`: run a command of ours that is killed at its N-th step.

A step is an event that writes, or that starts a process. With a FILE, the first that counts is the one that puts a file
of that name in its place, or removes it.
"""

from __future__ import annotations

import os
import signal
import sys

from trinity_guard.cli import main

WRITES = frozenset(f"os.{name}" for name in ("rename", "remove", "rmdir", "mkdir", "chmod", "posix_spawn", "link"))


def kill_at(step: int, file: bytes = b"") -> None:
    """End this process at the step of this number; nothing of its own is written."""
    left, begun = step, not file

    def watch(event: str, args: tuple[object, ...]) -> None:
        nonlocal left, begun
        begun = begun or _puts(file, event, args)
        if begun and (event in WRITES or (event == "open" and isinstance(args[2], int) and args[2] & os.O_ACCMODE)):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)


def _puts(file: bytes, event: str, args: tuple[object, ...]) -> bool:
    # What is written whole is so under a name of no meaning, and gets its own when it is whole.
    path = args[1] if event == "os.rename" else args[0] if event == "os.remove" else b""
    return isinstance(path, str | bytes) and os.fsencode(path).endswith(file)


if __name__ == "__main__":
    number, _, name = sys.argv[1].partition(":")
    kill_at(int(number), os.fsencode(name))
    sys.exit(main(sys.argv[2:]))
