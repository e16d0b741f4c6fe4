"""One at a time: a lock file that the system lets go of when its process ends, however it ends."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trinity_guard.git import Place


# ENOLCK, ENOSYS, EOPNOTSUPP: what file systems of clusters and networks say that know no locks (Lustre, some NFS).
NO_LOCKS = frozenset((37, 38, 95, 45, 77, 78, 102))  # and what BSD and macOS number otherwise


def take(fd: int, *, wait: bool) -> bool:
    """Lock an open file for this process alone, until it is closed; False where another has it, unless we wait.

    Where a file system has no locks we go on as if alone, as Git and DVC do there.
    """
    import fcntl

    try:
        fcntl.flock(fd, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
    return True


class FileLock:
    """A conversion's turn in a work tree: what it reads of the index must be what it changes.

    waited: another one held the lock, so what was read before is out of date.
    """

    def __init__(self, place: Place) -> None:
        self._file = os.path.join(place.git_dir, b"trinity-guard", b"lock")
        self._fd = -1
        self.waited = False

    def __enter__(self) -> FileLock:
        os.makedirs(os.path.dirname(self._file), exist_ok=True)
        self._fd = os.open(self._file, os.O_WRONLY | os.O_CREAT, 0o666)
        self.waited = not take(self._fd, wait=False)
        if self.waited:
            take(self._fd, wait=True)
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
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
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
