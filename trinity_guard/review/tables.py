"""Tables as they are loaded and compared: by columns of the engine, or where there are too many, by cells."""

from __future__ import annotations

from trinity_guard.review import dialect, differ, wide
from trinity_guard.review.dialect import NoTable
from trinity_guard.review.engine import CSV, MAX_COLUMNS, TSV, first_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from trinity_guard.review.differ import TableDifference
    from trinity_guard.review.engine import Engine, Table

# More names alone take a minute, and a gigabyte.
MAX_WIDE = 250_000


def load(engine: Engine, paths: Sequence[bytes], kind: str) -> list[Table]:
    """Read files into tables that compare: all of them are wide where one must be. NoTable where one is no such."""
    if kind not in (CSV, TSV):
        return [engine.load(path, kind) for path in paths]
    try:
        looked = [(path, dialect.look(path, kind == TSV)) for path in paths]
        widest = max((len(how.names) for _, how in looked), default=0)
        if widest > MAX_WIDE:
            raise NoTable(f"it has {widest:,} columns, more than {MAX_WIDE:,}")
        if widest > MAX_COLUMNS:
            return [wide.load(engine, path, how) for path, how in looked]
    except (engine.error, OSError, ValueError) as error:
        raise NoTable(f"it cannot be read as {kind}: {first_line(error)}") from None
    return [engine.load(path, kind, how) for path, how in looked]


def compare(engine: Engine, before: Table, after: Table, key: Sequence[str] = (), limit: int = 10) -> TableDifference:
    """Compare two tables that were loaded together. NoTable where the engine cannot."""
    by = wide.compare if before.wide else differ.compare
    try:
        return by(engine, before, after, key, limit)
    except engine.error as error:
        raise NoTable(f"its rows cannot be compared: {first_line(error)}") from None
