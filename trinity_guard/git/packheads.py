"""Sizes and first bytes of many packed blobs, out of the pack files themselves.

`git cat-file` inflates each object whole: the heads of a tree's 100,000 files take it seconds, and 0.4 s here. What is
not plainly found (loose, another pack format, a delta that copies from far within its base, damage) is left to Git,
which has the last word.
"""

from __future__ import annotations

import zlib

from trinity_guard.git import packindex
from trinity_guard.git.ids import forget_older
from trinity_guard.git.objects import Head, Objects

TYPE_CHECKING = False
if TYPE_CHECKING:
    import mmap
    from collections.abc import Iterable, Sequence

BLOB, OFS_DELTA, REF_DELTA = 3, 6, 7
# How far into a base a delta may reach before Git is asked, how many bases may lie below one another, and how much of
# a delta's own instructions is read: at first, and where these were not enough.
FARTHEST = 1 << 16
MAX_DEPTH = 64
INSTRUCTIONS = (48, 1024)
# So many blobs are asked of Git at once, which answers with all of their bytes.
TOGETHER = 200
# Heads of bases that are remembered from some blobs to the next.
MAX_KNOWN = 50_000
# So many packs are held open, the largest: each takes two descriptors, of which a system may give 256 (macOS).
MAX_OPEN = 32


def heads(common_dir: bytes, ids: Iterable[bytes], length: int, at: bytes | None = None) -> dict[bytes, Head]:
    """Return size and first bytes of each blob; GuardError where one cannot be read. at: as for `Objects`."""
    wanted = dict.fromkeys(ids)
    found: dict[bytes, Head] = {}
    if len(wanted) > TOGETHER:
        for index_file in packindex.files(common_dir):
            _from_pack(index_file, [oid for oid in wanted if oid not in found], length, found)
    rest = [oid for oid in wanted if oid not in found]
    objects = Objects(common_dir, at)
    for start in range(0, len(rest), TOGETHER):
        some = rest[start : start + TOGETHER]
        found.update(zip(some, objects.heads(some, length), strict=True))
    return found


