"""Blobs into the DVC cache, on all cores: their bytes pass by once, and are hashed as Git and as DVC name them."""

from __future__ import annotations

import os

from trinity_guard.detect.patterns import size_text
from trinity_guard.dvcrepo import odb
from trinity_guard.errors import GuardError
from trinity_guard.git import files
from trinity_guard.git.catfile import Batch, unreadable
from trinity_guard.git.packblobs import DamagedError, Packs
from trinity_guard.migrate import lfs, standins
from trinity_guard.migrate.state import Object, Objects

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from trinity_guard.dvcrepo.standin import StandIn
    from trinity_guard.migrate.blobs import Size
    from trinity_guard.migrate.migration import Migration
    from trinity_guard.migrate.options import Options
    from trinity_guard.migrate.progress import Progress
    from trinity_guard.migrate.scan import Scan


# What is asked for at once, and after how much the cache is flushed and remembered.
MAX_ASKED = 64
MAX_BYTES = 16 << 20
HEAD_BYTES = 4096
SETTLE_BYTES = 1 << 30
SETTLE_COUNT = 4000


class Extraction:
    """Threads that put blobs into the cache while others go on: `add` them as they are found, ask for their `objects`
    when all were named, and wait until they are `safe` before anything relies on the cache.

    A context manager: what is under way when it is left is let go of.
    """

    def __init__(self, migration: Migration, options: Options) -> None:
        self._cache = odb.Store(options.cache, options.shared)
        self._folder = options.cache
        self._known = migration.state.objects()
        self._done = Objects()
        self._counter = _Counter(migration.on_progress)
        self._workers = _Workers(migration, options, self._counter)
        self._anchor: odb.Stored | None = None

    def __enter__(self) -> Extraction:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._workers.abandon()
        finally:
            self._lift_anchor()

    def _drop_anchor(self) -> None:
        """Keep a file in the store's temporary folder: who has flushed takes an empty one away, perhaps just when
        another thread begins to write into it."""
        if self._anchor is None:
            self._anchor = self._cache.take(())

    def _lift_anchor(self) -> None:
        if self._anchor is not None:
            self._cache.drop(self._anchor)
            self._anchor = None
            self._cache.settle()  # the folder goes with it

    def add(self, scanned: Scan, blobs: Sequence[bytes]) -> None:
        """Begin to extract what a scan found (20 bytes each, none twice) and earlier runs did not; LFS pointers and
        stand-ins whose object is not here stay out."""
        sizes, known = scanned.blobs, self._known
        blobs = [b for b in blobs if self._workers.has(sizes[b], self._cache)]
        self._done.update({b: known[b] for b in blobs if b in known and _good(self._cache, known[b])})
        missing = [b for b in blobs if b not in self._done]
        weight = sum(sizes[b].copied for b in missing)
        self._workers.expect(sum(sizes[b].copied for b in blobs), weight)
        if missing:
            _require_room(self._folder, self._counter.left)
            self._drop_anchor()
            self._workers.versions = scanned.versions
            self._workers.add(_portions(missing, sizes), sizes)

    def objects(self) -> Objects:
        """Return blob -> Object when all are read and written: not flushed yet, but they have their names."""
        taken = self._workers.taken()
        if not self._done:
            return taken
        self._done.update(taken)
        return self._done

    def safe(self) -> None:
        """Return when every object is on the disk under its name, and remembered."""
        self._workers.join()


def _good(cache: odb.Store, known: Object) -> bool:
    """Whether an object is there: its file as it was left, or else with the bytes of its name."""
    try:
        stat = os.stat(cache.path(known.md5))
    except (FileNotFoundError, NotADirectoryError):
        return False
    if stat.st_size != known.size:
        return False
    return stat.st_mtime_ns == known.seen or odb.md5_of(cache.path(known.md5)) == known.md5


def _require_room(folder: bytes, needed: int) -> None:
    free = files.room(folder)
    if free is not None and free < needed:
        raise GuardError(
            problem=f"the DVC cache needs {size_text(needed)} more, and its disk has {size_text(free)} left; "
            "no ref was moved.",
            remedy="dvc cache dir --local FOLDER     # on a larger disk; or free some room",
        )


class _Counter:
    """Bytes done and expected, for one thread at a time; silent until `speak`, since others tell of their progress
    before."""

    def __init__(self, on_progress: Progress) -> None:
        self._done = 0
        self._total = 0
        self._on_progress = on_progress
        self._silent = True

    @property
    def left(self) -> int:
        return self._total - self._done

    def expect(self, total: int, missing: int) -> None:
        self._total += total
        self._done += total - missing

    def speak(self) -> None:
        self._silent = False
        self._on_progress("extract", self._done, self._total)

    def __call__(self, size: int) -> None:
        self._done += size
        if not self._silent:
            self._on_progress("extract", self._done, self._total)


