"""Sizes and first bytes of many packed blobs, out of the pack files themselves.

`git cat-file` inflates each object whole: the heads of a tree's 100,000 files take it seconds, and 0.4 s here. What is
not plainly found (loose, another pack format, a delta that copies from far within its base, damage) is left to Git,
which has the last word.
"""

from __future__ import annotations

import mmap
import os
import zlib

from trinity_guard.objects import Head, Objects

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

BLOB, OFS_DELTA, REF_DELTA = 3, 6, 7
HEADER = 8 + 256 * 4
# How far into a base a delta may reach before Git is asked, how many bases may lie below one another, and how much of
# a delta's own instructions is read.
FARTHEST = 1 << 16
DEEPEST = 64
INSTRUCTIONS = 1024
# So many blobs are asked of Git at once, which answers with all of their bytes.
TOGETHER = 200


def heads(common_dir: bytes, ids: Iterable[bytes], length: int) -> dict[bytes, Head]:
    """Return size and first bytes of each blob; GuardError where one cannot be read."""
    wanted = dict.fromkeys(ids)
    found: dict[bytes, Head] = {}
    if len(wanted) > TOGETHER:
        for index_file in _index_files(common_dir):
            _from_pack(index_file, [oid for oid in wanted if oid not in found], length, found)
    rest = [oid for oid in wanted if oid not in found]
    objects = Objects(common_dir)
    for start in range(0, len(rest), TOGETHER):
        some = rest[start : start + TOGETHER]
        found.update(zip(some, objects.heads(some, length), strict=True))
    return found


def _index_files(common_dir: bytes) -> list[bytes]:
    """Return the .idx files of a repository and of those that it borrows objects from, the largest first."""
    folders = [os.environb.get(b"GIT_OBJECT_DIRECTORY") or os.path.join(common_dir, b"objects")]
    for folder in folders:
        try:
            with open(os.path.join(folder, b"info", b"alternates"), "rb") as file:
                lines = [os.path.join(folder, line) for line in file.read().split(b"\n") if line]
        except OSError:
            continue
        folders += [os.path.normpath(line) for line in lines if len(folders) < 10]
    sized = []
    for folder in dict.fromkeys(folders):
        try:
            with os.scandir(os.path.join(folder, b"pack")) as entries:
                sized += [(-e.stat().st_size, e.path) for e in entries if e.name.endswith(b".idx")]
        except OSError:
            continue  # no packs there
    return [path for _, path in sorted(sized)]


