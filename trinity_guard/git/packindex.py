"""The indexes of Git's packs, version 2: where an object begins, and which are not here. Source: gitformat-pack(5)."""

from __future__ import annotations

import os
from binascii import unhexlify

TYPE_CHECKING = False
if TYPE_CHECKING:
    import mmap
    from collections.abc import Iterable, Sequence

SIGNATURE = b"\xfftOc\0\0\0\2"
HEADER = 8 + 256 * 4
FAR = 1 << 31


def folders(common_dir: bytes) -> list[bytes]:
    """Return the folder of a repository's objects, and those that it borrows from."""
    found = [os.environb.get(b"GIT_OBJECT_DIRECTORY") or os.path.join(common_dir, b"objects")]
    for folder in found:
        try:
            with open(os.path.join(folder, b"info", b"alternates"), "rb") as file:
                lines = [os.path.join(folder, line) for line in file.read().split(b"\n") if line]
        except OSError:
            continue
        found += [os.path.normpath(line) for line in lines if len(found) < 10]
    return list(dict.fromkeys(found))


def files(common_dir: bytes) -> list[bytes]:
    """Return the .idx files there, the largest first."""
    sized = []
    for folder in folders(common_dir):
        try:
            with os.scandir(os.path.join(folder, b"pack")) as entries:
                sized += [(-e.stat().st_size, e.path) for e in entries if e.name.endswith(b".idx")]
        except OSError:
            continue  # no packs there
    return [path for _, path in sorted(sized)]


class Index:
    """The index of a pack, mapped into memory; ValueError where it is no such file. width: bytes of an object's id.

    pack: the path of the pack itself. What a damaged index says is wrong, and never beyond the file.
    """

    def __init__(self, index_file: bytes, width: int) -> None:
        self.pack = index_file[: -len(b".idx")] + b".pack"
        self._width = width
        self._table = mapped(index_file)
        self._parts: list[tuple[int, int, int]] = []  # found once they are asked for
        self._count = int.from_bytes(self._table[HEADER - 4 : HEADER], "big")
        if self._table[:8] != SIGNATURE or len(self._table) < HEADER + self._count * (width + 8):
            self.close()
            raise ValueError("not the index of a pack of version 2")

    def close(self) -> None:
        self._table.close()

    def offsets(self, wanted: Sequence[bytes]) -> dict[bytes, int]:
        """Return where in the pack those of the objects (hex) begin that it holds."""
        if 8 * len(wanted) < self._count:
            return {name.hex().encode(): at for at, name in self.places(map(unhexlify, wanted))}
        digits, asked = 2 * self._width, set(wanted)
        names = self._table[HEADER : HEADER + self._count * self._width].hex().encode()
        everything = (names[i : i + digits] for i in range(0, self._count * digits, digits))
        near = zip(everything, self._near(), range(self._count), strict=True)
        return {oid: at if at < FAR else self._offset(n) for oid, at, n in near if oid in asked}

    def _near(self) -> tuple[int, ...]:
        """Return the first table of places at once: a hundred thousand single looks take a fifth of lint's time."""
        import struct

        return struct.unpack_from(f">{self._count}I", self._table, HEADER + self._count * (self._width + 4))

    def places(self, names: Iterable[bytes]) -> list[tuple[int, bytes]]:
        """Return (where it begins in the pack, its name in bytes) of those of the objects that the pack holds."""
        if not self._parts:
            self._parts = self._by_first_byte()
        table, width, parts = self._table, self._width, self._parts
        offsets = HEADER + self._count * (width + 4)
        found = []
        # Millions of times: what is plain is found without a call of ours, all else by `find`.
        for name in names:
            low, count, near = parts[name[0]]
            start = HEADER + max(low, low + (count * int.from_bytes(name[1:5], "big") >> 32) - near) * width
            at = start - HEADER + table[start : start + 2 * near * width].find(name)
            number, rest = divmod(at, width)
            if not rest and start - HEADER <= at and number < self._count:
                near = offsets + 4 * number
                at = int.from_bytes(table[near : near + 4], "big")
                found.append((at if at < FAR else self._offset(number), name))
            elif (at := self.find(name)) >= 0:
                found.append((at, name))
        return found

    def _by_first_byte(self) -> list[tuple[int, int, int]]:
        """Return by first byte: the number of its first name, how many there are, and how far from where its bytes tell
        nearly each of them stands."""
        table = self._table
        ends = [int.from_bytes(table[at : at + 4], "big") for at in range(8, HEADER, 4)]
        both = zip([0, *ends[:-1]], ends, strict=True)
        return [(low, max(0, end - low), 16 + int(max(0, end - low) ** 0.5)) for low, end in both]

    def find(self, name: bytes) -> int:
        """Return where in the pack an object (its name in bytes) begins, -1 where it is not."""
        place = self._place(name)
        return self._offset(place) if place >= 0 else -1

    def _place(self, name: bytes) -> int:
        """Return the number of an object among the sorted names, -1 where it is not."""
        table, width, first = self._table, self._width, name[0]
        low = int.from_bytes(table[4 + 4 * first : 8 + 4 * first], "big") if first else 0
        high = int.from_bytes(table[8 + 4 * first : 12 + 4 * first], "big")
        # Names are spread evenly, but for those that somebody has chosen: it stands near the place that its bytes tell.
        likely = low + ((high - low) * int.from_bytes(name[1:5], "big") >> 32)
        near = 16 + 2 * int(max(high - low, 0) ** 0.5)
        start = max(low, likely - near)
        found = table[HEADER + start * width : HEADER + min(high, likely + near) * width].find(name)
        if found >= 0 and not found % width:
            return start + found // width
        while low < high:
            middle = (low + high) // 2
            here = table[HEADER + middle * width : HEADER + (middle + 1) * width]
            if here == name:
                return middle
            low, high = (middle + 1, high) if here < name else (low, middle)
        return -1

    def _offset(self, place: int) -> int:
        base = HEADER + self._count * (self._width + 4)
        offset = int.from_bytes(self._table[base + 4 * place : base + 4 * place + 4], "big")
        if offset >= FAR:  # in a table of its own, for packs above 2 GB
            far = base + 4 * self._count + 8 * (offset - FAR)
            offset = int.from_bytes(self._table[far : far + 8], "big")
        return offset


def absent(common_dir: bytes, ids: Iterable[bytes]) -> list[bytes]:
    """Return those of the objects that are neither in a pack nor loose. Git itself would fetch them to say so."""
    left = dict.fromkeys(ids)
    for index_file in files(common_dir):
        there = _held(index_file, list(left))
        left = {oid: None for oid in left if oid not in there}
    loose = folders(common_dir)
    return [oid for oid in left if not any(os.path.exists(os.path.join(f, oid[:2], oid[2:])) for f in loose)]


def _held(index_file: bytes, ids: Sequence[bytes]) -> dict[bytes, int]:
    if not ids:
        return {}
    try:
        index = Index(index_file, len(ids[0]) // 2)
    except (OSError, ValueError):
        return {}  # not known: to fetch what is there does no harm
    try:
        return index.offsets(ids)
    finally:
        index.close()


def mapped(path: bytes) -> mmap.mmap:
    import mmap

    with open(path, "rb") as file:
        return mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
