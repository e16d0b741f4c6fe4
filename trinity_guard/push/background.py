"""A push that goes on after the command that started it: one at a time, with its log under the git dir."""

from __future__ import annotations

import os
import sys

from trinity_guard import LIBRARY, git, start_line
from trinity_guard.dvcrepo.output import Output
from trinity_guard.git import locks, records
from trinity_guard.push.queue import Queue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MAX_LOG = 1_000_000
# Tells a push that it is one in the background.
BEHIND = "TRINITY_GUARD_BACKGROUND"


def push_in_background(place: git.Place, items: Sequence[Output]) -> None:
    """Queue these objects, and start a process of its own that pushes all that waits."""
    Queue(place).add(items)
    log = _log(place)
    if os.path.exists(log) and os.stat(log).st_size > MAX_LOG:
        os.truncate(log, 0)
    env = {**git.other_repository(), BEHIND: "1"}
    if not os.path.lexists(place.file(b".git")):
        # Only the variables that were dropped told where this repository is (git --git-dir=… --work-tree=…).
        env.update(GIT_DIR=os.fsdecode(place.git_dir), GIT_WORK_TREE=os.fsdecode(place.top))
    git.detach([sys.executable, "-I", "-S", "-c", start_line(), LIBRARY, "-q", "push", "--pending"], log, env)


def running(place: git.Place) -> bool:
    """Whether a push is under way in this repository."""
    return locks.held(_lock(place))


def last_words(place: git.Place) -> str:
    """Return the last line that a push in the background left in its log, remedies aside."""
    try:
        with open(_log(place), "rb") as file:
            lines = file.read().decode("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return ""
    return next((line for line in reversed(lines) if line and not line.startswith(" ")), "")


def _log(place: git.Place) -> bytes:
    return os.path.join(place.own, b"push.log")


def _lock(place: git.Place) -> bytes:
    return os.path.join(place.own, b"push.lock")


class PushLock:
    """One push at a time in a repository: the second waits for the first, those in the background one at a time.

    superfluous: another push waits already, and will find in the queue what this one would push.
    on_wait: called before it waits for another one, which may take as long as its upload.
    """

    def __init__(self, place: git.Place, on_wait: Callable[[], None] | None = None) -> None:
        self._file = _lock(place)
        self._fd = -1
        self._on_wait = on_wait
        self.superfluous = False

    def __enter__(self) -> PushLock:
        try:
            os.makedirs(os.path.dirname(self._file), exist_ok=True)
            waiting = os.open(self._file + b".next", os.O_WRONLY | os.O_CREAT, 0o666)
        except OSError as error:
            if error.errno not in records.READ_ONLY:
                raise
            return self  # nobody can queue anything here, and what is only asked is in nobody's way
        try:
            if BEHIND in os.environ and not locks.take(waiting, wait=False):
                self.superfluous = True
                return self
            self._fd = os.open(self._file, os.O_WRONLY | os.O_CREAT, 0o666)
            if self._on_wait and locks.held(self._file):
                self._on_wait()
            locks.take(self._fd, wait=True)
        finally:
            os.close(waiting)
        return self

    def __exit__(self, *_: object) -> None:
        if self._fd >= 0:
            os.close(self._fd)
