"""Members of zip and tar archives, as any reader may find them: flags, sizes and checksums of a zip bind nobody.

A zip is read by all its local headers, wherever they stand, and by its directory too: two readers that differ on which
of the two holds (Python's and PyTorch's do) see no member that is not seen here.
"""

from __future__ import annotations

import bisect
import bz2
import lzma
import struct
import tarfile
import time
import zlib

from trinity_guard.detect.scan.formats import LOCAL
from trinity_guard.detect.scan.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

DIRECTORY = b"PK\1\2"
DESCRIPTOR = b"PK\7\10"
ENCRYPTED = 1
# Of the directory: of a member what it says and where that is, and at its end its size and place, in zip64 too.
LISTED = "<8xHH8xIIHH10xI"
ENDS = ((b"PK\5\6", "<12xII"), (b"PK\6\6", "<40xQQ"))
TAIL = 66_000
MAX_MEMBERS = 200_000
MAX_MEMBER = 2 << 30
DEFLATED = {8, 9}
STORED, BZIP2, LZMA = 0, 12, 14


class Member:
    """A member's name, and where its bytes are: `data` from `at` to `end`."""

    __slots__ = ("at", "data", "end", "name")

    def __init__(self, name: bytes, data: Any, at: int, end: int) -> None:
        self.name = name
        self.data = data
        self.at = at
        self.end = end


def of_zip(record: Record, data: Any, start: int, end: int) -> Iterator[Member]:
    """Yield the members of a zip that stands between two places."""
    listed = _listed(record, data, start, end)
    places = sorted(key for key in listed if isinstance(key, int))
    at, count = data.find(LOCAL, start, end), 0
    while at >= 0:
        count += 1
        if count > MAX_MEMBERS:
            record.cannot_read(f"it has more than {MAX_MEMBERS:,} members", bounded=True)
            return
        behind = yield from _member(record, data, at, end, listed)
        # An archive within is found when the member is read; a member that the directory has there is none of it.
        hidden = bisect.bisect_right(places, at) < bisect.bisect_left(places, behind)
        at = data.find(LOCAL, at + 4 if hidden else behind, end)


def _listed(record: Record, data: Any, start: int, end: int) -> dict[bytes | int, list[tuple[int, int, int]]]:
    """Return (method, packed size, flags) of each name in the directory, and of each place to which it points: readers
    differ on whether the name there must be the same."""
    found: dict[bytes | int, list[tuple[int, int, int]]] = {}
    origins, count = _origins(data, start, end), 0
    at = data.find(DIRECTORY, start, end)
    while at >= 0 and at + 46 <= end:
        count += 1
        record.spend(1, time.monotonic())
        if count > MAX_MEMBERS:
            record.cannot_read(f"it has more than {MAX_MEMBERS:,} members", bounded=True)
            return found
        flags, method, packed, whole, names, extra, place = struct.unpack_from(LISTED, data, at)
        name, more = data[at + 46 : at + 46 + names], data[at + 46 + names : at + 46 + names + extra]
        if place == 0xFFFFFFFF:
            place = _zip64(more, (whole == 0xFFFFFFFF) + (packed == 0xFFFFFFFF))
        if packed == 0xFFFFFFFF:
            packed = _zip64(more, int(whole == 0xFFFFFFFF))
        for key in (name, *(origin + place for origin, first, last in origins if first <= at < last)):
            found.setdefault(key, []).append((method, packed, flags))
        at = data.find(DIRECTORY, at + 4, end)  # how long an entry says to be binds nobody
    return found


def _origins(data: Any, start: int, end: int) -> set[tuple[int, int, int]]:
    """Return from where the directories of a zip count, and between which places each stands: what is before a zip is
    not counted by every reader."""
    found: set[tuple[int, int, int]] = set()
    for magic, form in ENDS:
        at = data.find(magic, max(start, end - TAIL), end)
        while at >= 0:
            if at + struct.calcsize(form) <= end:
                size, place = struct.unpack_from(form, data, at)
                found |= {(at - size - place, at - size, at), (start, start + place, start + place + size)}
            at = data.find(magic, at + 4, end)
    return found


def _zip64(extra: bytes, position: int) -> int:
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == 1:
            return int.from_bytes(extra[at + 4 + 8 * position : at + 12 + 8 * position], "little")
        at += 4 + length
    return 0


