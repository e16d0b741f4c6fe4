"""A folder of temporary files that processes share: each one's are swept when it is gone, and by nobody before.

That it is at work its lock says, which the system lets go of however it ends. A process id says nothing: it is given
again, and another machine, or container, at the same shared cache has ids of its own.
"""

from __future__ import annotations

import _thread  # built in, and all of `threading` that is needed
import os

from trinity_guard.git import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# How often the lock is tried to be made, while others take the folder away.
MAX_TRIES = 50
# Begins a lock's name, so that it is never the number of a process, by which the version before named its files.
OWNER = b"use"
# Seconds after which a file under a name of the version before, which had no locks, is nobody's any more.
OLD = 24 * 60 * 60


class Temporary:
    """One user's files in such a folder, named after its lock: `LOCK-RANDOM`. The first name makes the lock.

    make: makes the folder. Names may be asked for by several threads.
    """

    def __init__(self, folder: bytes, make: Callable[[bytes], object]) -> None:
        self.folder = folder
        self._make = make
        self._owner = b""
        self._fd = -1
        self._one_at_a_time = _thread.allocate_lock()

    def name(self) -> bytes:
        """Return the path of a file that is not there yet; only what the caller makes of it is ever at this path."""
        with self._one_at_a_time:
            if self._fd < 0:
                self._begin()
            return b"%b/%b-%b" % (self.folder, self._owner, files.random_name())

    def end(self) -> None:
        """Let go of the lock, and of the folder if it is empty; nothing where files of ours are still in it."""
        with self._one_at_a_time:
            if self._fd < 0 or self._in_use():
                return
            files.unlink(os.path.join(self.folder, self._owner))
            os.close(self._fd)
            self._fd = -1
        try:
            os.rmdir(self.folder)
        except OSError:
            return  # another one is at work in it

    def _in_use(self) -> bool:
        try:
            return any(name.startswith(self._owner + b"-") for name in os.listdir(self.folder))
        except FileNotFoundError:
            return False  # somebody has taken the whole folder away

    def _begin(self) -> None:
        tries = MAX_TRIES
        while True:
            try:
                self._make(self.folder)
                if os.path.islink(self.folder):
                    # We sweep it: what lies where a link leads is somebody else's.
                    raise OSError(40, "a symbolic link where a folder of ours should be", self.folder)
                self._owner = OWNER + files.random_name()
                self._fd = _locked(os.path.join(self.folder, self._owner))
                break
            except (FileNotFoundError, FileExistsError, BlockingIOError):
                # Another one at work here has ended, and took the folder away, or made it, or swept our lock,
                # in this moment.
                tries -= 1
                if not tries:
                    raise
        sweep(self.folder)


def _locked(path: bytes) -> int:
    """Make a lock and hold it; BlockingIOError or FileNotFoundError where a sweeper was between the two."""
    import fcntl

    fd = files.create(path, 0o666)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        raise
    except OSError:
        return fd  # a file system without locks: there no sweeper gets one either
    if not os.path.exists(path):
        os.close(fd)
        raise FileNotFoundError(path)
    return fd


def sweep(folder: bytes) -> None:
    """Take away what those left behind who are gone."""
    for path in left_behind(folder):
        files.unlink(path)


def left_behind(folder: bytes) -> Iterator[bytes]:
    """Yield the files of those who are gone, each one's lock last, and held while they are yielded."""
    groups: dict[bytes, list[bytes]] = {}
    for name in os.listdir(folder):
        groups.setdefault(name.partition(b"-")[0], []).append(os.path.join(folder, name))
    for owner, paths in groups.items():
        lock = os.path.join(folder, owner)
        if owner.isdigit():
            yield from filter(_is_old, paths)
        elif owner.startswith(OWNER) and os.path.lexists(lock):
            yield from _if_gone(lock, [*(p for p in paths if p != lock), lock])
        elif owner.startswith(OWNER):
            yield from paths  # names are never used twice: who had these is gone, or has moved them by now


def _if_gone(lock: bytes, paths: list[bytes]) -> Iterator[bytes]:
    import fcntl

    try:
        # For writing: over NFS that is what an exclusive lock asks for.
        fd = os.open(lock, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return  # gone in this moment, or not ours to sweep
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield from paths
    except OSError:
        return  # at work, or on a file system without locks, where nobody can say
    finally:
        os.close(fd)


def _is_old(path: bytes) -> bool:
    import time

    try:
        return time.time() - os.lstat(path).st_mtime > OLD
    except FileNotFoundError:
        return False
