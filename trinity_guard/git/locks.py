"""One at a time: a lock file that the system lets go of when its process ends, however it ends."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trinity_guard.git import Place


class FileLock:
    """A conversion's turn in a work tree: what it reads of the index must be what it changes.

    waited: another one held the lock, so what was read before is out of date.
    """

    def __init__(self, place: Place) -> None:
        self._file = os.path.join(place.git_dir, b"trinity-guard", b"lock")
        self._fd = -1
        self.waited = False

    def __enter__(self) -> FileLock:
        import fcntl

        os.makedirs(os.path.dirname(self._file), exist_ok=True)
        self._fd = os.open(self._file, os.O_WRONLY | os.O_CREAT, 0o666)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.waited = True
            fcntl.flock(self._fd, fcntl.LOCK_EX)
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)


def held(file: bytes) -> bool:
    """Whether a process is at work under this lock."""
    import fcntl

    try:
        fd = os.open(file, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        # Shared, so that those who only ask are not in each other's way.
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


def alive(pid: int) -> bool:
    """Whether a process is there, whoever's it is."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
