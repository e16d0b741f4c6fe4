"""Rows and columns of a Feather file (Arrow's IPC format), by its footer and the head of each batch of rows."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO

MAGIC = b"ARROW1"
MAX_FOOTER = 64 << 20
MAX_HEAD = 1 << 20
MAX_BATCHES = 100_000
BLOCK = 24  # bytes in which the footer says where a batch begins, and how long its head is
# Which field of a table of Arrow's schema (Schema.fbs, File.fbs, Message.fbs) says what.
SCHEMA, BATCHES, FIELDS, HEADER, LENGTH = 1, 3, 1, 2, 0


def size(file: IO[bytes]) -> tuple[int, int]:
    """Return rows and columns; ValueError for what is no such file."""
    footer = _footer(file)
    root = _Table(footer, _number(footer, 0, 4))
    columns, _ = root.table(SCHEMA).vector(FIELDS)
    count, start = root.vector(BATCHES)
    if count > MAX_BATCHES:
        raise ValueError("it is in too many pieces")
    heads = [(_number(footer, at, 8), _number(footer, at + 8, 4)) for at in range(start, start + BLOCK * count, BLOCK)]
    if sum(length for _, length in heads) > file.seek(0, os.SEEK_END):
        raise ValueError("its pieces lie upon each other")
    return sum(_rows(file, *head) for head in heads), columns


def _footer(file: IO[bytes]) -> bytes:
    end = file.seek(0, os.SEEK_END)
    file.seek(max(end - len(MAGIC) - 4, 0))
    tail = file.read()
    length = _number(tail, 0, 4)
    if tail[4:] != MAGIC or length > min(end - len(tail), MAX_FOOTER):
        raise ValueError("it is no file of Arrow's")
    file.seek(end - len(tail) - length)
    return file.read(length)


def _rows(file: IO[bytes], offset: int, length: int) -> int:
    """Return how many rows a batch has. offset, length: of its head in the file."""
    if offset >= 1 << 63 or not 8 < length <= MAX_HEAD:
        raise ValueError("it is damaged")
    file.seek(offset)
    head = file.read(length)
    first = 8 if head.startswith(b"\xff\xff\xff\xff") else 4  # before Arrow 0.15 its length alone stood there
    rows, _ = _Table(head, first + _number(head, first, 4)).table(HEADER).field(LENGTH, 8)
    if rows >> 63:
        raise ValueError("it has fewer rows than none")
    return rows


def _number(data: bytes, at: int, size: int) -> int:
    if not 0 <= at <= len(data) - size:
        raise ValueError("it ends too early")
    return int.from_bytes(data[at : at + size], "little")


class _Table:
    """A table of flatbuffers: what it holds is looked up by the numbers of its fields."""

    def __init__(self, data: bytes, at: int) -> None:
        self._data = data
        self._at = at

    def field(self, number: int, size: int) -> tuple[int, int]:
        """Return the number that stands in a field, and where that is; zeros for one that is left out."""
        back = _number(self._data, self._at, 4)
        listed = self._at - (back - (1 << 32) if back >> 31 else back)  # a signed number: it may lie behind
        known = _number(self._data, listed, 2) > 4 + 2 * number
        place = _number(self._data, listed + 4 + 2 * number, 2) if known else 0
        return (_number(self._data, self._at + place, size), self._at + place) if place else (0, 0)

    def table(self, number: int) -> _Table:
        offset, at = self.field(number, 4)
        return _Table(self._data, at + offset)

    def vector(self, number: int) -> tuple[int, int]:
        """Return how long a list is, and where its first item is."""
        offset, at = self.field(number, 4)
        return (_number(self._data, at + offset, 4), at + offset + 4) if at else (0, 0)
