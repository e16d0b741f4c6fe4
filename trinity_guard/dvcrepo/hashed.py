"""Bytes on their way into a file, hashed as they go, and the md5 that does it."""

from __future__ import annotations

from trinity_guard.git import durable, files

TYPE_CHECKING = False
if TYPE_CHECKING:
    import hashlib
    from collections.abc import Callable, Iterable

# From this size on, hashing in a second thread beats what starting it costs.
THREADED = 8 << 20
# After so many bytes they begin to be written out, so that the flush at the end has little left to do.
WRITE_OUT = 8 << 20


def new_md5() -> hashlib._Hash:
    """Return a fresh md5."""
    import hashlib

    # A name, not a signature: FIPS builds refuse md5 without this.
    return hashlib.md5(usedforsecurity=False)


class _Writer:
    """Writes a new file, and has the disk begin before it is whole."""

    __slots__ = ("_begun", "_fd", "_on_bytes", "_size")

    def __init__(self, fd: int, on_bytes: Callable[[int], None] | None) -> None:
        self._fd = fd
        self._on_bytes = on_bytes
        self._size = 0
        self._begun = 0

    def write(self, piece: bytes | memoryview) -> None:
        files.write(self._fd, piece)
        self._size += len(piece)
        if self._size - self._begun >= WRITE_OUT:
            self._begin()
        if self._on_bytes:
            self._on_bytes(len(piece))

    def end(self) -> int:
        """Return the size in bytes."""
        if self._size > self._begun:
            self._begin()
        return self._size

    def _begin(self) -> None:
        durable.begin_write_out(self._fd, self._begun, self._size - self._begun)
        self._begun = self._size


def copy(
    pieces: Iterable[bytes | memoryview], fd: int, expected: int, on_bytes: Callable[[int], None] | None
) -> tuple[str, int]:
    """Write the pieces to fd; return their md5 (hex) and size in bytes. expected only chooses the way."""
    if expected >= THREADED:
        return _copy_threaded(pieces, fd, on_bytes)
    digest = new_md5()
    writer = _Writer(fd, on_bytes)
    for piece in pieces:
        writer.write(piece)
        digest.update(piece)
    return digest.hexdigest(), writer.end()


def _copy_threaded(
    pieces: Iterable[bytes | memoryview], fd: int, on_bytes: Callable[[int], None] | None
) -> tuple[str, int]:
    """Hash in one thread while this one reads and writes; eight pieces at most are in memory."""
    import queue
    import threading

    digest = new_md5()
    waiting: queue.Queue[bytes | memoryview | None] = queue.Queue(maxsize=8)

    def consume() -> None:
        while (piece := waiting.get()) is not None:
            digest.update(piece)

    hasher = threading.Thread(target=consume, daemon=True)
    hasher.start()
    writer = _Writer(fd, on_bytes)
    try:
        for piece in pieces:
            waiting.put(piece)
            writer.write(piece)
    finally:
        waiting.put(None)
        hasher.join()
    return digest.hexdigest(), writer.end()