class _Workers:
    """Threads that read packs, each a `git cat-file` of its own beside; hashing and inflating let the others run."""

    def __init__(self, migration: Migration, options: Options, counter: _Counter) -> None:
        import threading

        source = migration.source
        self.options = options
        self.sizes: dict[bytes, Size] = {}
        self.versions: Mapping[bytes, Collection[bytes]] = {}
        self.lfs_folder = lfs.of(source)
        self.packs = Packs(source.place.common_dir)
        self._source = source
        self._state = migration.state
        self._counter = counter
        self._turn = threading.Condition()
        self._portions: list[list[bytes]] = []
        self._threads: list[threading.Thread] = []
        self._busy = 0
        self._closed = False
        self._failures: list[BaseException] = []
        self._objects = Objects()

    def has(self, size: Size, cache: odb.Store) -> bool:
        if size.stand_in is not None:
            return standins.here(cache, size.stand_in)
        return size.lfs is None or lfs.here(self.lfs_folder, size.lfs)

    def expect(self, total: int, missing: int) -> None:
        with self._turn:
            self._counter.expect(total, missing)

    def add(self, portions: list[list[bytes]], sizes: Mapping[bytes, Size]) -> None:
        """Take portions to work on; raises what has failed meanwhile, so that nobody looks for more in vain."""
        import threading

        with self._turn:
            if self._failures:
                raise self._failures[0]
            self.sizes.update((blob, sizes[blob]) for portion in portions for blob in portion)
            self._portions = [*reversed(portions), *self._portions]
            for _ in range(min(_cores() - len(self._threads), len(portions))):
                thread = threading.Thread(target=self._work)
                thread.start()
                self._threads.append(thread)  # one that was never started could not be joined
                self._busy += 1
            self._turn.notify_all()

    def taken(self) -> Objects:
        """Return what was taken, when all that was added is."""
        with self._turn:
            self._closed = True
            self._counter.speak()
            self._turn.notify_all()
            self._turn.wait_for(lambda: not self._busy or self._failures)
        if self._failures:
            self.join()
        return self._objects

    def join(self) -> None:
        for thread in self._threads:
            thread.join()
        if self._failures:
            raise self._failures[0]

    def abandon(self) -> None:
        """Let the threads come to an end, before the interpreter does."""
        with self._turn:
            self._closed = True
            self._portions.clear()
            if self._busy:
                self._failures.append(KeyboardInterrupt())
            self._turn.notify_all()
        for thread in self._threads:
            thread.join()
        self.packs.close()

    def _work(self) -> None:
        try:
            with Batch(self._source, "--batch", step=HEAD_BYTES) as batch:
                worker = _Worker(self, batch)
                try:
                    while (portion := self._next()) is not None:
                        worker.take(portion, alone=self._alone())
                    self._rest()
                    self.go_on()
                    worker.settle()
                finally:
                    worker.cache.abandon()
        except BaseException as error:  # noqa: BLE001  # told by `taken` and `join`
            with self._turn:
                self._failures.append(error)
                self._turn.notify_all()

    def _next(self) -> list[bytes] | None:
        with self._turn:
            self._turn.wait_for(lambda: self._portions or self._closed)
            return self._portions.pop() if self._portions and not self._failures else None

    def _alone(self) -> bool:
        """Whether a core is free for a second thread to hash on."""
        return len(self._threads) < _cores() and not self._portions

    def _rest(self) -> None:
        with self._turn:
            self._busy -= 1
            self._turn.notify_all()

    def took(self, blob: bytes, taken: Object) -> None:
        with self._turn:
            self._objects[blob] = taken
            self._counter(self.sizes.pop(blob).copied)

    def path_of(self, blob: bytes) -> bytes:
        # The scan adds to them meanwhile: what there is at this moment is looked at.
        return next((path for path, blobs in list(self.versions.items()) if blob in list(blobs)), b"")

    def remember(self, objects: Mapping[bytes, Object]) -> None:
        with self._turn:
            self._state.add_objects(objects)

    def go_on(self) -> None:
        """Raise what has failed elsewhere: what is under way, however large, is let go of."""
        if self._failures:
            raise self._failures[0]


