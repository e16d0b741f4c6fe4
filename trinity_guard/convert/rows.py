"""Counts the rows of a text table while its bytes go by: what the csv module counts, in a fraction of its time.

A line whose quotes pair is a row, one whose do not is read by the csv module.
"""

from __future__ import annotations

from itertools import chain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# So much of it is there when its first row is looked at.
HEAD = 1 << 16
# Of a table with a row that is longer nothing is said.
MAX_ROW = 4 << 20
DELIMITERS = ",;\t|"
_NEITHER = bytes(set(range(256)) - set(b'"\n'))


class Rows:
    """Takes a table in pieces. delimiter: what parts its cells, "" for what the first row says, None for JSON lines."""

    def __init__(self, delimiter: str | None = "") -> None:
        import re

        self._delimiter = delimiter
        self._columns = 0
        self._count = 0
        self._tail = b""
        self._begun = self._broken = False
        self._blank: Callable[[bytes], object] = re.compile(rb"\n\n").search  # in half the time of bytes' own find

    def take(self, piece: bytes | memoryview) -> None:
        if self._broken:
            return
        data = self._tail + piece
        if not self._begun and len(data) < HEAD:
            self._tail = data
            return
        end = data.rfind(b"\n") + 1 or data.rfind(b"\r") + 1
        self._tail = data[end:]
        if end:
            self._lines(data[:end])
        self._broken = self._broken or len(self._tail) > MAX_ROW

    def end(self) -> dict[str, object]:
        """Return how many rows and columns the table has; nothing for what is none, or cannot be told."""
        tail, self._tail = self._tail, b""
        if tail and not self._broken:
            self._lines(tail + b"\n")
        if self._broken or not self._begun:
            return {}
        rows = self._count + bool(self._tail)  # quotes that nothing closes: the last row
        return {"rows": rows} if self._delimiter is None else {"rows": rows, "columns": self._columns}

    def _lines(self, data: bytes) -> None:
        """Count the rows of whole lines."""
        if b"\r" in data:
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if not self._begun:
            self._begin(data)
        if self._delimiter is not None and b'"' in data:
            data = self._joined(data)
        blank = data.startswith(b"\n") or self._blank(data)
        self._count += sum(map(bool, data.split(b"\n"))) if blank else data.count(b"\n")

    def _begin(self, data: bytes) -> None:
        """Look at the first row: its cells are names, which are no row, or numbers all."""
        self._begun, self._broken = True, b"\0" in data
        if self._delimiter is None:
            return
        widths = {d: self._first(data, d) for d in self._delimiter or DELIMITERS}
        self._delimiter = max(widths, key=lambda d: len(widths[d]))
        first = widths[self._delimiter]
        self._columns, self._broken = len(first), self._broken or not first
        self._count -= not (first and all(map(_is_number, first)))

    @staticmethod
    def _first(data: bytes, delimiter: str) -> list[str]:
        import csv
        import io

        csv.field_size_limit(MAX_ROW)
        text = io.StringIO(data.decode("utf-8-sig", "replace"), newline="")
        try:
            return next(filter(None, csv.reader(text, delimiter=delimiter)), [])
        except csv.Error:
            return []

    def _joined(self, data: bytes) -> bytes:
        """Return the lines, of those that are one row the first alone; keep what is not whole for later."""
        unpaired = data.translate(None, _NEITHER).replace(b'""', b"")
        if b'"' not in unpaired:
            return data
        lines, single, end = data.split(b"\n")[:-1], [], 0
        for start in _lines_of(unpaired):
            if start < end:
                continue
            single += lines[end : start + 1]
            end = start + self._length(lines, start)
            if end > len(lines):
                self._tail = b"\n".join(lines[start:]) + b"\n" + self._tail
                single.pop()
        return b"\n".join([*single, *lines[end:], b""])

    def _length(self, lines: list[bytes], start: int) -> int:
        """Return how many lines the row takes that begins here; one more than there are where it does not end."""
        import csv

        csv.field_size_limit(MAX_ROW)
        texts = (lines[at].decode("latin-1") + "\n" for at in range(start, len(lines)))
        reader = csv.reader(chain(texts, [""]), delimiter=self._delimiter or ",")
        try:
            next(reader)
        except csv.Error:
            self._broken = True
        return reader.line_num


def _lines_of(unpaired: bytes) -> Iterator[int]:
    """Yield the numbers of the lines of which a quote is left."""
    found = 0
    at = unpaired.find(b'"')
    while at >= 0:
        yield at - found
        found += 1
        at = unpaired.find(b'"', at + 1)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
