"""Bytes and names forced to the disk: the one place that does it. Our own, and never what other programs have written.

syncfs(2), one call for thousands of files, waits for every program's pages: for minutes beside a large copy.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from queue import SimpleQueue
    from threading import Thread

# Files that are forced to the disk side by side. A journal, and a disk, flush once for all who wait together: of 3,000
# files of 10 kB one after the other take 4 s, sixteen at once 0.2 s, syncfs 0.1 s (ext4 on a virtual disk).
AT_ONCE = 16
# Threads that do it while their process writes more files: each call to Python's interpreter takes turns with those.
MEANWHILE = 3


# EINVAL, ENOSYS, EOPNOTSUPP: a file system that forces nothing, or no folders (FUSE, Samba, some NFS).
FORCES_NOTHING = frozenset((22, 38, 95, 45, 78, 102))


def begin_write_out(fd: int, start: int = 0, count: int = 0) -> None:
    """Have the system begin to write these bytes of a file out (count 0: to its end); waits for nothing.

    Then the flush finds the places on the disk chosen and most of the bytes there. Pages on their way stay in memory.
    As fast as sync_file_range(2), for which Python has no name and which not every file system has.
    """
    if hasattr(os, "posix_fadvise"):  # not on macOS
        try:
            os.posix_fadvise(fd, start, count, os.POSIX_FADV_DONTNEED)
        except OSError:
            return  # a hint that this file system does not take; the flush does it all


def begin_write_out_of(path: bytes) -> None:
    """The same for a whole file that somebody else has written."""
    _opened(path, begin_write_out)


def sync(fd: int) -> None:
    """Force an open file, or folder, to the disk."""
    _sync(fd)
    _empty_disk_cache(fd)


def _sync(fd: int) -> None:
    try:
        os.fsync(fd)  # noqa: TID251  # the one place
    except OSError as error:
        if error.errno not in FORCES_NOTHING:
            raise


def flush(path: bytes) -> None:
    """Force a file, or the names in a folder, to the disk."""
    _opened(path, sync)


def flush_all(paths: Iterable[bytes]) -> None:
    """Force files, or the names in folders, of one file system to the disk, many at once."""
    left = list(paths)
    last = left[:1]
    errors: list[BaseException] = []

    def work() -> None:
        while left and not errors:
            try:
                _opened(left.pop(), _sync)  # the disk's own memory follows, once for all
            except IndexError:
                return  # another thread was faster
            except BaseException as error:  # noqa: BLE001  # raised below, when no thread is at work any more
                errors.append(error)

    _side_by_side(work, min(len(left), AT_ONCE))
    for error in errors:
        raise error
    for path in last:
        _opened(path, _empty_disk_cache)


class Background:
    """Files that are forced to the disk while others are being written. `finish` waits for all of them."""

    def __init__(self) -> None:
        self._paths: SimpleQueue[bytes | None] | None = None
        self._threads: list[Thread] = []
        self._errors: list[BaseException] = []
        self._last = b""

    def add(self, path: bytes) -> None:
        """Have one forced to the disk; waits for nothing."""
        if self._paths is None:
            from queue import SimpleQueue  # a commit with nothing to do needs none

            self._paths = SimpleQueue()
        self._paths.put(path)
        self._last = path
        # Of a few files none is worth a thread.
        if len(self._threads) < MEANWHILE and self._paths.qsize() > MEANWHILE:
            self._start()

    def finish(self) -> None:
        """Wait until all are on the disk; the first failure there was is raised."""
        paths, last = self._paths, self._last
        if paths is None:
            return
        for _ in range(len(self._threads) + 1):
            paths.put(None)
        self._work()
        for thread in self._threads:
            thread.join()
        errors = self._errors
        self._paths, self._threads, self._errors = None, [], []
        for error in errors:
            raise error
        _opened(last, _empty_disk_cache)

    def _start(self) -> None:
        import threading

        thread = threading.Thread(target=self._work, daemon=True)
        try:
            thread.start()
        except RuntimeError:
            return  # the system gives no more threads: `finish` does it
        self._threads.append(thread)

    def _work(self) -> None:
        paths = self._paths
        while paths is not None and (path := paths.get()) is not None:
            if self._errors:
                continue
            try:
                _opened(path, _sync)
            except BaseException as error:  # noqa: BLE001  # raised by `finish`
                self._errors.append(error)


def _empty_disk_cache(fd: int) -> None:
    """Force the disk's own memory too, where fsync(2) does not (macOS)."""
    import fcntl

    full = getattr(fcntl, "F_FULLFSYNC", None)
    if full is None:
        return
    try:
        fcntl.fcntl(fd, full)
    except OSError:
        return  # a file system of the network has no such thing; fsync(2) was all there is


def _opened(path: bytes, action: Callable[[int], object]) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        action(fd)
    finally:
        os.close(fd)


def _side_by_side(work: Callable[[], None], count: int) -> None:
    """Run the same work in so many threads, of which this is one."""
    if count < 2:
        return work()
    import threading

    others = [threading.Thread(target=work, daemon=True) for _ in range(count - 1)]
    started = []
    try:
        for thread in others:
            thread.start()
            started.append(thread)
    except RuntimeError:
        pass  # the system gives no more threads: those that there are do it
    try:
        work()
    finally:
        for thread in started:
            thread.join()
