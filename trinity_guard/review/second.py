"""The later one of two texts, read out of the first: lines that are the same there are the same rows.

To compare lines takes a tenth of the time in which the engine reads them.
"""

from __future__ import annotations

import itertools
import operator

from trinity_guard import git
from trinity_guard.review.engine import looks_numeric, parts
from trinity_guard.review.numbers import EXACT
from trinity_guard.review.table import INTEGER, NUMBER, Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import IO

    from trinity_guard.review.dialect import Dialect
    from trinity_guard.review.engine import Engine

LINES = 10_000  # that are looked at in one go
# Where more of the lines are others, what is read twice takes less time.
MOST_OTHERS = 0.25
# A smaller text is read before anything is gained.
LEAST = 4 << 20


def load(engine: Engine, first: Table, paths: Sequence[bytes], hows: Sequence[Dialect]) -> Table | None:
    """Read the second of two files, the first of which is that table. None where the engine must read it as a whole."""
    if first.numeric is None or first.numeric != looks_numeric(hows[1]) or not _alike(*hows):
        return None
    places = engine.scratch_file("lines")
    counts = _write_others(paths, hows[0], places, int(MOST_OTHERS * first.rows))
    if counts is None or counts[0] != first.rows:
        return None  # a line that is no row, or more than one
    others = f"t{engine.serial()}"
    try:
        engine.read_plain(others, places, hows[0], first.numeric, placed=True)
    except engine.error:  # a cell that is none of its column's type
        return None
    if engine.count(others) != counts[2] or not _fit(engine, first, others):
        return None
    return _joined(engine, first, others, counts, hows[1])


def _alike(one: Dialect, other: Dialect) -> bool:
    """Whether two texts are written in one way, and read as they are."""
    same = all(getattr(one, what) == getattr(other, what) for what in ("names", "header", "delimiter", "decimal"))
    return same and one.plain and other.plain and not (one.bare_returns or other.bare_returns)


def _write_others(paths: Sequence[bytes], how: Dialect, places: str, most: int) -> tuple[int, int, int] | None:
    """Write the lines that are not at their place in the first file, each behind its place.

    Returns how many lines either file has below its header, and how many were written; None for more than `most`
    that the first one has at the same place.
    """
    place = b"%d" + how.delimiter.encode()
    with (
        open(git.opened(paths[0], links=True), "rb") as one,
        open(git.opened(paths[1], links=True), "rb") as other,
        open(places, "wb") as out,
    ):
        if how.header:
            one.readline()
            out.write(place % 0 + other.readline())
        before = after = written = changed = 0
        for old, new in _pieces(one, other):
            if old != new:
                different = [at for at, unlike in enumerate(map(operator.ne, old, new)) if unlike]
                changed += len(different)
                if changed > most:
                    return None
                at_all = [*different, *range(len(old), len(new))]
                out.writelines(place % (after + at) + new[at] for at in at_all)
                written += len(at_all)
            before, after = before + len(old), after + len(new)
    return before, after, written


def _pieces(one: IO[bytes], other: IO[bytes]) -> Iterator[tuple[list[bytes], list[bytes]]]:
    while True:
        pair = list(itertools.islice(one, LINES)), list(itertools.islice(other, LINES))
        if not any(pair):
            return
        yield pair


def _fit(engine: Engine, first: Table, others: str) -> bool:
    """Whether these rows have integers where the first table has."""
    for part in parts([at for at, kind in enumerate(first.types) if kind == INTEGER]):
        asked = " OR ".join(f"c{at} <> trunc(c{at}) OR abs(c{at}) >= {EXACT}" for at in part)
        if engine.rows(f"SELECT 1 FROM {others} WHERE {asked} LIMIT 1"):
            return False
    return True


def _joined(engine: Engine, first: Table, others: str, counts: tuple[int, int, int], how: Dialect) -> Table | None:
    """Make the second table of the first one's rows, and of the others at their places."""
    name = f"t{engine.serial()}"
    cells = [f"c{at}" for at in range(len(first.names))]
    fewer = f" WHERE rowid < {counts[1]}" if counts[1] < counts[0] else ""
    engine.connection.execute(f"CREATE TABLE {name} AS SELECT * FROM {first.name}{fewer}")
    if counts[2]:
        taken = ", ".join(f"{cell} = o.{cell}" for cell in cells)
        engine.connection.execute(f"UPDATE {name} SET {taken} FROM {others} o WHERE {name}.rowid = o.place")
        listed = f"SELECT {', '.join(cells)} FROM {others} WHERE place >= {counts[0]} ORDER BY place"
        engine.connection.execute(f"INSERT INTO {name} {listed}")
    numbers = [kind == NUMBER for kind in first.types]
    largest = engine.largest_integers(name, numbers)
    if any(value >= EXACT for value in largest.values()) or _lacks(engine, first, name):
        return None
    types = engine.settle_types(name, numbers, list(largest))
    kept = [old if old != NUMBER else new for old, new in zip(first.types, types, strict=True)]
    table = Table(name, how.names, kept, counts[1], how.notes())
    table.decimal = how.decimal
    return table


def _lacks(engine: Engine, first: Table, name: str) -> bool:
    """Whether a column of integers has not one more, and so no type."""
    asked = [f"count(c{at}) = 0" for at, kind in enumerate(first.types) if kind == INTEGER]
    return bool(asked) and bool(engine.row(f"SELECT {' OR '.join(asked)} FROM {name}")[0])
