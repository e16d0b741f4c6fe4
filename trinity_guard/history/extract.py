"""Blobs into the DVC cache, on all cores: their bytes pass by once, and are hashed as Git and as DVC name them."""

from __future__ import annotations

import os

from trinity_guard import store
from trinity_guard.errors import GuardError
from trinity_guard.history import lfs
from trinity_guard.history.objects import Batch, Source, unreadable
from trinity_guard.history.state import Object, State
from trinity_guard.rules import size_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from trinity_guard.history.plan import Options, Progress
    from trinity_guard.history.scan import Size

    Objects = dict[bytes, Object]

# What is asked for at once, and after how much the cache is flushed and remembered.
MOST_ASKED = 64
MOST_BYTES = 64 << 20
SETTLE_BYTES = 1 << 30
SETTLE_COUNT = 4000


class Job:
    """What is to be extracted: blobs (20 bytes) in a good order, what is known of them, and where LFS objects lie."""

    def __init__(self, blobs: Sequence[bytes], sizes: dict[bytes, Size], lfs_folder: bytes) -> None:
        self.blobs = blobs
        self.sizes = sizes
        self.lfs_folder = lfs_folder


def extract(source: Source, options: Options, state: State, job: Job, on_progress: Progress) -> Objects:
    """Put all of the blobs into the cache, flushed; return blob -> Object. Those of earlier runs are not read again."""
    cache = store.Store(options.cache, options.shared)
    known = state.objects()
    done = {blob: known[blob] for blob in job.blobs if blob in known and _good(cache, known[blob])}
    missing = [blob for blob in job.blobs if blob not in done]
    total = sum(job.sizes[b].real for b in job.blobs)
    there = total - sum(job.sizes[b].real for b in missing)
    on_progress("extract", there, total)
    if missing:
        _require_room(options.cache, total - there)
        counter = _Counter(there, total, on_progress)
        crew = _Crew(source, options, state, job, counter)
        done.update(crew.work(missing))
    return done


def _good(cache: store.Store, known: Object) -> bool:
    """Whether an object is there: its file as it was left, or else with the bytes of its name."""
    try:
        stat = os.stat(cache.path(known.md5))
    except (FileNotFoundError, NotADirectoryError):
        return False
    if stat.st_size != known.size:
        return False
    return stat.st_mtime_ns == known.seen or store.md5_of(cache.path(known.md5)) == known.md5


def _require_room(folder: bytes, needed: int) -> None:
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    info = os.statvfs(folder)
    free = info.f_bavail * info.f_frsize
    if free < needed:
        raise GuardError(
            problem=f"the DVC cache needs {size_text(needed)} more, and its disk has {size_text(free)} left; "
            "no ref was moved.",
            remedy="dvc cache dir --local FOLDER     # on a larger disk; or free some room",
        )


class _Counter:
    def __init__(self, done: int, total: int, on_progress: Progress) -> None:
        self._done = done
        self._total = total
        self._on_progress = on_progress

    def __call__(self, size: int) -> None:
        self._done += size
        self._on_progress("extract", self._done, self._total)


class _Crew:
    """Threads that each read from a `git cat-file` of their own; hashing and zlib let the others run."""

    def __init__(
        self, source: Source, options: Options, state: State, job: Job, on_bytes: Callable[[int], None]
    ) -> None:
        import threading

        self._source = source
        self._options = options
        self._state = state
        self._job = job
        self._on_bytes = on_bytes
        self._lock = threading.Lock()
        self._failures: list[BaseException] = []
        self._done: Objects = {}

    def work(self, blobs: Sequence[bytes]) -> Objects:
        import threading

        portions = _portions(blobs, self._job.sizes)
        count = min(len(portions), _cores())
        threads = [threading.Thread(target=self._worker, args=(portions, count)) for _ in range(count)]
        for thread in threads:
            thread.start()
        try:
            for thread in threads:
                thread.join()
        except BaseException as error:  # Ctrl-C: let them come to an end before the interpreter does
            self._failures.append(error)
            for thread in threads:
                thread.join()
            raise
        if self._failures:
            raise self._failures[0]
        return self._done

    def _worker(self, portions: list[list[bytes]], workers: int) -> None:
        try:
            with Batch(self._source, "--batch") as batch:
                hand = _Hand(self, batch, alone=workers < _cores())
                try:
                    while (portion := self._next(portions)) is not None:
                        hand.take(portion)
                    hand.settle()
                finally:
                    hand.cache.abandon()
        except BaseException as error:  # noqa: BLE001  # told by `work`
            self._failures.append(error)

    def _next(self, portions: list[list[bytes]]) -> list[bytes] | None:
        with self._lock:
            return portions.pop() if portions and not self._failures else None

    def remember(self, objects: Objects) -> None:
        with self._lock:
            self._state.add_objects(objects)
            self._done.update(objects)

    def count(self, size: int) -> None:
        with self._lock:
            self._on_bytes(size)

    @property
    def options(self) -> Options:
        return self._options

    @property
    def job(self) -> Job:
        return self._job

    @property
    def failed(self) -> bool:
        return bool(self._failures)


