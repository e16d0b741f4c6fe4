"""New objects, written as one pack: one by one they are what makes other tools slow."""

from __future__ import annotations

import os
import zlib

from trinity_guard import git
from trinity_guard.errors import GuardError
from trinity_guard.git.catfile import Source, fed
from trinity_guard.git.files import write as write_all
from trinity_guard.git.ids import Ids

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

KINDS = {b"commit": 1, b"tree": 2, b"blob": 3, b"tag": 4}
OFFSET_DELTA = 6
HEADER = 12
FLUSH = 1 << 20
# Below this many bytes an object is not worth a delta.
WORTH = 400
MAX_DEPTH = 40
# In a delta: places where both go on alike; how far behind a difference these are looked for, by so many bytes.
MAX_PIECES = 16
SKIPPED, SIGN = (24, 96, 256), 32
LEVEL = 1
MAX_COPIED = 0xFFFF


class Pack:
    """A pack under construction in a temporary file; nothing of it is in the repository before `finish`."""

    def __init__(self, path: bytes) -> None:
        import hashlib

        self._sha1 = hashlib.sha1
        self._deflate = _deflater()
        self._path = path
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        self._pending: list[bytes] = [b"PACK" + (2).to_bytes(4, "big") + bytes(4)]
        self._pending_size = HEADER
        self._offset = HEADER
        self._there = Ids()
        # The last one of each family: (bytes, offset, depth of its chain).
        self._last: dict[bytes, tuple[bytes, int, int]] = {}

    @property
    def count(self) -> int:
        return len(self._there)

    @property
    def size(self) -> int:
        """The bytes that it takes so far."""
        return self._offset

    def add(self, kind: bytes, data: bytes, family: bytes | None = None) -> bytes:
        """Take an object and return its id (20 bytes). family: the folder of a tree, or the path of a file that changes
        little by little; the last one of it, of the same kind, may be its base."""
        oid = self._sha1(b"%s %d\0%s" % (kind, len(data), data), usedforsecurity=False).digest()
        count = len(self._there)
        if self._there.add(oid) < count:
            return oid
        if kind == b"tree" and len(data) < WORTH:
            self._write(_head(KINDS[kind], len(data)) + _stored(data))  # ids, mostly: they do not get smaller
        elif family is None or len(data) < WORTH:
            self._write(_head(KINDS[kind], len(data)) + self._deflate(data, LEVEL))
        else:
            self._add_version(kind, data, family)
        return oid

    def _add_version(self, kind: bytes, data: bytes, family: bytes) -> None:
        here, depth = self._offset, 0
        base = self._last.get(family)
        delta = _delta(base[0], data) if base is not None and base[2] < MAX_DEPTH else None
        if base is None or delta is None:
            self._write(_head(KINDS[kind], len(data)) + self._deflate(data, LEVEL))
        else:
            depth = base[2] + 1
            self._write(_head(OFFSET_DELTA, len(delta)) + _back(here - base[1]) + self._deflate(delta, LEVEL))
        self._last[family] = (data, here, depth)

    def _write(self, data: bytes) -> None:
        self._pending.append(data)
        self._pending_size += len(data)
        self._offset += len(data)
        if self._pending_size > FLUSH:
            self._flush()

    def _flush(self) -> None:
        try:
            write_all(self._fd, b"".join(self._pending))
        except OSError as error:
            raise _full(error) from error
        self._pending, self._pending_size = [], 0

    def finish(self, source: Source) -> None:
        """Put the pack into the repository; its objects are there, flushed, when this returns."""
        try:
            if self.count:
                self._seal()
                self._index(source)
        finally:
            self.abandon()

    def _seal(self) -> None:
        """Write the number of objects into the head, and the checksum of all behind the end."""
        self._flush()
        os.pwrite(self._fd, self.count.to_bytes(4, "big"), 8)
        digest = self._sha1(usedforsecurity=False)
        self._read(digest.update)
        os.lseek(self._fd, 0, os.SEEK_END)
        try:
            write_all(self._fd, digest.digest())
        except OSError as error:
            raise _full(error) from error

    def _read(self, take: Callable[[bytes], object]) -> None:
        os.lseek(self._fd, 0, os.SEEK_SET)
        while piece := os.read(self._fd, FLUSH):
            take(piece)

    def _index(self, source: Source) -> None:
        p = git.Process(source.argv("index-pack", "--stdin"), source.env, with_stderr=True)
        result = fed(p, lambda stdin: self._read(lambda piece: write_all(stdin, piece)))
        if result.code:
            raise git.failure(("index-pack", "--stdin"), result)

    def abandon(self) -> None:
        """Let go of the temporary file."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        if os.path.lexists(self._path):
            os.unlink(self._path)


def _deflater() -> Callable[[bytes, int], bytes]:
    """Return what deflates: isal's takes half the time of zlib's, and gives no more bytes."""
    try:
        from isal import isal_zlib
    except ImportError:
        return zlib.compress
    deflate: Callable[[bytes, int], bytes] = isal_zlib.compress
    return deflate


def _stored(data: bytes) -> bytes:
    """Return what zlib makes of a few bytes that it is not to deflate: one block, and a checksum (RFC 1950, 1951)."""
    size = len(data)
    head = b"\x78\x01\x01" + size.to_bytes(2, "little") + (size ^ 0xFFFF).to_bytes(2, "little")
    return head + data + zlib.adler32(data).to_bytes(4, "big")


def _full(error: OSError) -> GuardError:
    return GuardError(
        problem=f"the new objects could not be written: {error.strerror}; no ref was moved.",
        remedy="free some room, then run it again: what is done is not done twice",
    )


def _head(kind: int, size: int) -> bytes:
    byte = kind << 4 | size & 15
    size >>= 4
    out = bytearray()
    while size:
        out.append(byte | 0x80)
        byte = size & 0x7F
        size >>= 7
    out.append(byte)
    return bytes(out)


def _back(distance: int) -> bytes:
    out = [distance & 0x7F]
    while distance := distance >> 7:
        distance -= 1
        out.append(0x80 | distance & 0x7F)
    return bytes(reversed(out))


def _delta(base: bytes, data: bytes) -> bytes | None:
    """Return a delta of what both have, in their order, and what is new; None where that saves little.

    Two versions of a folder mostly differ in a few entries: a file's, and that of the ignore file.
    """
    out = [_varint(len(base)), _varint(len(data))]
    here = there = new = 0
    for _ in range(MAX_PIECES):
        same = common(base[here:], data[there:], min(len(base) - here, len(data) - there))
        _copy(out, here, same)
        here, there = here + same, there + same
        again = _where_again(base, here, data, there)
        if again is None:
            break
        new += again[1] - there
        _insert(out, data[there : again[1]])
        here, there = again
    after = common_end(base, data, min(len(base) - here, len(data) - there))
    rest = data[there : len(data) - after]
    if (new + len(rest)) * 2 > len(data):
        return None
    _insert(out, rest)
    _copy(out, len(base) - after, after)
    return b"".join(out)


def _where_again(base: bytes, here: int, data: bytes, there: int) -> tuple[int, int] | None:
    """Return from where on both have the same again, None where that is not seen."""
    for skipped in SKIPPED:
        sign = data[there + skipped : there + skipped + SIGN]
        at = base.find(sign, here) if len(sign) == SIGN else -1
        if at >= 0:
            back = common_end(base[here:at], data[there : there + skipped], min(at - here, skipped))
            return at - back, there + skipped - back
    return None


def _insert(out: list[bytes], new: bytes) -> None:
    out += [bytes([len(part)]) + part for part in (new[i : i + 127] for i in range(0, len(new), 127))]


def common(a: bytes, b: bytes, most: int) -> int:
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def common_end(a: bytes, b: bytes, most: int) -> int:
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if a[len(a) - middle : len(a) - low] == b[len(b) - middle : len(b) - low]:
            low = middle
        else:
            high = middle - 1
    return low


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _copy(out: list[bytes], start: int, length: int) -> None:
    while length:
        size = min(length, MAX_COPIED)
        out.append(bytes([0xBF]) + start.to_bytes(4, "little") + size.to_bytes(2, "little"))
        start += size
        length -= size
