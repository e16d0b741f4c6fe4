"""The proof of the bytes: an old blob hashes to the md5 of its pointer, or names it; so does the cache's file."""

from __future__ import annotations

import os
from array import array
from binascii import hexlify, unhexlify
from collections.abc import Mapping
from itertools import islice

from trinity_guard.dvcrepo import odb, standin
from trinity_guard.errors import shown
from trinity_guard.git.catfile import Batch, Source
from trinity_guard.git.ids import SIZE, Ids

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from trinity_guard.migrate.progress import Progress
    from trinity_guard.migrate.state import Object

    Pair = tuple[bytes, str, int]

LFS = (
    b"version https://git-lfs.github.com/spec/",
    b"version https://hawser.github.com/spec/",
    b"version http://git-media.io/v/",
)
AT_ONCE = 32
MD5 = 16


class Taken(Mapping["Pair", bytes]):
    """(old blob, md5, size) -> a path of theirs, packed, in the order in which they came: a blob has one md5 and one
    size, mostly."""

    def __init__(self) -> None:
        self._blobs = Ids()
        self._md5s = bytearray()
        self._sizes = array("Q")
        self._path = array("I")
        self._numbers: dict[bytes, int] = {}
        self._paths: list[bytes] = []
        # Those of a blob beyond its first ones, and what cannot be packed.
        self._others: dict[Pair, bytes] = {}

    def __len__(self) -> int:
        return len(self._sizes) + len(self._others)

    def __iter__(self) -> Iterator[Pair]:
        yield from map(self._at, range(len(self._sizes)))
        yield from self._others

    def __getitem__(self, pair: Pair) -> bytes:
        number = self._find(pair)
        return self._others[pair] if number < 0 else self._paths[self._path[number]]

    def __setitem__(self, pair: Pair, path: bytes) -> None:
        blob, md5, size = pair
        name = unhexlify(blob)
        number = self._find(pair)
        if number < 0 and (name in self._blobs or not _is_md5(md5) or size >> 63):
            self._others[pair] = path
            return
        if number < 0:
            number = self._blobs.add(name)
            self._md5s += unhexlify(md5)
            self._sizes.append(size)
            self._path.append(0)
        self._path[number] = self._numbers.setdefault(path, len(self._paths))
        if self._path[number] == len(self._paths):
            self._paths.append(path)

    def _at(self, number: int) -> Pair:
        md5 = self._md5s[number * MD5 : (number + 1) * MD5].hex()
        return hexlify(self._blobs[number]), md5, self._sizes[number]

    def _find(self, pair: Pair) -> int:
        number = self._blobs.find(unhexlify(pair[0]))
        return number if number >= 0 and self._at(number) == pair else -1


def _is_md5(text: str) -> bool:
    return len(text) == 2 * MD5 and not text.strip("0123456789abcdef")


def compare(
    source: Source,
    cache: bytes,
    pairs: Mapping[Pair, bytes],
    known: Mapping[bytes, Object] | None,
    on_progress: Progress,
) -> list[str]:
    """Return what is wrong with these (old blob, md5, size) -> a path of theirs. known: see proof.prove."""
    where = odb.Store(cache)
    wrong = _missing(where, pairs)
    if known is not None:
        return wrong + [
            f"{shown(pairs[pair])}: its pointer names other bytes than were extracted"
            for pair in pairs
            if (found := known.get(unhexlify(pair[0]))) is None or (found.md5, found.size) != pair[1:]
        ]
    return wrong or _Readers(source, where, pairs, on_progress).run()


def _missing(where: odb.Store, pairs: Mapping[Pair, bytes]) -> list[str]:
    wrong = []
    # As long as the ids that are packed there; a pointer may record anything.
    known, there = Ids(), array("q")
    for pair in pairs:
        _, md5, size = pair
        number = known.add(unhexlify(md5).ljust(SIZE, b"\0")) if _is_md5(md5) else -1
        if number == len(there):
            there.append(_size(where, md5))
        if (there[number] if number >= 0 else _size(where, md5)) != size:
            wrong.append(f"{shown(pairs[pair])}: its object {md5} ({size} bytes) is not in the cache")
    return wrong


