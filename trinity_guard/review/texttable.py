"""A delimited text whose cells stay text, each row with the letters it came in, so that it can be written again."""

from __future__ import annotations

import codecs
import csv
import io

from trinity_guard import git
from trinity_guard.review.dialect import MAX_CELL, NoTable, look

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    Row = tuple[list[str], str]

BOM = "\ufeff"


class TextTable:
    """rows: cells, and the text that they came in, with its line end. spelled: name -> what the header has for it.

    before: what stands above the first record (a byte order mark); head: the header's text, "" where there is none.
    codec: as Python names it; end: of its lines.
    """

    __slots__ = ("before", "codec", "delimiter", "end", "head", "names", "places", "rows", "spelled")

    def __init__(self, names: Sequence[str] = (), rows: Sequence[Row] = ()) -> None:
        self.names = list(names)
        self.rows = list(rows)
        self.places = {name: at for at, name in enumerate(self.names)}
        self.spelled = {name: name for name in names}
        self.before = self.head = ""
        self.codec, self.delimiter, self.end = "utf-8", ",", "\n"


def read(path: bytes, tabs: bool = False) -> TextTable:
    """Return a file's table; NoTable for one that could not be written again cell by cell. tabs: as `look` takes it."""
    dialect = look(path, tabs)
    with open(git.opened(path, links=True), "rb") as file:
        data = file.read()
    codec = _codec(dialect.encoding, data)
    try:
        text = data.decode(codec)
    except UnicodeError:
        raise NoTable(f"not all of its bytes are letters in {codec}") from None
    if "\0" in text:
        raise NoTable("it holds bytes that no text has")
    before = BOM if text.startswith(BOM) else ""
    before += dialect.led
    blank, rows = _rows(text[len(before) :], dialect.delimiter)
    first = rows.pop(0) if rows and dialect.header else None
    table = TextTable(dialect.names, rows)
    table.before, table.codec, table.delimiter = before + blank, codec, dialect.delimiter
    if first:
        table.spelled = dict(zip(table.names, first[0], strict=True))
        table.head = first[1]
    table.end = _end(table.head or (rows[0][1] if rows else ""))
    _require_even(table)
    return table


def _codec(encoding: str, data: bytes) -> str:
    """Return an encoding that neither adds a byte order mark nor takes one away."""
    if encoding == "utf-16":
        return "utf-16-le" if data.startswith(codecs.BOM_UTF16_LE) else "utf-16-be"
    return "utf-8" if encoding == "utf-8-sig" else encoding


def _rows(text: str, delimiter: str) -> tuple[str, list[Row]]:
    """Return the blank lines at the head, and all records; blank lines elsewhere belong to the record above."""
    csv.field_size_limit(MAX_CELL)
    taken: list[str] = []
    rows: list[Row] = []
    blank = ""
    try:
        for cells in csv.reader(_lines(text, taken), delimiter=delimiter, strict=True):
            raw = "".join(taken)
            taken.clear()
            if cells:
                rows.append((cells, raw))
            elif rows:
                rows[-1] = rows[-1][0], rows[-1][1] + raw
            else:
                blank += raw
    except csv.Error as error:
        raise NoTable(f"it cannot be read as a table: {error}") from None
    return blank, rows


def _lines(text: str, taken: list[str]) -> Iterator[str]:
    """Yield the lines, and note which the reader has taken for the record that it is about to give."""
    for line in io.StringIO(text, newline=""):
        taken.append(line)
        yield line


def _end(line: str) -> str:
    stripped = line.rstrip("\r\n")
    ending = line[len(stripped) :]
    return next((end for end in ("\r\n", "\n", "\r") if ending.startswith(end)), "\n")


def _require_even(table: TextTable) -> None:
    width = len(table.names)
    for number, (cells, _) in enumerate(table.rows, 1):
        if len(cells) != width:
            raise NoTable(f"its row {number:,} has {len(cells)} cells, and the first line {width}")


def written(like: TextTable, header: list[str], rows: Iterable[Row]) -> bytes:
    """Return a table in the form of another. header: as it is spelled; a row with no text is written anew.

    NoTable where the form's encoding lacks a letter.
    """
    parts = [like.before]
    if like.head:
        parts.append(like.head if header == list(like.spelled.values()) else line(like, header))
    for cells, raw in rows:
        if len(parts) > 1 and not parts[-1].endswith(("\n", "\r")):
            parts[-1] += like.end
        parts.append(raw or line(like, cells))
    try:
        return "".join(parts).encode(like.codec)
    except UnicodeError as error:
        letter = str(error.object)[error.start] if isinstance(error, UnicodeEncodeError) else ""
        raise NoTable(f"{like.codec}, as ours is written, has no letter '{letter}', which theirs has") from None


class _Echo:
    """Gives the writer's text back, as `writerow` returns it."""

    def write(self, text: str) -> str:
        return text


def line(like: TextTable, cells: Sequence[str]) -> str:
    """Return a record in the form of another table, quoted where it must be."""
    # With "\r\n" for its line end every version of the module quotes both letters in a cell.
    text = str(csv.writer(_Echo(), delimiter=like.delimiter, lineterminator="\r\n").writerow(cells))
    return text.removesuffix("\r\n") + like.end
