"""Objects on their way between the cache and a remote, in the worker; the bytes that move are told."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, nullcontext
from itertools import islice

from trinity_guard.dvcrepo import odb
from trinity_guard.errors import GuardError
from trinity_guard.remotes import failures, query
from trinity_guard.remotes.folder import ABSENT, DAMAGED, NOT_CACHED, damaged_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future
    from typing import Any

    Say = Callable[..., None]

BEAT = 0.2
SLACK = 1 << 20
EFBIG = 27
# So many objects in a row that fail for the remote's sake: the rest would too.
ENOUGH = 8
# So many objects a thread are before it; each wait looks at all of them.
AHEAD = 4
# What came is flushed to the disk in groups, seconds apart.
SETTLE_EVERY = 0.5


class TooLong(Exception):  # noqa: N818  # what came, not that it is an error
    """More bytes came than the pointer names."""


def _bound(most: int) -> Any:
    """Return what a client library tells of the bytes that come, and what ends the download beyond `most` of them."""
    from fsspec import Callback

    class Bound(Callback):  # type: ignore[misc]
        def relative_update(self, inc: int = 1) -> None:
            self.absolute_update(self.value + inc)

        def absolute_update(self, value: int) -> None:
            self.value = value
            if value > most:
                raise TooLong

    return Bound()


class FileLimit:
    """While it is entered, the system lets no file of this process grow beyond so many bytes.

    Not every client library tells of the bytes that come, or heeds what it is answered.
    """

    def __init__(self, most: int) -> None:
        import resource  # noqa: PLC0415  # the worker alone needs it

        self._most = most
        self._resource = resource

    def __enter__(self) -> None:
        self._before = self._resource.getrlimit(self._resource.RLIMIT_FSIZE)
        soft, hard = self._most, self._before[1]
        if hard != self._resource.RLIM_INFINITY:
            soft = min(soft, hard)
        self._resource.setrlimit(self._resource.RLIMIT_FSIZE, (soft, hard))

    def __exit__(self, *_: object) -> None:
        self._resource.setrlimit(self._resource.RLIMIT_FSIZE, self._before)


class Traffic:
    """Bytes that this process's connections have sent and received, as the system counts them.

    The libraries tell of an upload when it is over (S3: of 100 MB at once), and a slow line is no silent remote. What
    they hand to the system tells no more: of 3.9 MB that a socket took at once, 33 kB had reached the other side.
    """

    def __init__(self) -> None:
        import socket

        # The option, and where in it stand two numbers of 64 bits: acknowledged (sent, on macOS), and received.
        self._option, *self._at = (0x106, 64, 88) if sys.platform == "darwin" else (socket.TCP_INFO, 120, 128)
        self._seen: dict[str, list[int]] = {}
        self.sent = self.received = 0

    def look(self) -> None:
        """Count what has moved since the last look."""
        now = {fd: counts for fd in os.listdir("/dev/fd") if (counts := self._counts(int(fd)))}
        for fd, counts in now.items():
            before = self._seen.get(fd, [0, 0])
            if counts < before:  # another connection under this number
                before = [0, 0]
            self.sent += counts[0] - before[0]
            self.received += max(counts[1] - before[1], 0)
        self._seen = now

    def _counts(self, fd: int) -> list[int]:
        import socket

        try:
            connection = socket.socket(fileno=fd)
        except OSError:
            return []  # no socket, or closed by now
        try:
            told = connection.getsockopt(socket.IPPROTO_TCP, self._option, 256)
            return [int.from_bytes(told[at : at + 8], sys.byteorder) for at in self._at]
        except OSError:
            return []  # of another kind: the pipe that wakes asyncio's loop is a pair of sockets as well
        finally:
            connection.detach()


class Heartbeat:
    """Says, five times a second, how far the bytes are, if any moved."""

    def __init__(self, say: Say, traffic: Traffic, request: dict[str, Any]) -> None:
        import threading

        self.say = say
        self._traffic = traffic
        self._total = sum(max(size, 0) for _, size in request.get("items", ()))
        self._sends = request["do"] == "send"
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.finished = 0  # bytes of objects that are through
        self._local = 0  # threads that are at work on this machine: their silence is not the remote's

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def news(self, news: dict[str, Any]) -> None:
        self.say(news=news)

    @contextmanager
    def local_work(self) -> Iterator[None]:
        """Hash, flush, rename: what takes time and moves no byte."""
        with self._lock:
            self._local += 1
        try:
            yield
        finally:
            with self._lock:
                self._local -= 1

    def _run(self) -> None:
        start = before = self._moved()
        while not self._over.wait(BEAT):
            now = self._moved()
            if now != before or self._local:
                before = now
                wire = now[0] - start[0] if self._sends else now[1] - start[1]
                self.say(at=[max(self.finished, min(wire, self._total)), self._total])
        if self._total:
            self.say(at=[self.finished, self._total])

    def _moved(self) -> tuple[int, int, int]:
        self._traffic.look()
        return self._traffic.sent, self._traffic.received, self.finished


class _Transfer:
    """Objects on their way, several at once; one that fails does not stop the others."""

    doing = "read"
    tell_after = 0.0  # seconds in which what became of objects is gathered

    def __init__(self, store: query.RemoteStore, cache: odb.Store, heartbeat: Heartbeat, name: str, url: str) -> None:
        self.store = store
        self.cache = cache
        self.heartbeat = heartbeat
        self.name = name
        self.url = url
        self._arrived = 0
        self._in_a_row = 0
        self._last: BaseException | None = None

    def one(self, md5: str, size: int) -> str:
        """Move one object; return why not, "" when it is done."""
        raise NotImplementedError

    def settle(self) -> None:
        """Make what arrived last."""

    def run(self, items: list[tuple[str, int]]) -> None:
        self.store.refresh()
        for wanted in (False, True):
            self._run([item for item in items if item[0].endswith(".dir") == wanted])
        if self._last and not self._arrived and failures.step_of(self._last, self.doing) in failures.WHOLE:
            raise failures.error_of(self._last, self.name, self.url, self.doing)

    def _run(self, items: list[tuple[str, int]]) -> None:
        import time
        from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

        fresh: dict[str, str] = {}
        told = time.monotonic()
        left = iter(items)
        running: dict[Future[str], tuple[str, int]] = {}
        jobs = max(self.store.fs.jobs, 1)
        with ThreadPoolExecutor(max_workers=jobs) as pool:
            try:
                while True:
                    for md5, size in islice(left, jobs * AHEAD - len(running)):
                        running[pool.submit(self.one, md5, size)] = (md5, size)
                    if not running:
                        break
                    done, _ = wait(running, timeout=self.tell_after or None, return_when=FIRST_COMPLETED)
                    for future in done:
                        md5, size = running.pop(future)
                        fresh[md5] = self._outcome(future, size)
                    if fresh and time.monotonic() - told >= self.tell_after:
                        fresh, told = self._tell(fresh), time.monotonic()
                self._tell(fresh)
            finally:
                pool.shutdown(wait=False, cancel_futures=True)

    def _outcome(self, future: Any, size: int) -> str:
        try:
            reason: str = future.result()
        except GuardError:
            raise
        except Exception as error:  # noqa: BLE001  # of one object; it is named with the reason
            step = failures.step_of(error, self.doing)
            self._in_a_row = self._in_a_row + 1 if step in failures.WHOLE else 0
            self._last = error
            if self._in_a_row >= ENOUGH or (not self._arrived and failures.hopeless(error, step)):
                raise failures.error_of(error, self.name, self.url, self.doing) from None
            return failures.reason_of(error, self.doing)
        if not reason:
            self._arrived += 1
            self._in_a_row = 0
            self.heartbeat.finished += max(size, 0)
        return reason

    def _tell(self, fresh: dict[str, str]) -> dict[str, str]:
        """Say what became of these objects, once what arrived is safe."""
        with self.heartbeat.local_work():
            self.settle()
        if fresh:
            self.heartbeat.news(fresh)
        return {}


class Upload(_Transfer):
    """From the cache to the remote."""

    doing = "write"

    def one(self, md5: str, size: int) -> str:
        path = self.cache.path(md5)
        size_here = self.cache.size(md5)
        if size_here is None:
            return NOT_CACHED
        try:
            with self.heartbeat.local_work():
                right = odb.says(md5, odb.md5_of(path), path)
            if not right:
                return damaged_in(self.cache, md5)
        except OSError as error:
            return f"its object in the cache cannot be read: {error.strerror}"
        put(self.store, os.fsdecode(path), self.store.path(md5), size_here)
        return ""


class Download(_Transfer):
    """From the remote to the cache."""

    tell_after = SETTLE_EVERY

    def one(self, md5: str, size: int) -> str:
        target = self.cache.place_for()
        kept = False
        try:
            try:
                self._get(md5, size, target)
            except TooLong:
                return f"{DAMAGED}: it is longer than the {size:,} bytes that its pointer names"
            except FileNotFoundError as error:
                if query.absent(error):
                    return ABSENT
                raise
            came = os.stat(target).st_size
            with self.heartbeat.local_work():
                right = odb.says(md5, odb.md5_of(target), target)
            if not right:
                there = self.store.info([self.store.path(md5)], lambda _: None)[0]
                if isinstance(there, int) and there > came:
                    return f"connection lost: {came} of {there} bytes came"
                return DAMAGED
            self.cache.adopt(target, md5, came)
            kept = True
        finally:
            if not kept and os.path.exists(target):  # gcsfs takes it away itself
                os.unlink(target)
        return ""

    def _get(self, md5: str, size: int, target: bytes) -> None:
        """Fetch an object, and no byte more than may be in it; TooLong where there is more."""
        most = size if size >= 0 else odb.MAX_LISTED if md5.endswith(".dir") else sys.maxsize
        try:
            self.store.fs.fs.get_file(self.store.path(md5), os.fsdecode(target), callback=_bound(most))
        except OSError as error:
            if error.errno == EFBIG or (os.path.exists(target) and os.path.getsize(target) > most):
                raise TooLong from None
            raise
        if os.path.getsize(target) > most:
            raise TooLong

    def run(self, items: list[tuple[str, int]]) -> None:
        known = [odb.MAX_LISTED if md5.endswith(".dir") else size for md5, size in items]
        # A file may be told by less than its last byte: some libraries write in blocks.
        with FileLimit(max(known, default=0) + SLACK) if min(known, default=-1) >= 0 else nullcontext():
            super().run(items)
        if not self._arrived:
            query.check_base(self.store)  # all absent: perhaps for want of the bucket

    def settle(self) -> None:
        self.cache.settle()


def put(store: query.RemoteStore, source: str, target: str, size: int) -> None:
    """Upload one file; under its final name only when all of it is there, where the protocol can do that."""
    client = store.fs.fs
    if store.is_object_store:
        client.put_file(source, target)  # one PUT, or a multipart upload that is completed at its end
        return
    if store.scheme in ("http", "https"):
        client.put_file(source, target)
        _check(store, target, size)
        return
    from dvc_objects.fs.utils import tmp_fname

    temporary = store.fs.join(store.fs.parent(target), tmp_fname())
    try:
        store.fs.makedirs(store.fs.parent(target), exist_ok=True)
        client.put_file(source, temporary)
        _check(store, temporary, size)
        _rename(store, temporary, target)
    except BaseException:
        _sweep(store, temporary)
        raise


def _check(store: query.RemoteStore, path: str, size: int) -> None:
    there = store.info([path], lambda _: None)[0]
    if isinstance(there, BaseException):
        raise there
    if there not in (-1, size):
        raise ConnectionError(f"{there} of {size} bytes arrived")


def _rename(store: query.RemoteStore, temporary: str, target: str) -> None:
    if store.scheme.startswith("webdav"):
        store.fs.fs.client.move(temporary, target, overwrite=True)
    else:
        store.fs.fs.mv(temporary, target)


def _sweep(store: query.RemoteStore, path: str) -> None:
    try:
        store.fs.fs.rm_file(path)
    except Exception:  # noqa: BLE001  # the connection is gone perhaps, and what failed is on its way up
        return
