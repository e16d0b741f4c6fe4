"""The later one of two texts, read out of the first: lines that are the same there are the same rows.

To compare lines takes a tenth of the time in which the engine reads them.
"""

from __future__ import annotations

from trinity_guard.review.engine import looks_numeric, parts
from trinity_guard.review.numbers import EXACT
from trinity_guard.review.table import INTEGER, NUMBER, Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from trinity_guard.review.dialect import Dialect
    from trinity_guard.review.engine import Engine
    from trinity_guard.review.lines import Others


def load(engine: Engine, first: Table, lines: Others, hows: Sequence[Dialect]) -> Table | None:
    """Read the second of two files, the first of which is that table. None where the engine must read it as a whole.

    lines: those in which they differ, of two files that are written alike.
    """
    if first.numeric is None or first.numeric != [
        n and at in first.read for at, n in enumerate(looks_numeric(hows[1]))
    ]:
        return None
    if lines.before != first.rows:
        return None  # a line that is no row, or more than one
    others = f"t{engine.serial()}"
    try:
        engine.read_plain(others, lines.new, hows[0], first.numeric, placed=True, only=first.read)
    except engine.error:  # a cell that is none of its column's type
        return None
    if engine.count(others) != lines.written or not _fit(engine, first, others):
        return None
    return _joined(engine, first, others, lines, hows[1])


def _fit(engine: Engine, first: Table, others: str) -> bool:
    """Whether these rows have integers where the first table has."""
    for part in parts([at for at, kind in enumerate(first.types) if kind == INTEGER]):
        asked = " OR ".join(f"c{at} <> trunc(c{at}) OR abs(c{at}) >= {EXACT}" for at in part)
        if engine.rows(f"SELECT 1 FROM {others} WHERE {asked} LIMIT 1"):
            return False
    return True


def _joined(engine: Engine, first: Table, others: str, lines: Others, how: Dialect) -> Table | None:
    """Make the second table of the first one's rows, and of the others at their places."""
    name = f"t{engine.serial()}"
    cells = [f"c{at}" for at in first.read]
    fewer = f" WHERE rowid < {lines.after}" if lines.after < lines.before else ""
    engine.connection.execute(f"CREATE TABLE {name} AS SELECT * FROM {first.name}{fewer}")
    if lines.written:
        taken = ", ".join(f"{cell} = o.{cell}" for cell in cells)
        engine.connection.execute(f"UPDATE {name} SET {taken} FROM {others} o WHERE {name}.rowid = o.place")
        listed = f"SELECT {', '.join(cells)} FROM {others} WHERE place >= {lines.before} ORDER BY place"
        engine.connection.execute(f"INSERT INTO {name} {listed}")
    numbers = [kind == NUMBER for kind in first.types]
    largest = engine.largest_integers(name, numbers)
    if any(value >= EXACT for value in largest.values()) or _lacks(engine, first, name):
        return None
    types = engine.settle_types(name, numbers, list(largest))
    kept = [old if old != NUMBER else new for old, new in zip(first.types, types, strict=True)]
    table = Table(name, how.names, kept, lines.after, how.notes())
    table.read = first.read
    table.decimal = how.decimal
    return table


def _lacks(engine: Engine, first: Table, name: str) -> bool:
    """Whether a column of integers has not one more, and so no type."""
    asked = [f"count(c{at}) = 0" for at, kind in enumerate(first.types) if kind == INTEGER]
    return bool(asked) and bool(engine.row(f"SELECT {' OR '.join(asked)} FROM {name}")[0])
