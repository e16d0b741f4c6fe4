"""Counts the rows of a text table while its bytes go by: what the csv module counts, in a fraction of its time.

Where the quotes of each line pair, a line is a row. Else a line's end outside of quotes is a row's, if all quotes begin
and end cells as RFC 4180 has it. What is left (inches, blank lines beside all that) is read by the csv module.
"""

from __future__ import annotations

from itertools import chain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# So much is looked at in one go: what is copied of it stays in the processor's cache, and takes no new memory.
BLOCK = 1 << 16
# So much of it is there when its first row is looked at.
HEAD = 1 << 16
# Of a table with a row that is longer nothing is said.
MAX_ROW = 4 << 20
DELIMITERS = ",;\t|"
_NEITHER = bytes(set(range(256)) - set(b'"\n'))
_MARKS = {d: bytes(set(range(256)) - {10, ord(d)}) for d in DELIMITERS}
_BOM = b"\xef\xbb\xbf"


class Rows:
    """Takes a table in pieces. delimiter: what parts its cells, "" for what the first row says, None for JSON lines."""

    def __init__(self, delimiter: str | None = "") -> None:
        import re

        self._delimiter = delimiter
        self._columns = 0
        self._count = 0
        self._tail = b""
        self._begun = self._broken = False
        # Both in half the time of bytes' own find.
        self._blank: Callable[[bytes], object] = re.compile(rb"\n\n").search
        self._doubled: Callable[[bytes], object] = re.compile(rb'""').search
        self._ways = [self._paired, self._parted]

    def take(self, piece: bytes | memoryview) -> None:
        view, start = memoryview(piece), 0
        while start < len(view):
            # Of long rows more: what is left of one is looked at again each time.
            end = start + max(BLOCK, 4 * len(self._tail))
            self._take(view[start:end])
            start = end

    def _take(self, block: memoryview) -> None:
        if self._broken:
            return
        data = self._tail + block
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
            data = _with_line_feeds(data)
        if not self._begun:
            data = self._begin(data.removeprefix(_BOM))
        if self._delimiter is None or b'"' not in data:
            self._count += self._filled(data)
        elif not self._ways[0](data):
            self._ways.reverse()  # what follows is mostly as this is
            if not self._ways[0](data):
                self._read(data)

    def _filled(self, data: bytes) -> int:
        """Return how many lines are not blank."""
        if self._columns > 1 and self._delimiter in _MARKS:
            # A line without a delimiter is blank, or one of a few: to look at these alone takes two thirds of the time.
            marks = data.translate(None, _MARKS[self._delimiter])
            if not (marks.startswith(b"\n") or self._blank(marks)):
                return marks.count(b"\n")
        while self._blank(data):
            data = data.replace(b"\n\n", b"\n")
        return data.count(b"\n") - data.startswith(b"\n")

    def _paired(self, data: bytes) -> bool:
        """Count the lines, if the quotes of each pair; else False."""
        marks = data.translate(None, _NEITHER)
        first = marks.find(b"\n") + 1
        if first > 1 and first % 2 and marks == marks[:first] * (len(marks) // first):
            self._count += len(marks) // first  # each line has as many, as where all texts are quoted
            return True
        ends = marks.count(b"\n")
        if 2 * marks.count(b'""') + ends != len(marks):
            return False
        some_blank = data.startswith(b"\n") or self._blank(marks)
        self._count += self._filled(data) if some_blank else ends
        return True

    def _begin(self, data: bytes) -> bytes:
        """Look at the first row: its cells are names, which are no row, or numbers all. Return what is the table's."""
        self._begun, self._broken = True, b"\0" in data
        if self._delimiter is None:
            return data
        if data[:4] == b"sep=" and data[5:6] == b"\n" and (said := data[4:5].decode("latin-1")) in DELIMITERS:
            self._delimiter, data = said, data[6:]  # for Excel
        start, delimiters = _comments(data, self._delimiter or DELIMITERS)
        data = data[start:]
        widths = {d: _first(data, d) for d in delimiters}
        self._delimiter = max(widths, key=lambda d: len(widths[d]))
        first = widths[self._delimiter]
        self._columns, self._broken = len(first), self._broken or not first
        self._count -= not (first and all(map(_is_number, first)))
        return data

    def _parted(self, data: bytes) -> bool:
        """Count the line ends outside of quotes; False where that may not be what the csv module counts.

        A row that does not end here is kept for later.
        """
        parts = data.split(b'"')
        is_open = len(parts) % 2 == 0
        outside = b'"'.join([b"\n" + parts[0], *parts[2::2], *[b"\n"] * is_open])
        while self._doubled(outside):
            outside = outside.replace(b'""', b'"')  # a quote in a cell ends it, and begins it again
        edges = outside.translate(bytes.maketrans((self._delimiter or ",").encode(), b"\n"))
        if not edges.count(b'\n"') == edges.count(b'"\n') == outside.count(b'"'):
            return False
        if self._blank(outside):
            return False  # or what was a row of `""`
        if is_open:
            self._tail = data[_last_row(data) :] + self._tail
        self._count += outside.count(b"\n") - 1 - is_open
        return True

    def _read(self, data: bytes) -> None:
        """Count the rows by the csv module; keep the one that does not end."""
        import csv
        import io

        csv.field_size_limit(MAX_ROW)
        lines, whole = data.count(b"\n"), 0
        reader = csv.reader(chain(io.StringIO(data.decode("latin-1")), [""]), delimiter=self._delimiter or ",")
        try:
            for row in reader:
                if reader.line_num > lines:
                    break  # it took the end for more of it, or there was no more
                self._count += bool(row)
                whole = reader.line_num
        except csv.Error:
            self._broken = True
        self._tail = data.split(b"\n", whole)[whole] + self._tail


def _comments(data: bytes, delimiters: str) -> tuple[int, str]:
    """Return where a table begins below comments, and what may part its cells: a last comment that has as many cells
    as the next row is its header."""
    last = end = 0
    while data.startswith(b"#", end):
        last, end = end, data.find(b"\n", end) + 1
        if not end:
            return 0, delimiters
    widths = {d: len(_first(data[end:], d)) for d in delimiters}
    below = max(delimiters, key=widths.__getitem__)
    start = last if len(_first(data[last:end], below)) == widths[below] else end
    return (start, below) if start and widths[below] else (0, delimiters)


def _first(data: bytes, delimiter: str) -> list[str]:
    """Return the cells of the first row that is not blank."""
    import csv
    import io

    csv.field_size_limit(MAX_ROW)
    text = io.TextIOWrapper(io.BytesIO(data), "utf-8", "replace", newline="")  # decodes as far as is asked
    try:
        return next(filter(None, csv.reader(text, delimiter=delimiter)), [])
    except csv.Error:
        return []


def _with_line_feeds(data: bytes) -> bytes:
    """Return lines that end as Unix has it: by what reads text files, in half the time of bytes' own ways."""
    import io

    return io.IncrementalNewlineDecoder(None, translate=True).decode(data.decode("latin-1"), True).encode("latin-1")


def _last_row(data: bytes) -> int:
    """Return where the row begins that is not whole: after the last line end that an odd number of quotes follow."""
    start, odd = len(data), False
    while not odd:
        end, start = start, data.rfind(b"\n", 0, data.rfind(b'"', 0, start)) + 1
        odd ^= data.count(b'"', start, end) % 2 == 1
    return start


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
