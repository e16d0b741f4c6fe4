"""How a delimited text is written: encoding, delimiter, columns, decimal comma. By the standard library."""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import re

from trinity_guard import git

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

SAMPLE = 1 << 18
# A line is read as a whole: one that is longer is none of a table.
MAX_LINE = 1 << 26
PIECE = 1 << 22
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
DELIMITERS = ",;\t|"
MAX_RECORDS = 200
MAX_CELL = 1 << 27
CONFLICT = "<<<<<<< "  # as Git writes it above ours
LINE_ENDS = {"\r\n": "CRLF", "\n": "LF", "\r": "CR"}
_NUMBER = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*", re.ASCII)
_COMMA = re.compile(r"\s*[-+]?\d+,\d+\s*", re.ASCII)
_SEP = re.compile(f"sep=([{DELIMITERS}])(?:\r?\n|\r)")
_POINT = re.compile(r"\s*[-+]?\d+\.\d+\s*", re.ASCII)


class NoTable(Exception):  # noqa: N818  # an answer, not an error
    """What is read is no table, for the reason that it says."""


class Dialect:
    """encoding: as Python names it; names: of the columns, each another; header: whether the first record has them;

    decimal: "." or ","; plain: whether a reader that takes UTF-8 alone can take the file as it is; led: what stands
    above the table: a line for Excel that says the delimiter (`sep=;`), and comments that begin with #;
    bare_returns: whether there may be a carriage return that no line feed follows.
    """

    __slots__ = (
        "bare_returns", "decimal", "delimiter", "encoding", "header", "led", "line_end", "names", "plain", "sample",
    )  # fmt: skip

    def __init__(self, encoding: str, delimiter: str, records: list[list[str]], plain: bool) -> None:
        self.encoding = encoding
        self.delimiter = delimiter
        first = records[0] if records else []
        self.header = not (first and all(_NUMBER.fullmatch(cell) for cell in first))
        self.names = unique(first) if self.header else [f"column {n}" for n in range(1, len(first) + 1)]
        self.sample = records[1:] if self.header else records
        self.decimal = _decimal(self.sample, delimiter)
        self.plain = plain
        self.line_end = ""
        self.led = ""
        self.bare_returns = False

    def notes(self) -> list[str]:
        """Return what a reader must know of how the text is written."""
        parted = "tabs" if self.delimiter == "\t" else self.delimiter
        notes = [] if self.encoding.startswith("utf-8") else [f"read as {self.encoding}"]
        notes += (
            ["it begins with the marker of a conflict"] if self.names[:1] and self.names[0].startswith(CONFLICT) else []
        )
        notes += [f"columns are parted by {parted}"] if self.delimiter != "," else []
        notes += ["above its columns stand comments"] if self.led[len(for_excel(self.led)[0]) :] else []
        return [*notes, *(["it has no header"] if not self.header else [])]


def look(path: bytes, tabs: bool = False) -> Dialect:
    """Find out how a file is written. tabs: its name says that tabs part the columns. NoTable for what is no text."""
    head, whole = _head(path)
    utf8, long, returns = (False, False, True) if head.startswith(UTF16) else _read_through(path)
    encoding = _encoding(head, utf8)
    text = codecs.getincrementaldecoder(encoding)("replace").decode(head)
    if "\0" in text:
        raise NoTable("it holds bytes that no text has")
    first, said = for_excel(text)
    text = text[len(first) :]
    delimiter = said or ("\t" if tabs else _delimiter(text))
    if text.startswith("#"):
        comments, delimiter = _comments(text, said or ("\t" if tabs else ""), delimiter)
        first, text = first + comments, text[len(comments) :]
    records = _records(text, delimiter, whole)
    if not records:
        return Dialect(encoding, delimiter, [], True)
    plain = utf8 and not long and not first and ("\n" in text or "\r" not in text)
    # The engine takes a blank line for an empty cell where there is one column, and elsewhere for no row.
    plain = plain and not (len(records[0]) == 1 and _has_blank_line(path))
    found = Dialect(encoding, delimiter, records, plain)
    found.led = first
    found.bare_returns = returns
    found.line_end = next((name for end, name in LINE_ENDS.items() if end in text), "")
    return found


def for_excel(text: str) -> tuple[str, str]:
    """Return the first line of a text that says the delimiter and is none of the table's, and the delimiter."""
    said = _SEP.match(text)
    return (said[0], said[1]) if said else ("", "")


def _comments(text: str, said: str, delimiter: str) -> tuple[str, str]:
    """Return the lines at a text's beginning that are comments, and what parts the columns below.

    A line that begins with # is the header where it has as many cells as the first row.
    """
    lines = list(itertools.takewhile(lambda line: line.startswith("#"), io.StringIO(text, newline="")))
    rest = text[sum(map(len, lines)) :]
    below = said or _delimiter(rest)
    first = next(iter(_records(rest, below, True)), [])
    if len(next(iter(_records(lines[-1], below, True)))) == len(first):
        lines.pop()
    return ("".join(lines), below) if first and lines else ("", delimiter)


def differences(one: Dialect, other: Dialect) -> list[str]:
    """Return how two texts are written otherwise than each other."""
    pairs = (
        ("encoding", one.encoding, other.encoding),
        ("line ends", one.line_end, other.line_end),
        ("delimiter", repr(one.delimiter), repr(other.delimiter)),
        ("decimal", one.decimal, other.decimal),
        ("first line", *(each.led.strip() or "the columns" for each in (one, other))),
    )
    return [f"{what}: {a} → {b}" for what, a, b in pairs if a != b]