def _size(where: odb.Store, md5: str) -> int:
    found = where.size(md5)
    return -1 if found is None else found


class _Readers:
    """Threads that read blobs and cache files side by side; zlib and hashing let each other run."""

    def __init__(self, source: Source, where: odb.Store, pairs: Mapping[Pair, bytes], on_progress: Progress) -> None:
        import threading

        self._source = source
        self._where = where
        self._pairs = pairs
        self._on_progress = on_progress
        self._total = sum(size for _, _, size in pairs)
        self._done = 0
        self._lock = threading.Lock()
        self._hashed: set[str] = set()
        self._wrong: list[str] = []
        self._failures: list[BaseException] = []

    def run(self) -> list[str]:
        import threading

        left, most = iter(self._pairs), -(-len(self._pairs) // AT_ONCE)
        threads = [threading.Thread(target=self._work, args=(left,)) for _ in range(min(most, _cores()))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self._failures:
            raise self._failures[0]
        return self._wrong

    def _work(self, left: Iterator[Pair]) -> None:
        try:
            with Batch(self._source, "--batch") as batch:
                while part := self._next(left):
                    self._part(batch, part)
        except BaseException as error:  # noqa: BLE001  # told by `run`
            self._failures.append(error)

    def _next(self, left: Iterator[Pair]) -> list[Pair]:
        with self._lock:
            return list(islice(left, AT_ONCE)) if not self._failures else []

    def _part(self, batch: Batch, pairs: Sequence[Pair]) -> None:
        batch.ask(blob for blob, _, _ in pairs)
        for pair in pairs:
            blob, md5, size = pair
            path = shown(self._pairs[pair])
            said = self._differs(batch, blob, md5, size)
            with self._lock:
                if said:
                    self._wrong.append(f"{path}: {said}")
                self._done += size
                self._on_progress("prove bytes", self._done, self._total)

    def _differs(self, batch: Batch, blob: bytes, md5: str, length: int) -> str:
        import hashlib

        _, size = batch.header(blob)
        first = b""
        digest, name = hashlib.md5(usedforsecurity=False), hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
        for piece in batch.pieces(blob, size, reuse=True):
            first = first if len(first) >= 1024 else first + bytes(piece[:1024])
            digest.update(piece)
            name.update(piece)
        if name.hexdigest().encode() != blob:
            return f"Git's own object {blob.decode()} is damaged"
        named = standin.decode(first) if size <= standin.MAX_BYTES else None
        if named is not None:
            same = (named.md5, named.size) == (md5, length)
            return self._cached_differs(md5) if same else "it is not what its stand-in named"
        if first.startswith(LFS) and size < 1024 and digest.hexdigest() != md5:
            return self._lfs_differs(first, md5)
        if digest.hexdigest() != md5:
            return f"the old bytes have the md5 {digest.hexdigest()}, its pointer says {md5}"
        return self._cached_differs(md5)

    def _cached_differs(self, md5: str) -> str:
        with self._lock:
            if md5 in self._hashed:
                return ""
            self._hashed.add(md5)
        found = odb.md5_of(self._where.path(md5))
        return "" if found == md5 else f"the cache's file {md5} is damaged: its md5 is {found}"

    def _lfs_differs(self, text: bytes, md5: str) -> str:
        """An LFS pointer stands for bytes with a sha256: the cache's file must have it."""
        import hashlib

        sha256 = hashlib.sha256(usedforsecurity=False)
        for piece in odb.read_file(self._where.path(md5)):
            sha256.update(piece)
        line = b"oid sha256:" + sha256.hexdigest().encode()
        return self._cached_differs(md5) if line in text.splitlines() else "it is not what its LFS pointer named"


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