class _Worker:
    """One worker's part: its process, its way into the cache, and what it took since the cache was flushed."""

    def __init__(self, workers: _Workers, batch: Batch) -> None:
        self._workers = workers
        self._batch = batch
        self._alone = False
        self.cache = odb.Store(workers.options.cache, workers.options.shared)
        self._taken: dict[bytes, Object] = {}
        self._bytes = 0

    def take(self, blobs: list[bytes], alone: bool) -> None:
        sizes = {blob: self._workers.sizes[blob] for blob in blobs}
        self._alone = alone
        raw = [blob for blob, size in sizes.items() if size.lfs is None and size.stand_in is None]
        in_git = [blob for blob in raw if not self._take_whole(blob)]
        self._batch.ask(blob.hex().encode() for blob in in_git)
        for blob in in_git:
            self._workers.go_on()
            self._take_blob(blob)
        for blob, size in sizes.items():
            pointer, named = size.lfs, size.stand_in
            self._workers.go_on()
            if pointer is not None:
                self._take_lfs(blob, pointer)
            elif named is not None:
                self._take_named(blob, named)
        if self._bytes > SETTLE_BYTES or len(self._taken) > SETTLE_COUNT:
            self.settle()

    def _take_whole(self, blob: bytes) -> bool:
        """Take a blob that lies whole in a pack; whether it did, undamaged."""
        self._workers.go_on()
        whole = self._workers.packs.find(blob)
        if whole is None:
            return False
        try:
            return self._take_hashed(blob, b"blob", whole.size, self._workers.packs.pieces(whole))
        except DamagedError:
            return False

    def _take_blob(self, blob: bytes) -> None:
        """Take a blob that Git has been asked for."""
        oid = blob.hex().encode()
        kind, size = self._batch.header(oid)
        # Where a second thread hashes, a piece must outlive the next one.
        if not self._take_hashed(blob, kind, size, self._batch.pieces(oid, size, reuse=not self._alone)):
            raise unreadable(oid, b"its bytes are not those of its name")

    def _take_hashed(self, blob: bytes, kind: bytes, size: int, given: Iterable[bytes | memoryview]) -> bool:
        """Take a blob's bytes, when they are those of its name: Git checks no hash when it reads from a pack."""
        import hashlib

        digest = hashlib.sha1(b"%s %d\0" % (kind, size), usedforsecurity=False)

        def pieces() -> Iterator[bytes]:
            for piece in given:
                self._workers.go_on()
                digest.update(piece)
                yield piece  # type: ignore[misc]  # the store writes and hashes it, whatever holds the bytes

        stored = self.cache.take(pieces(), size if self._alone else 0)
        if digest.digest() != blob:
            self.cache.drop(stored)
            return False
        self._took(blob, stored)
        return True

    def _take_lfs(self, blob: bytes, pointer: lfs.LfsObject) -> None:
        import hashlib

        digest = hashlib.sha256(usedforsecurity=False)

        def pieces() -> Iterator[bytes]:
            if pointer.size:  # git-lfs keeps no file for an empty one
                for piece in odb.read_file(lfs.path(self._workers.lfs_folder, pointer)):
                    self._workers.go_on()
                    digest.update(piece)
                    yield piece

        stored = self.cache.take(pieces())
        if digest.hexdigest() != pointer.sha256:
            self.cache.drop(stored)
            raise lfs.damaged(self._workers.lfs_folder, pointer, self._workers.path_of(blob))
        self._took(blob, stored)

    def _take_named(self, blob: bytes, named: StandIn) -> None:
        """Take what the cache has already, when its bytes are those of its name; else the stand-in stays in Git."""
        if standins.whole(self.cache, named, self._workers.go_on):
            self.cache.flush(named.md5)
            self._took(blob, named)

    def _took(self, blob: bytes, stored: odb.Stored | StandIn) -> None:
        self._taken[blob] = Object(stored.md5, stored.size)
        self._bytes += stored.size
        self._workers.took(blob, self._taken[blob])

    def settle(self) -> None:
        """Flush what was taken into its place, then remember it."""
        self.cache.settle()
        for taken in self._taken.values():
            taken.seen = os.stat(self.cache.path(taken.md5)).st_mtime_ns
        self._workers.remember(self._taken)
        self._taken, self._bytes = {}, 0


def _portions(blobs: Sequence[bytes], sizes: Mapping[bytes, Size]) -> list[list[bytes]]:
    """Split the blobs into what a worker asks for at once."""
    portions: list[list[bytes]] = []
    current: list[bytes] = []
    weight = 0
    for blob in blobs:
        if current and (len(current) >= MAX_ASKED or weight + sizes[blob].real > MAX_BYTES):
            portions.append(current)
            current, weight = [], 0
        current.append(blob)
        weight += sizes[blob].real
    if current:
        portions.append(current)
    return portions


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