def _member(record: Record, data: Any, at: int, end: int, listed: Any) -> Any:
    """Yield what is behind a local header, each way that a reader may take it; return where to look on."""
    if at + 30 > end:
        return at + 4
    flags, method, packed, whole, names, extra = struct.unpack_from("<6xHH8xIIHH", data, at)
    name, begin = data[at + 30 : at + 30 + names], at + 30 + names + extra
    if begin > end:
        return at + 4
    if packed == 0xFFFFFFFF:
        packed = _zip64(data[begin - extra : begin], int(whole == 0xFFFFFFFF))
    said = [(method, packed, flags), *listed.get(name, ()), *listed.get(at, ())]
    ways = {(one, _stop(data, begin, size, end)) for one, size, _ in said}
    for one, stop in sorted(ways):
        member = _unpacked(record, name, one, data, begin, stop)
        if member is not None:
            yield member
    if any(flags & ENCRYPTED for _, _, flags in said):
        # What says so need not be; what is, was read for nothing.
        record.cannot_read("a member of its archive is encrypted")
    (one, stop), *others = ways
    return stop if one == STORED and not others and stop > begin else at + 4


def _stop(data: Any, begin: int, size: int, end: int) -> int:
    """Return where a member ends; where its size was written behind it, as PyTorch does, before that."""
    if size and begin + size <= end:
        return begin + size
    following = end
    for magic in (LOCAL, DIRECTORY):
        found = data.find(magic, begin, following)
        following = found if found >= 0 else following
    for length, digits in ((16, 4), (24, 8)):
        stop = following - length
        if stop >= begin and data[stop : stop + 4] == DESCRIPTOR:
            packed = int.from_bytes(data[stop + 8 : stop + 8 + digits], "little")
            if packed == stop - begin:
                return int(stop)
    return int(following)


def _unpacked(record: Record, name: bytes, method: int, data: Any, at: int, end: int) -> Member | None:
    if name.endswith(b"/") and at == end:
        return None
    if method == STORED:
        return Member(name, data, at, end)
    try:
        found = _inflated(method, data[at:end])
    except (zlib.error, OSError, ValueError, lzma.LZMAError, EOFError, MemoryError) as error:
        record.cannot_read(f"a member of its archive cannot be unpacked ({type(error).__name__})")
        return None
    record.spend(1, time.monotonic())  # a directory may list a member in a hundred thousand ways
    if found is None:
        record.cannot_read(f"a member of its archive is packed by method {method}, which is not read here")
        return None
    if len(found) > MAX_MEMBER:
        record.cannot_read(f"a member of its archive unpacks to more than {MAX_MEMBER >> 30} GiB", bounded=True)
    return Member(name, found, 0, len(found))


def _inflated(method: int, packed: bytes) -> bytes | None:
    if method in DEFLATED:
        return zlib.decompressobj(-15).decompress(packed, MAX_MEMBER + 1)
    if method == BZIP2:
        return bz2.BZ2Decompressor().decompress(packed, MAX_MEMBER + 1)
    if method == LZMA:
        length = int.from_bytes(packed[2:4], "little")
        properties = packed[4 : 4 + length]
        known = lzma._decode_filter_properties(lzma.FILTER_LZMA1, properties)  # type: ignore[attr-defined]
        stream = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[known])
        return stream.decompress(packed[4 + length :], MAX_MEMBER + 1)
    return None


# ---- tar


def of_tar(record: Record, data: Any, start: int, end: int) -> Iterator[Member]:
    """Yield the files of a tar that stands between two places."""
    window: Any = _Window(data, start, end)
    try:
        with tarfile.open(fileobj=window, mode="r:") as archive:
            for count, found in enumerate(archive):
                if count > MAX_MEMBERS or found.issparse():
                    record.cannot_read("it is a tar with sparse files, or too many")
                    return
                # A type that Python does not know is taken out as a file.
                if found.isreg() or found.type not in tarfile.SUPPORTED_TYPES:
                    at = start + found.offset_data
                    yield Member(found.name.encode("utf-8", "surrogateescape"), data, at, min(at + found.size, end))
            if data[start + archive.offset : end].strip(b"\0"):
                record.cannot_read("it is a tar with something behind its end")
    except (tarfile.TarError, OSError, ValueError, EOFError, OverflowError):
        record.cannot_read("it is a tar that ends within a member, or is damaged")


class _Window:
    """A piece of bytes as a file that tarfile reads."""

    def __init__(self, data: Any, start: int, end: int) -> None:
        self._data, self._start, self._end = data, start, end
        self._at = start

    def read(self, count: int = -1) -> bytes:
        stop = self._end if count is None or count < 0 else min(self._at + count, self._end)
        piece: bytes = self._data[self._at : stop]
        self._at = max(self._at, stop)
        return piece

    def seek(self, to: int, whence: int = 0) -> int:
        self._at = to + (self._start, self._at, self._end)[whence]
        return self.tell()

    def tell(self) -> int:
        return self._at - self._start
