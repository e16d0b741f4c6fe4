"""Bytes and names forced to the disk: the one place that does it. Our own, and never what other programs have written.

syncfs(2), one call for thousands of files, waits for every program's pages: for minutes beside a large copy.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# Files that are forced to the disk side by side. A journal, and a disk, flush once for all who wait together: of 3,000
# files of 10 kB one after the other take 4 s, sixteen at once 0.2 s, syncfs 0.1 s (ext4 on a virtual disk).
AT_ONCE = 16
# So many that wait are worth a process that forces them to the disk while more are written.
WORTH_A_PROCESS = 64
# Of processes so many: of 4 to 16 six let a `git add` of 300 and of 3,000 end first (three quarters of the time that
# sixteen threads of one took). Each is given so many names at once, in no more bytes than a pipe keeps together.
PROCESSES, TOGETHER, MAX_PACKET = 6, 11, 4096
READ_AT_ONCE = 1 << 16
EIO = 5

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
    """Files that are forced to the disk while others are being written. `finish` waits for all of them.

    By processes of its own: threads of this one would take turns with it at each call, which took a third of all
    processor time of a `git add` of thousands, and threads of another one with each other (three times as much).
    """

    def __init__(self) -> None:
        self._waiting: list[bytes] = []
        self._children: list[int] = []
        self._fd = -1

    def add(self, path: bytes) -> None:
        """Have one forced to the disk; waits for nothing."""
        self._waiting.append(path)
        if len(self._waiting) >= WORTH_A_PROCESS and (self._children or self._start()):
            waiting, self._waiting = self._waiting, []
            self._hand_over(waiting)

    def finish(self) -> None:
        """Wait until all are on the disk; a failure is raised."""
        waiting, self._waiting = self._waiting, []
        children, self._children = self._children, []
        if children:
            os.close(self._fd)
        try:
            flush_all(waiting)
        finally:
            codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        code = max(codes, key=abs, default=0)
        if code:
            # What the disk says of a failure it says once: it is not asked again. Below 0: somebody has ended it.
            raise OSError(max(code, 0) or EIO, os.strerror(max(code, 0) or EIO))

    def _start(self) -> bool:
        """Whether there is a process for it: the system may give none."""
        reading, self._fd, count = _pipe()
        try:
            for _ in range(count):
                child = os.fork()
                if not child:
                    _flush_what_comes(reading, self._fd, _flush_in_turn if count > 1 else flush_all)
                self._children.append(child)
        except OSError:
            if not self._children:
                os.close(self._fd)
        finally:
            os.close(reading)
        return bool(self._children)

    def _hand_over(self, paths: list[bytes]) -> None:
        """Give paths to whichever process is the first to be free."""
        packet = b""
        for number, path in enumerate(paths):
            if packet and (number % TOGETHER == 0 or len(packet) + len(path) >= MAX_PACKET):
                self._send(packet)
                packet = b""
            packet += path + b"\0"
        self._send(packet)

    def _send(self, data: bytes) -> None:
        try:
            while data:
                data = data[os.write(self._fd, data) :]
        except BrokenPipeError:
            return  # all have failed: `finish` says how


def _pipe() -> tuple[int, int, int]:
    """Return a pipe's two ends, and how many processes may read from it: of a Linux's, by whole writes, some."""
    try:
        return *os.pipe2(os.O_CLOEXEC | os.O_DIRECT), PROCESSES
    except (AttributeError, OSError):
        return *os.pipe(), 1


def _flush_in_turn(paths: list[bytes]) -> None:
    for path in paths:
        _opened(path, sync)


def _flush_what_comes(reading: int, writing: int, flush: Callable[[list[bytes]], None]) -> None:
    """Force the files whose names come through a pipe to the disk, and end this process: nothing of the parent's may
    run in it, and nobody may wait for a pipe that it holds."""
    code = EIO
    try:
        os.close(writing)  # its end would never come
        for fd in _others():
            if fd != reading:
                _close(fd)
        rest = b""
        while data := os.read(reading, READ_AT_ONCE):
            *paths, rest = (rest + data).split(b"\0")
            flush(paths)
        code = 0
    except OSError as error:
        code = error.errno or EIO
    finally:
        os._exit(code)


def _others() -> Iterable[int]:
    """Return what may be open here; of a system that does not say (no /proc, FreeBSD) what mostly is."""
    try:
        return [int(name) for name in os.listdir("/dev/fd")]
    except OSError:
        return range(256)


def _close(fd: int) -> None:
    try:
        os.close(fd)
    except OSError:
        return  # the list's own


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
