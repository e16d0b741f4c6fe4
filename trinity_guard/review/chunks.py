"""How much do two files have in common? By chunks whose ends the content itself chooses."""

from __future__ import annotations

import hashlib
import importlib.util

from trinity_guard import git

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

WINDOW = 48
PIECE = 8 << 20
# A chunk ends about every so many bytes.
MEAN = 1 << 12
LARGEST = 1 << 16
MAX_BYTES = 4 << 30


def is_there() -> bool:
    return importlib.util.find_spec("numpy") is not None


def shared(before: bytes, after: bytes) -> float | None:
    """Return the share (0 to 1) of the second file's bytes that the first one has too; None where nobody can tell."""
    if not is_there():
        return None
    known: set[bytes] = {digest for digest, _ in _chunks(before)}
    common = total = 0
    for digest, size in _chunks(after):
        total += size
        common += size if digest in known else 0
    return common / total if total else None


def _chunks(path: bytes) -> Iterator[tuple[bytes, int]]:
    """Yield the digest and the size of each chunk of a file's first MAX_BYTES."""
    rest = b""
    done = 0
    with open(git.opened(path, links=True), "rb", buffering=0) as file:
        while done < MAX_BYTES and (piece := file.read(PIECE)):
            done += len(piece)
            data = rest + piece
            start = 0
            for end in _ends(data):
                yield from _cut(data[start:end])
                start = end
            rest = data[start:]
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