class _Hand:
    """One worker's part: its process, its way into the cache, and what it took since the cache was flushed."""

    def __init__(self, crew: _Crew, batch: Batch, alone: bool) -> None:
        self._crew = crew
        self._batch = batch
        self._alone = alone
        self.cache = store.Store(crew.options.cache, crew.options.shared)
        self._taken: Objects = {}
        self._bytes = 0

    def take(self, blobs: list[bytes]) -> None:
        sizes = self._crew.job.sizes
        in_git = [blob for blob in blobs if sizes[blob].lfs is None]
        self._batch.ask(blob.hex().encode() for blob in in_git)
        for blob in in_git:
            if self._crew.failed:
                return
            self._take_blob(blob)
        for blob in blobs:
            pointer = sizes[blob].lfs
            if pointer is not None:
                self._take_lfs(blob, pointer)
        if self._bytes > SETTLE_BYTES or len(self._taken) > SETTLE_COUNT:
            self.settle()

    def _take_blob(self, blob: bytes) -> None:
        import hashlib

        oid = blob.hex().encode()
        kind, size = self._batch.header(oid)
        # Git checks no hash when it reads from a pack: this is the proof that these are the blob's bytes.
        digest = hashlib.sha1(b"%s %d\0" % (kind, size), usedforsecurity=False)

        def pieces() -> Iterator[bytes]:
            # Where a second thread hashes, a piece must outlive the next one.
            for piece in self._batch.pieces(oid, size, reuse=not self._alone):
                digest.update(piece)
                yield piece  # type: ignore[misc]  # the store writes and hashes it, whatever holds the bytes

        stored = self.cache.take(pieces(), size if self._alone else 0)
        if digest.digest() != blob:
            self.cache.drop(stored)
            raise unreadable(oid, b"its bytes are not those of its name")
        self._took(blob, stored)

    def _take_lfs(self, blob: bytes, pointer: lfs.LfsObject) -> None:
        import hashlib

        digest = hashlib.sha256(usedforsecurity=False)

        def pieces() -> Iterator[bytes]:
            if pointer.size:  # git-lfs keeps no file for an empty one
                for piece in store.read_file(lfs.path(self._crew.job.lfs_folder, pointer)):
                    digest.update(piece)
                    yield piece

        stored = self.cache.take(pieces())
        if digest.hexdigest() != pointer.sha256:
            self.cache.drop(stored)
            raise lfs.damaged(pointer)
        self._took(blob, stored)

    def _took(self, blob: bytes, stored: store.Stored) -> None:
        self._taken[blob] = Object(stored.md5, stored.size)
        self._bytes += stored.size
        self._crew.count(stored.size)

    def settle(self) -> None:
        """Flush what was taken into its place, then remember it."""
        self.cache.settle()
        for taken in self._taken.values():
            taken.seen = os.stat(self.cache.path(taken.md5)).st_mtime_ns
        self._crew.remember(self._taken)
        self._taken, self._bytes = {}, 0


def _portions(blobs: Sequence[bytes], sizes: dict[bytes, Size]) -> list[list[bytes]]:
    """Split the blobs into what a worker asks for at once, the last ones first in the list."""
    portions: list[list[bytes]] = []
    current: list[bytes] = []
    weight = 0
    for blob in blobs:
        if current and (len(current) >= MOST_ASKED or weight + sizes[blob].size > MOST_BYTES):
            portions.append(current)
            current, weight = [], 0
        current.append(blob)
        weight += sizes[blob].size
    if current:
        portions.append(current)
    portions.reverse()
    return portions


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