def _head(path: bytes) -> tuple[bytes, bool]:
    """Return a file's beginning, two lines of it at least, and whether that is all. NoTable where they are too long."""
    with open(git.opened(path, links=True), "rb") as file:
        head = file.read(SAMPLE)
        while len(head) <= MAX_LINE and head.count(b"\n") + head.count(b"\r") < 2:
            piece = file.read(3 * len(head))
            if not piece:
                return head, True
            head += piece
        if len(head) > MAX_LINE and not (b"\n" in head or b"\r" in head):
            raise NoTable(f"its first line is longer than {MAX_LINE >> 20} MB")
        return head, not file.read(1)


def records(path: bytes, dialect: Dialect) -> Iterator[list[str]]:
    """Yield all records but the header, blank lines left out; NoTable for what the csv module cannot read."""
    csv.field_size_limit(MAX_CELL)
    with open(git.opened(path, links=True), encoding=dialect.encoding, newline="", errors="replace") as file:
        for _ in io.StringIO(dialect.led, newline=""):
            file.readline()
        reader = csv.reader(_lines(file), delimiter=dialect.delimiter)
        try:
            skip = dialect.header
            for record in reader:
                if record and not skip:
                    yield record
                skip = skip and not record
        except csv.Error as error:
            raise NoTable(f"it cannot be read as a table: {error}") from None


def fitted(record: list[str], width: int, delimiter: str) -> list[str]:
    """Return a record as wide as the header: what is too much goes into the last cell."""
    last = [delimiter.join(record[width - 1 :])] if len(record) >= width else []
    record = [*record[: width - len(last)], *last]
    return record + [""] * (width - len(record))


def ragged(lines: int) -> str:
    """Return what a reader must know of so many lines that do not fit."""
    return f"{lines:,} line{'s' if lines > 1 else ''} with more or fewer cells than the header"


def count(path: bytes, dialect: Dialect) -> int:
    """Return how many records there are beside the header."""
    return sum(1 for _ in records(path, dialect))


def unique(names: list[str]) -> list[str]:
    """Return names of which no two are alike, none empty, as pandas makes them."""
    seen: set[str] = set()
    found = []
    for at, name in enumerate(names):
        base = name if name.strip() else f"Unnamed: {at}"
        candidate, number = base, 0
        while candidate in seen:
            number += 1
            candidate = f"{base}.{number}"
        seen.add(candidate)
        found.append(candidate)
    return found


def _lines(file: TextIO) -> Iterator[str]:
    """Yield the lines, none of them with the NUL that the csv module refuses. NoTable for one that is too long."""
    while line := file.readline(MAX_LINE + 1):
        if len(line) > MAX_LINE:
            raise NoTable(f"it has a line longer than {MAX_LINE >> 20} MB")
        yield line.replace("\0", "") if "\0" in line else line


def _encoding(head: bytes, utf8: bool) -> str:
    if head.startswith(UTF16):
        return "utf-16"
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    return "utf-8" if utf8 else "cp1252"


def _read_through(path: bytes) -> tuple[bool, bool, bool]:
    """Return whether a file is UTF-8, whether it has a line so long that the engine might leave it out, silently
    (DuckDB 2.0 does so with a last line that is longer than its buffer), and whether a carriage return may stand alone.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    long = returns = False
    with open(git.opened(path, links=True), "rb", buffering=0) as file:
        try:
            while piece := file.read(PIECE):
                long = long or (len(piece) == PIECE and b"\n" not in piece)
                returns = returns or (b"\r" in piece and piece.count(b"\r") != piece.count(b"\r\n"))
                if not piece.isascii() or decoder.getstate()[0]:
                    decoder.decode(piece)
            decoder.decode(b"", True)
        except UnicodeDecodeError:
            return False, long, True
    return True, long, returns


def _has_blank_line(path: bytes) -> bool:
    with open(git.opened(path, links=True), "rb") as file:
        return any(line in (b"\n", b"\r\n") for line in file)


def _delimiter(text: str) -> str:
    """Return the delimiter that parts the first records into the most columns, as many in each."""
    best, found = (0.0, 0), ","
    for delimiter in DELIMITERS:
        widths = [len(record) for record in _records(text, delimiter, False)]
        if not widths or widths[0] < 2:
            continue
        agreeing = sum(width == widths[0] for width in widths) / len(widths)
        if (agreeing, widths[0]) > best:
            best, found = (agreeing, widths[0]), delimiter
    return found


def _records(text: str, delimiter: str, whole: bool) -> list[list[str]]:
    """Return the first records of a text; the last one may be cut where the text is not whole."""
    csv.field_size_limit(MAX_CELL)
    found: list[list[str]] = []
    try:
        for record in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if record:
                found.append(record)
            if len(found) > MAX_RECORDS:
                return found[:-1]
    except csv.Error:
        return found
    return found if whole or len(found) < 2 else found[:-1]


def _decimal(records: list[list[str]], delimiter: str) -> str:
    cells = [cell for record in records for cell in record]
    commas = sum(bool(_COMMA.fullmatch(cell)) for cell in cells)
    points = sum(bool(_POINT.fullmatch(cell)) for cell in cells)
    return "," if delimiter != "," and commas > points else "."


def is_number(cell: str, decimal: str = ".") -> bool:
    """Whether a cell is a number, and not a code that begins with 0: 007 is another code than 7."""
    cell = cell.replace(",", ".") if decimal == "," else cell
    digits = cell.lstrip("+-")
    code = len(digits) > 1 and digits[0] == "0" and digits[1].isdigit()
    return not code and bool(_NUMBER.fullmatch(cell) or cell.lower().lstrip("+-") in ("inf", "infinity"))