def _from_pack(index_file: bytes, wanted: Sequence[bytes], length: int, found: dict[bytes, Head]) -> None:
    if not wanted:
        return
    try:
        with _Pack(index_file, len(wanted[0]) // 2) as pack:
            pack.read(((at, oid) for oid, at in pack.index.offsets(wanted).items()), length, found)
    except (OSError, ValueError, IndexError):
        return  # a pack that has gone in the meantime, or is no such file as we know: Git's business


class Packs:
    """The packs of a repository, open for millions of blobs, some thousand at a time; a context manager.

    at: as for `Objects`; width: bytes of an object's id.
    """

    def __init__(self, common_dir: bytes, width: int) -> None:
        self._packs = []
        for index_file in packindex.files(common_dir)[:MAX_OPEN]:
            try:
                self._packs.append(_Pack(index_file, width))
            except (OSError, ValueError):
                continue  # gone in the meantime, or no such file as we know: Git's business

    def __enter__(self) -> Packs:
        return self

    def __exit__(self, *_: object) -> None:
        for pack in self._packs:
            pack.close()

    def heads(self, names: Iterable[bytes], length: int) -> dict[bytes, Head]:
        """Return size and first bytes of those of the blobs (names in bytes) that are plainly found in these packs."""
        wanted = dict.fromkeys(names)
        found: dict[bytes, Head] = {}
        for pack in self._packs:
            try:
                pack.read(pack.index.places(wanted), length, found)
            except (OSError, ValueError, IndexError):
                continue
            for name in found.keys() & wanted.keys():
                del wanted[name]
            pack.forget_older()
        return found


class _Pack:
    """A pack and its index, mapped into memory. width: bytes of an object's id."""

    def __init__(self, index_file: bytes, width: int) -> None:
        self._width = width
        self.index = packindex.Index(index_file, width)
        try:
            self._data = packindex.mapped(self.index.pack)
        except (OSError, ValueError):
            self.index.close()
            raise
        if self._data[:4] != b"PACK":
            self.close()
            raise ValueError("not a pack")
        self._known: dict[tuple[int, int], Head | None] = {}

    def __enter__(self) -> _Pack:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.index.close()
        self._data.close()

    def forget_older(self) -> None:
        """Let go of what is known of most bases, where it is much: those of the next ones mostly lie near."""
        forget_older(self._known, MAX_KNOWN)

    def read(self, places: Iterable[tuple[int, bytes]], length: int, found: dict[bytes, Head]) -> None:
        """Add the heads of the objects (where they begin, id)."""
        # A hundred thousand times: plain blobs are read without a call of ours, all others by `head`.
        data, inflater, window = self._data, zlib.decompressobj, length + 128
        # In the order of the file, which the disk likes best.
        for begin, oid in sorted(places):
            at, byte = begin + 1, data[begin]
            size, shift = byte & 15, 4
            plain = byte & 0x70 == BLOB << 4
            while byte & 128:
                byte = data[at]
                size |= (byte & 127) << shift
                shift += 7
                at += 1
            first = b""
            if plain:
                try:
                    first = inflater().decompress(data[at : at + window], length)
                except zlib.error:
                    continue
            if plain and len(first) == (size if size < length else length):
                found[oid] = self._known[begin, length] = Head(size, first)
            elif (head := self.head(begin, length)) is not None:
                found[oid] = head

    def head(self, at: int, length: int) -> Head | None:
        """Return a blob's head, None for whatever Git should be asked about."""
        try:
            return self._head(at, length, MAX_DEPTH)
        except (zlib.error, IndexError, ValueError):
            return None

    def _head(self, at: int, length: int, deepest: int) -> Head | None:
        data, begin = self._data, at
        if (begin, length) in self._known:
            return self._known[begin, length]
        byte = data[at]
        kind, size, shift = byte >> 4 & 7, byte & 15, 4
        at += 1
        while byte & 128:
            byte = data[at]
            size |= (byte & 127) << shift
            shift += 7
            at += 1
        if kind == BLOB:
            first = _inflated(data, at, length)
            return Head(size, first) if len(first) == min(size, length) else None
        if kind not in (OFS_DELTA, REF_DELTA) or not deepest:
            return None
        base, at = self._base(kind, begin, at)
        try:
            head = self._applied(base, _inflated(data, at, length + INSTRUCTIONS[0]), length, deepest - 1)
        except IndexError:
            head = self._applied(base, _inflated(data, at, length + INSTRUCTIONS[1]), length, deepest - 1)
        self._known[begin, length] = head
        return head

    def _base(self, kind: int, begin: int, at: int) -> tuple[int, int]:
        """Return where a delta's base begins (-1: not in this pack), and where its own bytes do."""
        if kind == REF_DELTA:
            return self.index.find(self._data[at : at + self._width]), at + self._width
        byte = self._data[at]
        back = byte & 127
        at += 1
        while byte & 128:
            byte = self._data[at]
            back = ((back + 1) << 7) | (byte & 127)
            at += 1
        return begin - back, at

    def _applied(self, base: int, delta: bytes, length: int, deepest: int) -> Head | None:
        """Return the head of what a delta makes of its base; IndexError where it was cut off too early."""
        _, at = _number(delta, 0)
        size, at = _number(delta, at)
        # A base that is no blob makes no blob.
        below = self._known.get((base, length)) or self._head(base, length, deepest) if base > 0 else None
        first, wanted, known = b"", min(size, length), length
        while len(first) < wanted and below is not None:
            code = delta[at]
            at += 1
            if code & 128:
                start, count, at = _copy(delta, code, at)
                reach = start + min(count, wanted - len(first))
                if reach > known:
                    below, known = self._head(base, reach, deepest) if reach <= FARTHEST else None, reach
                if below is None or below.size < reach:
                    return None
                first += below.first[start:reach]
            elif not code:
                return None
            else:
                first += delta[at : at + code]
                at += code
                if at > len(delta):
                    raise IndexError
        return Head(size, first[:wanted]) if below is not None else None


def _inflated(data: mmap.mmap, at: int, length: int) -> bytes:
    """Return the first `length` bytes of the zlib stream that begins at `at`."""
    inflater = zlib.decompressobj()
    first = inflater.decompress(data[at : at + length + 128], length)
    at += length + 128
    # Bytes that do not deflate take more room than they are, and a code table comes before them.
    while len(first) < length and not inflater.eof and at < len(data):
        first += inflater.decompress(inflater.unconsumed_tail + data[at : at + 4096], length - len(first))
        at += 4096
    return first


def _number(delta: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = delta[at]
        at += 1
        number |= (byte & 127) << shift
        shift += 7
        if not byte & 128:
            return number, at


def _copy(delta: bytes, code: int, at: int) -> tuple[int, int, int]:
    """Return (start in the base, count of bytes, place behind) of a delta's copy instruction."""
    start = count = 0
    for shift in _SHIFTS[code & 15]:
        start |= delta[at] << shift
        at += 1
    for shift in _SHIFTS[code >> 4 & 7]:
        count |= delta[at] << shift
        at += 1
    return start, count or 0x10000, at


# Which bytes of a number a copy instruction gives.
_SHIFTS = [tuple(8 * bit for bit in range(4) if code >> bit & 1) for code in range(16)]
