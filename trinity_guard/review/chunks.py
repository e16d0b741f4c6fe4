"""How much do two files have in common? By chunks whose ends the content itself chooses."""

from __future__ import annotations

import hashlib
import importlib.util
import os

from trinity_guard import git

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

WINDOW = 48
PIECE = 8 << 20
# A chunk ends about every so many bytes.
MEAN = 1 << 12
LARGEST = 1 << 16
MAX_BYTES = 4 << 30


def is_there() -> bool:
    return importlib.util.find_spec("numpy") is not None


def shared(before: bytes, after: bytes) -> float | None:
    """Return the share (0 to 1) of the larger file's bytes that both have; None where nobody can tell.

    What both begin and end with counts as it is; between, by chunks, wherever they stand.
    """
    if not is_there():
        return None
    with _opened(before) as one, _opened(after) as other:
        sizes = os.fstat(one.fileno()).st_size, os.fstat(other.fileno()).st_size
        if not min(sizes):
            return None
        begin = _alike(one, other, min(sizes))
        end = _alike_at_end(one, other, sizes, min(sizes) - begin)
        first, second = (_chunks(file, begin, size - end) for file, size in zip((one, other), sizes, strict=True))
        common = sum(min(size, second.get(digest, 0)) for digest, size in first.items())
    return (begin + end + common) / max(sizes)


def _opened(path: bytes) -> BinaryIO:
    return open(git.opened(path, links=True), "rb", buffering=0)


def _alike(one: BinaryIO, other: BinaryIO, most: int) -> int:
    """Return how many bytes both files begin with, no more than `most`."""
    for start in range(0, most, PIECE):
        size = min(PIECE, most - start)
        pieces = [_read(file, start, size) for file in (one, other)]
        if pieces[0] != pieces[1]:
            return start + _prefix(*pieces)
    return most


def _alike_at_end(one: BinaryIO, other: BinaryIO, sizes: tuple[int, int], most: int) -> int:
    for done in range(0, most, PIECE):
        size = min(PIECE, most - done)
        ends = zip((one, other), sizes, strict=True)
        pieces = [_read(file, whole - done - size, size)[::-1] for file, whole in ends]
        if pieces[0] != pieces[1]:
            return done + _prefix(*pieces)
    return most


def _prefix(one: bytes, other: bytes) -> int:
    import numpy as np

    unlike = np.frombuffer(one, np.uint8) != np.frombuffer(other, np.uint8)
    return int(unlike.argmax())


def _read(file: BinaryIO, start: int, size: int) -> bytes:
    return os.pread(file.fileno(), size, start)


def _chunks(file: BinaryIO, start: int, end: int) -> dict[bytes, int]:
    """Return how many bytes each chunk between two places of a file takes, as often as it is there."""
    found: dict[bytes, int] = {}
    for digest, size in _cut_up(file, start, min(end, start + MAX_BYTES)):
        found[digest] = found.get(digest, 0) + size
    return found


def _cut_up(file: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, int]]:
    """Yield the digest and the size of each chunk."""
    rest = b""
    for at in range(start, end, PIECE):
        data = rest + _read(file, at, min(PIECE, end - at))
        begin = 0
        for stop in _ends(data):
            yield from _cut(data[begin:stop])
            begin = stop
        rest = data[begin:]
        while len(rest) >= LARGEST:
            yield from _cut(rest[:LARGEST])
            rest = rest[LARGEST:]
    yield from _cut(rest)


def _cut(data: bytes) -> Iterator[tuple[bytes, int]]:
    for start in range(0, len(data), LARGEST):
        part = data[start : start + LARGEST]
        yield hashlib.blake2b(part, digest_size=16).digest(), len(part)


def _ends(data: bytes) -> list[int]:
    """Return where chunks end: where the sum over a window, each byte by a random number, says so."""
    import numpy as np

    if len(data) <= WINDOW:
        return []
    gear = np.random.default_rng(0).integers(0, 1 << 63, 256, dtype=np.uint64)
    sums = np.cumsum(gear[np.frombuffer(data, dtype=np.uint8)], dtype=np.uint64)
    windows = sums[WINDOW:] - sums[:-WINDOW]
    places = np.nonzero((windows >> np.uint64(20)) % np.uint64(MEAN) == 0)[0]
    return [int(place) + WINDOW + 1 for place in places]