def _from_pack(index_file: bytes, wanted: Sequence[bytes], length: int, found: dict[bytes, Head]) -> None:
    if not wanted:
        return
    try:
        with _Pack(index_file, len(wanted[0]) // 2) as pack:
            pack.read(pack.offsets(wanted), length, found)
    except (OSError, ValueError, IndexError):
        return  # a pack that has gone in the meantime, or is no such file as we know: Git's business


class _Pack:
    """A pack and its index (version 2), mapped into memory. width: bytes of an object's id."""

    def __init__(self, index_file: bytes, width: int) -> None:
        self._width = width
        self._index = _mapped(index_file)
        self._data = _mapped(index_file[:-4] + b".pack")
        if self._index[:8] != b"\xfftOc\0\0\0\2" or self._data[:4] != b"PACK":
            raise ValueError("not a pack of version 2")
        self._count = int.from_bytes(self._index[HEADER - 4 : HEADER], "big")
        self._known: dict[tuple[int, int], Head | None] = {}

    def __enter__(self) -> _Pack:
        return self

    def __exit__(self, *_: object) -> None:
        self._index.close()
        self._data.close()

    def offsets(self, wanted: Sequence[bytes]) -> dict[bytes, int]:
        """Return where in the pack those of the objects (hex) begin that it holds."""
        if 8 * len(wanted) < self._count:
            places = {oid: self._place(bytes.fromhex(oid.decode())) for oid in wanted}
            return {oid: self._offset(place) for oid, place in places.items() if place >= 0}
        digits = 2 * self._width
        names = self._index[HEADER : HEADER + self._count * self._width].hex().encode()
        everything = (names[i : i + digits] for i in range(0, self._count * digits, digits))
        asked = set(wanted)
        return {oid: self._offset(place) for place, oid in enumerate(everything) if oid in asked}

    def _place(self, name: bytes) -> int:
        """Return the number of an object among the sorted names, -1 where it is not."""
        index, width, first = self._index, self._width, name[0]
        low = int.from_bytes(index[4 + 4 * first : 8 + 4 * first], "big") if first else 0
        high = int.from_bytes(index[8 + 4 * first : 12 + 4 * first], "big")
        while low < high:
            middle = (low + high) // 2
            here = index[HEADER + middle * width : HEADER + (middle + 1) * width]
            if here == name:
                return middle
            low, high = (middle + 1, high) if here < name else (low, middle)
        return -1

    def _offset(self, place: int) -> int:
        base = HEADER + self._count * (self._width + 4)
        offset = int.from_bytes(self._index[base + 4 * place : base + 4 * place + 4], "big")
        if offset >> 31:  # in a table of its own, for packs above 2 GB
            far = base + 4 * self._count + 8 * (offset & 0x7FFFFFFF)
            offset = int.from_bytes(self._index[far : far + 8], "big")
        return offset

    def read(self, places: dict[bytes, int], length: int, found: dict[bytes, Head]) -> None:
        """Add the heads of the objects that begin at these places."""
        # A hundred thousand times: plain blobs are read without a call of ours, all others by `head`.
        data, inflater, window = self._data, zlib.decompressobj, length + 128
        # In the order of the file, which the disk likes best.
        for begin, oid in sorted((at, oid) for oid, at in places.items()):
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
                found[oid] = Head(size, first)
            elif (head := self.head(begin, length)) is not None:
                found[oid] = head

    def head(self, at: int, length: int) -> Head | None:
        """Return a blob's head, None for whatever Git should be asked about."""
        try:
            return self._head(at, length, DEEPEST)
        except (zlib.error, IndexError, ValueError):
            return None

    def _head(self, at: int, length: int, deepest: int) -> Head | None:
        data, begin = self._data, at
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
        key = (begin, length)
        if key not in self._known:
            base, at = self._base(kind, begin, at)
            self._known[key] = self._applied(base, _inflated(data, at, length + INSTRUCTIONS), length, deepest - 1)
        return self._known[key]

    def _base(self, kind: int, begin: int, at: int) -> tuple[int, int]:
        """Return where a delta's base begins (-1: not in this pack), and where its own bytes do."""
        if kind == REF_DELTA:
            place = self._place(self._data[at : at + self._width])
            return (self._offset(place) if place >= 0 else -1), at + self._width
        byte = self._data[at]
        back = byte & 127
        at += 1
        while byte & 128:
            byte = self._data[at]
            back = ((back + 1) << 7) | (byte & 127)
            at += 1
        return begin - back, at

    def _applied(self, base: int, delta: bytes, length: int, deepest: int) -> Head | None:
        _, at = _number(delta, 0)
        size, at = _number(delta, at)
        first = b""
        wanted = min(size, length)
        # The last instruction may be cut off: what it lacks raises IndexError, and Git is asked.
        while len(first) < wanted:
            code = delta[at]
            at += 1
            if not code & 128:
                first += delta[at : at + code]
                at += code
                if not code or at > len(delta):
                    return None
                continue
            start, count, at = _copy(delta, code, at)
            reach = start + min(count, wanted - len(first))
            below = self._head(base, max(reach, length), deepest) if base > 0 and reach <= FARTHEST else None
            if below is None or below.size < reach:
                return None
            first += below.first[start:reach]
        # A base that is no blob makes no blob.
        below = self._head(base, length, deepest) if base > 0 else None
        return Head(size, first[:wanted]) if below is not None else None


def _mapped(path: bytes) -> mmap.mmap:
    with open(path, "rb") as file:
        return mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)


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
    numbers = [0, 0]
    for bit in range(7):
        if code >> bit & 1:
            numbers[bit // 4] |= delta[at] << 8 * (bit % 4)
            at += 1
    return numbers[0], numbers[1] or 0x10000, at
