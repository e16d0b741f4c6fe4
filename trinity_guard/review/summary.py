"""What one version of an artifact holds, a fact a line, so that the lines of two versions can be compared."""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.dvcrepo import directory
from trinity_guard.errors import shown
from trinity_guard.review import dialect, engine, packed
from trinity_guard.review.dialect import NoTable
from trinity_guard.review.table import CSV, INTEGER, NUMBER, TSV
from trinity_guard.review.words import cell, figure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from trinity_guard.review.arrays import Array
    from trinity_guard.review.table import Table

# Up to here a table is read by the standard library, which is there at once; above by the engine, up to the next.
SMALL = 4 << 20
MAX_TABLE = 256 << 20
MAX_MODEL = 1 << 30
MAX_LINES = 400
MAX_DISTINCT = 10_000


def lines(path: bytes, named: bytes) -> list[str]:
    """Return the facts of a file. named: its name in the repository, which says what it is."""
    try:
        found = list(_lines(path, named))
    except (NoTable, OSError) as error:
        return [str(error)]
    rest = len(found) - MAX_LINES
    return [*found[:MAX_LINES], f"and {rest:,} more"] if rest > 0 else found


def of_directory(path: bytes) -> list[str]:
    """Return the files of a directory's list, each with the beginning of its md5."""
    try:
        files = directory.decode(git.read(path, directory.MAX_LISTED, links=True))
    except (OSError, ValueError):
        return ["its list of files is damaged"]
    listed = [f"file {shown(name)}: {md5[:10]}" for name, md5 in sorted(files.items())]
    more = [f"and {len(listed) - MAX_LINES:,} more files"] if len(listed) > MAX_LINES else []
    return [f"files: {len(files):,}", *listed[:MAX_LINES], *more]


def _lines(path: bytes, named: bytes) -> Iterator[str]:
    if engine.kind_of(named) and packed.bare(named) != named:
        import tempfile

        with tempfile.TemporaryDirectory(prefix="trinity-guard-") as scratch:
            yield from _lines(packed.unpacked(path, named, os.fsencode(scratch)), packed.bare(named))
        return
    size = os.path.getsize(path)
    kind = engine.kind_of(named)
    if kind in (CSV, TSV) and (size <= SMALL or not engine.is_there()):
        yield from _text_table(path, kind == TSV)
    elif kind and engine.is_there() and size <= MAX_TABLE:
        yield from _table(path, kind, size)
    else:
        yield from _no_table(path, named, size)


def _no_table(path: bytes, named: bytes, size: int) -> Iterator[str]:
    # What they load (zipfile, json, hashlib) takes longer than all that a small table needs.
    from trinity_guard.review import arrays, models

    is_model = models.is_model(named) or (not arrays.is_array(named) and models.is_other_model(path))
    if is_model and size <= MAX_MODEL:
        found = models.read(path, named)
        yield from (f"{cell(name)}: {cell(value)}" for name, value in found.parameters.items())
        yield from _arrays(found.arrays)
    elif arrays.is_array(named):
        yield from _arrays(arrays.of(path, named))


def _arrays(found: dict[str, Array]) -> Iterator[str]:
    from trinity_guard.review import arrays

    for name, array in found.items():
        yield f"array {cell(name or '(whole)')}: {array.words}{arrays.figures(array)}"


# ---- tables


class _Column:
    """A column of a text, cell by cell."""

    def __init__(self, decimal: str) -> None:
        self.decimal = decimal
        self.empty = self.numbers = self.texts = 0
        self.least = float("inf")
        self.most = float("-inf")
        self.total = 0.0
        self.distinct: set[str] = set()

    def take(self, text: str) -> None:
        if text in engine.NULLS:
            self.empty += 1
            return
        if len(self.distinct) < MAX_DISTINCT:
            self.distinct.add(text)
        if self.texts or not dialect.is_number(text.strip(), self.decimal):
            self.texts += 1
            return
        value = float(text.replace(",", ".") if self.decimal == "," else text)
        self.numbers += 1
        self.total += value
        self.least, self.most = min(self.least, value), max(self.most, value)

    def words(self) -> str:
        if self.texts or not self.numbers:
            more = "or more " if len(self.distinct) >= MAX_DISTINCT else ""
            return f"text, {len(self.distinct):,} {more}distinct, {self.empty:,} empty"
        return _figures(self.least, self.most, self.total / self.numbers, self.empty)


def _figures(least: object, most: object, mean: object, empty: object) -> str:
    return f"number, {figure(least)} to {figure(most)}, mean {figure(mean)}, {empty:,} empty"


def _text_table(path: bytes, tabs: bool) -> Iterator[str]:
    how = dialect.look(path, tabs)
    columns = [_Column(how.decimal) for _ in how.names]
    rows = 0
    for record in dialect.records(path, how):
        rows += 1
        for column, text in zip(columns, record, strict=False):
            column.take(text)
    yield from _told(rows, how.names, (column.words() for column in columns))


def _told(rows: int, names: list[str], words: Iterable[str]) -> Iterator[str]:
    yield f"rows: {rows:,}"
    yield f"columns: {len(names):,}"
    for name, said in zip(names, words, strict=True):
        yield f"column {cell(name)}: {said}"


def _table(path: bytes, kind: str, size: int) -> Iterator[str]:
    import tempfile

    folder = tempfile.TemporaryDirectory(prefix="trinity-guard-")
    with folder as scratch, engine.Engine(os.fsencode(scratch), size) as tables:
        table = tables.load(path, kind)
        words = [_column_words(tables, table, name) for name in table.names[:MAX_LINES]]
    yield from _told(table.rows, table.names[:MAX_LINES], words)


def _column_words(tables: engine.Engine, table: Table, name: str) -> str:
    column = table.column(name)
    if table.type_of(name) in (INTEGER, NUMBER):
        asked = f"min({column})::DOUBLE, max({column})::DOUBLE, avg({column}), count(*) - count({column})"
        return _figures(*tables.row(f"SELECT {asked} FROM {table.name}"))
    distinct, empty = tables.row(
        f"SELECT approx_count_distinct({column}), count(*) - count({column}) FROM {table.name}"
    )
    return f"{table.type_of(name)}, about {distinct:,} distinct, {empty:,} empty"
