"""Tables as they are loaded and compared: by columns of the engine, or where there are too many, row by row."""

from __future__ import annotations

import os

from trinity_guard.review import columns, dialect, differ, lines, second, wide
from trinity_guard.review.dialect import NoTable
from trinity_guard.review.engine import MAX_COLUMNS
from trinity_guard.review.longrows import LongRows
from trinity_guard.review.table import CSV, TSV, first_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeVar

    from trinity_guard.review.dialect import Dialect
    from trinity_guard.review.differ import TableDifference
    from trinity_guard.review.engine import Engine
    from trinity_guard.review.table import Table

    T = TypeVar("T")

# More names alone take a minute, and a gigabyte.
MAX_WIDE = 250_000
# A smaller text is read before anything is gained by comparing lines.
LEAST = 4 << 20


def load(engine: Engine, paths: Sequence[bytes], kind: str, key: Sequence[str] = ()) -> list[Table]:
    """Read files into tables that compare: all of them are wide where one must be. NoTable where one is no such.

    key: the columns that are said to tell a row.
    """
    if kind not in (CSV, TSV):
        return _each(paths, lambda path: engine.load(path, kind))
    looked = dict(zip(paths, _each(paths, lambda path: _look(path, kind)), strict=True))
    if max((len(how.names) for how in looked.values()), default=0) <= MAX_COLUMNS:
        return _in_columns(engine, paths, kind, looked, key)
    try:
        return _each(paths, lambda path: wide.load(engine, path, looked[path]))
    except (engine.error, OSError, ValueError) as error:
        raise NoTable(f"it cannot be read as {kind}: {first_line(error)}") from None


def _in_columns(
    engine: Engine, paths: Sequence[bytes], kind: str, looked: dict[bytes, Dialect], key: Sequence[str]
) -> list[Table]:
    hows = [looked[path] for path in paths]
    large = len(paths) > 1 and min(map(os.path.getsize, paths)) >= LEAST
    others = lines.find(engine, paths, hows) if large else None
    found = others and columns.load(engine, paths, hows, others, key)
    if found:
        return found
    loaded: list[Table] = []

    def load(path: bytes) -> Table:
        copied = second.load(engine, loaded[0], others, hows) if others and loaded else None
        loaded.append(copied or engine.load(path, kind, looked[path]))
        return loaded[-1]

    return _each(paths, load)


def _look(path: bytes, kind: str) -> Dialect:
    how = dialect.look(path, kind == TSV)
    if len(how.names) > MAX_WIDE:
        raise NoTable(f"it has {len(how.names):,} columns, more than {MAX_WIDE:,}")
    return how


def _each(paths: Sequence[bytes], read: Callable[[bytes], T]) -> list[T]:
    """Read files; the reason why one cannot be read says which side that is, where there are two."""
    found = []
    for side, path in zip(("before", "after"), paths, strict=False):
        try:
            found.append(read(path))
        except NoTable as error:
            raise NoTable(f"{side}: {error}" if len(paths) > 1 else str(error)) from None
    return found


def compare(engine: Engine, before: Table, after: Table, key: Sequence[str] = (), limit: int = 10) -> TableDifference:
    """Compare two tables that were loaded together. NoTable where the engine cannot."""
    try:
        if isinstance(before, LongRows) and isinstance(after, LongRows):
            return wide.compare(engine, before, after, key, limit)
        return differ.compare(engine, before, after, key, limit)
    except engine.error as error:
        raise NoTable(f"its rows cannot be compared: {first_line(error)}") from None
