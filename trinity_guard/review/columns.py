"""Two texts of which some cells differ: the columns alone are read in which they do, and those that may tell a row.

The engine reads two columns of twelve in a third of the time, and what is not read is compared by its lines.
"""

from __future__ import annotations

from trinity_guard.review import keys, second
from trinity_guard.review.engine import looks_numeric
from trinity_guard.review.numbers import EXACT
from trinity_guard.review.table import NUMBER, Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from trinity_guard.review.dialect import Dialect
    from trinity_guard.review.engine import Engine
    from trinity_guard.review.lines import Others


def load(
    engine: Engine, paths: Sequence[bytes], hows: Sequence[Dialect], lines: Others, key: Sequence[str]
) -> list[Table] | None:
    """Read both files, as far as they must be. None where that may not do: where all of it must be read.

    key: the columns that are said to tell a row.
    """
    names = hows[0].names
    telling = [n for n in names if n in key] if key else keys.named(names)
    if lines.before != lines.after or not telling or len(telling) < len(set(key)):
        return None
    differing = _differing(engine, hows[0], lines)
    if differing is None:
        return None
    places = {at for at, n in enumerate(names) if n in telling}
    tables = _read(engine, paths, hows, lines, sorted({*places, *differing}))
    # A row that has another key is another row, of which each cell is told.
    same = {names[at] for at in places.difference(differing)}
    return tables if tables and _tell(engine, tables, same, key) else None


def _differing(engine: Engine, how: Dialect, lines: Others) -> list[int] | None:
    """Return the columns in which lines differ; None where one of these lines is no row."""
    texts = [False] * len(how.names)
    one, other = f"t{engine.serial()}", f"t{engine.serial()}"
    try:
        for name, file in ((one, lines.old), (other, lines.new)):
            engine.read_plain(name, file, how, texts, placed=True)
    except engine.error:
        return None
    asked = ", ".join(f"count(*) FILTER (a.c{at} IS DISTINCT FROM b.c{at})" for at in range(len(texts)))
    total, *counts = engine.row(f"SELECT count(*), {asked} FROM {one} a JOIN {other} b USING (place)")
    return [at for at, count in enumerate(counts) if count] if total == lines.changed else None


def _read(
    engine: Engine, paths: Sequence[bytes], hows: Sequence[Dialect], lines: Others, only: list[int]
) -> list[Table] | None:
    numeric = [n and at in only for at, n in enumerate(looks_numeric(hows[0]))]
    name = f"t{engine.serial()}"
    try:
        engine.read_plain(name, engine.clean_name(paths[0]), hows[0], numeric, only=only)
    except engine.error:
        return None
    largest = engine.largest_integers(name, numeric)
    if any(value >= EXACT for value in largest.values()):
        return None
    types = engine.settle_types(name, numeric, list(largest))
    first = Table(name, hows[0].names, types, engine.count(name), hows[0].notes())
    first.decimal, first.numeric, first.read = hows[0].decimal, numeric, only
    after = second.load(engine, first, lines, hows)
    return [first, after] if after else None


def _tell(engine: Engine, tables: list[Table], same: set[str], key: Sequence[str]) -> bool:
    """Whether rows are told by columns that are the same in both, and would be if all columns were there."""
    before, after = tables
    found = keys.find(engine, before, after, list(key), [])
    if found is None or not same.issuperset(found):
        return False
    # Whole ones that are called a key come before all others.
    return bool(key) or (len(found) == 1 and before.type_of(found[0]) != NUMBER)
