"""Two tables of the engine, one against the other: columns and rows that came, went, changed, and which cells."""

from __future__ import annotations

from trinity_guard.review import keys, statistics
from trinity_guard.review.engine import parts
from trinity_guard.review.table import INTEGER, NUMBER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trinity_guard.review.engine import Engine
    from trinity_guard.review.table import Table

# A column that went and one that came hold the same where so many of the cells agree.
ALIKE = 0.95
MAX_RENAMED = 40
# By a key that only counts the rows more than this share of them change where one came or went.
MOVED = 0.25
MAX_DESCRIBED = 60


class Columns:
    """How two lists of columns stand to each other. common: (before, after) names; renamed: before -> after."""

    __slots__ = ("added", "common", "removed", "renamed", "retyped")

    def __init__(self, before: Table, after: Table) -> None:
        self.removed = [n for n in before.names if n not in after]
        self.added = [n for n in after.names if n not in before]
        self.renamed: dict[str, str] = {}
        self.common = [(n, n) for n in before.names if n in after]
        kinds = {n: (before.kind_of(n), after.kind_of(n)) for n, _ in self.common}
        self.retyped = {n: (one, other) for n, (one, other) in kinds.items() if one != other}

    def rename(self, old: str, new: str) -> None:
        self.removed.remove(old)
        self.added.remove(new)
        self.renamed[old] = new
        self.common.append((old, new))


class TableDifference:
    """What is not the same. key: the columns that tell a row, None where rows are compared as a bag of them.

    aligned: the rows that both sides have are the first ones of both, in the same order; reordered: known not to be so.
    changed: column -> how many of its cells; statistics: column -> what is known of both sides.
    rows_changed: (key, column -> (before, after)); rows_added, rows_removed: column -> cell; each the first ones.
    """

    def __init__(self, before: Table, after: Table) -> None:
        self.before = before
        self.after = after
        self.columns = Columns(before, after)
        self.key: list[str] | None = None
        self.aligned = self.reordered = False
        self.added = self.removed = self.rows_with_changes = 0
        self.changed: dict[str, int] = {}
        self.statistics: dict[str, dict[str, object]] = {}
        self.rows_changed: list[tuple[dict[str, object], dict[str, tuple[object, object]]]] = []
        self.rows_added: list[dict[str, object]] = []
        self.rows_removed: list[dict[str, object]] = []
        self.notes = _notes(before, after)

    @property
    def same(self) -> bool:
        columns = self.columns
        moved = columns.added or columns.removed or columns.renamed or columns.retyped
        return not (moved or self.added or self.removed or self.rows_with_changes)


def _notes(before: Table, after: Table) -> list[str]:
    if before.notes == after.notes:
        return list(before.notes)
    return [f"before: {n}" for n in before.notes] + [f"after: {n}" for n in after.notes]


def compare(engine: Engine, before: Table, after: Table, key: Sequence[str] = (), limit: int = 10) -> TableDifference:
    """Compare two tables. key: the columns that tell a row, else they are looked for. limit: how many rows to show."""
    found = TableDifference(before, after)
    _forget_typeless(engine, found)
    found.key = keys.find(engine, before, after, list(key), found.notes)
    if found.key:
        found.aligned = keys.aligned(engine, before, after, found.key)
        found.reordered = not found.aligned
        rename_by_content(engine, found)
        _by_key(engine, found, limit)
        found = without_count(engine, found, limit, _as_bags, (before, after)) if not key else found
    else:
        rename_by_bag(engine, found)
        if found.columns.common:
            _as_bags(engine, found, limit)
        else:
            _all_came_and_went(engine, found, limit)
    describe(engine, found, described(found), (before, after))
    return found


def _forget_typeless(engine: Engine, found: TableDifference) -> None:
    """Take no column for retyped that has not a value on one side, so no type either."""
    for name in list(found.columns.retyped):
        if not all(_has_value(engine, table, name) for table in (found.before, found.after)):
            del found.columns.retyped[name]


def _has_value(engine: Engine, table: Table, name: str) -> bool:
    return bool(engine.rows(f"SELECT 1 FROM {table.name} WHERE {table.column(name)} IS NOT NULL LIMIT 1"))


def _all_came_and_went(engine: Engine, found: TableDifference, limit: int) -> None:
    """Two tables that have no column in common have no row in common."""
    found.added, found.removed = found.after.rows, found.before.rows
    found.rows_added, found.rows_removed = (_first(engine, t, limit) for t in (found.after, found.before))


def _first(engine: Engine, table: Table, limit: int) -> list[dict[str, object]]:
    query = f"SELECT * FROM {table.name} ORDER BY rowid LIMIT {limit}"
    return [dict(zip(table.names, row, strict=True)) for row in engine.rows(query)] if table.names else []


def without_count(
    engine: Engine,
    found: TableDifference,
    limit: int,
    as_bags: Callable[[Engine, TableDifference, int], None],
    tables: tuple[Table, Table],
) -> TableDifference:
    """Return the difference as a multiset where the key only counts the rows, and one that came or went moved it.

    tables: with the key's columns, of the engine.
    """
    [name, *others] = found.key or [""]
    if others or found.rows_with_changes <= MOVED * min(found.before.rows, found.after.rows):
        return found  # a row that moved all behind it changes most of them
    if not all(_counts(engine, table, name) for table in tables):
        return found
    other = TableDifference(found.before, found.after)
    other.columns = found.columns
    other.columns.common = [pair for pair in found.columns.common if pair != (name, name)]
    if other.columns.common:
        as_bags(engine, other, limit)
    if not other.columns.common or 2 * (other.added + other.removed) >= found.rows_with_changes:
        other.columns.common.append((name, name))
        return found
    other.notes.append(f"the column '{name}' only counts the rows: compared as multisets without it")
    return other


def _counts(engine: Engine, table: Table, name: str) -> bool:
    """Whether a key's values are 0, 1, 2 … or 1, 2, 3 …, in any order."""
    if table.type_of(name) != INTEGER:
        return False
    least, most = (
        int(str(end))
        for end in engine.row(f"SELECT min({table.column(name)}), max({table.column(name)}) FROM {table.name}")
    )
    return least in (0, 1) and most - least == table.rows - 1


def described(found: TableDifference) -> list[tuple[str, str]]:
    """Return the columns (before, after) of which figures are told."""
    names = set(found.changed)
    if found.added or found.removed:
        names |= {new for _, new in found.columns.common}
    names -= set(found.key or ())
    former = {new: old for old, new in found.columns.common}
    return [(former[n], n) for n in found.after.names if n in names and n in former][:MAX_DESCRIBED]


def describe(engine: Engine, found: TableDifference, pairs: list[tuple[str, str]], tables: tuple[Table, Table]) -> None:
    for old, new in pairs:
        found.statistics[new] = statistics.of(engine, *tables, old, new)


# ---- by key


def join(found: TableDifference, wanted: str = "TRUE") -> str:
    """Return in SQL the rows that both sides have, as a and b, of which that is so."""
    pairs = [_cells(found, name, name) for name in found.key or ()]
    on = " AND ".join(f"{a} = {b}" for a, b in pairs)
    kind = "POSITIONAL JOIN" if found.aligned else "JOIN"  # a quarter of the time
    where = "WHERE" if found.aligned else "ON"
    return f"{found.before.name} a {kind} {found.after.name} b {where} {on} AND ({wanted})"


def _cells(found: TableDifference, old: str, new: str) -> tuple[str, str]:
    """Return both cells of a column in SQL, as what can be compared: numbers as such, else texts where types differ."""
    return keys.comparable((found.before, "a.", old), (found.after, "b.", new))


def _unlike(found: TableDifference, old: str, new: str) -> str:
    one, other = _cells(found, old, new)
    return f"{one} IS DISTINCT FROM {other}"


def rename_by_content(engine: Engine, found: TableDifference) -> None:
    gone, fresh = found.columns.removed[:MAX_RENAMED], found.columns.added[:MAX_RENAMED]
    pairs = [(o, n) for o in gone for n in fresh]
    agreeing: dict[tuple[str, str], float] = {}
    for part in parts(range(len(pairs))):
        asked = ", ".join(f"count(*) FILTER (NOT ({_unlike(found, *pairs[at])}))" for at in part)
        total, *counts = engine.row(f"SELECT count(*), {asked} FROM {join(found)}")
        for at, count in zip(part, counts, strict=True):
            agreeing[pairs[at]] = int(str(count)) / int(str(total)) if total else 0.0
    for (old, new), share in sorted(agreeing.items(), key=lambda item: -item[1]):
        if share >= ALIKE and old in found.columns.removed and new in found.columns.added:
            found.columns.rename(old, new)


def _by_key(engine: Engine, found: TableDifference, limit: int) -> None:
    compared = [(o, n) for o, n in found.columns.common if n not in (found.key or ()) and found.after.has(n)]
    matched, cells = _count_cells(engine, found, compared)
    found.changed = {new: count for (_, new), count in zip(compared, cells, strict=True) if count}
    found.added, found.removed = found.after.rows - matched, found.before.rows - matched
    differing = [(o, n) for o, n in compared if n in found.changed]
    if differing:
        unlike = " OR ".join(_unlike(found, o, n) for o, n in differing)
        [count] = engine.row(f"SELECT count(*) FROM {join(found, unlike)}")
        found.rows_with_changes = int(str(count))
        found.rows_changed = _changed_rows(engine, found, differing, unlike, limit)
    if found.added:
        found.rows_added = _only_in(engine, found, found.after, found.before, limit)
    if found.removed:
        found.rows_removed = _only_in(engine, found, found.before, found.after, limit)


def _count_cells(engine: Engine, found: TableDifference, compared: list[tuple[str, str]]) -> tuple[int, list[int]]:
    """Return how many rows both sides have, and of each column how many cells differ in them."""
    if not compared:
        return int(str(engine.row(f"SELECT count(*) FROM {join(found)}")[0])), []
    matched, cells = 0, []
    for part in parts(range(len(compared))):
        asked = ", ".join(f"count(*) FILTER ({_unlike(found, *compared[at])})" for at in part)
        total, *counts = engine.row(f"SELECT count(*), {asked} FROM {join(found)}")
        matched = int(str(total))
        cells += [int(str(count)) for count in counts]
    return matched, cells


def _changed_rows(
    engine: Engine, found: TableDifference, differing: list[tuple[str, str]], unlike: str, limit: int
) -> list[tuple[dict[str, object], dict[str, tuple[object, object]]]]:
    key = found.key or []
    asked = [f"b.{found.after.column(name)}" for name in key]
    for old, new in differing:
        asked += [f"a.{found.before.column(old)}", f"b.{found.after.column(new)}", _unlike(found, old, new)]
    query = f"SELECT {', '.join(asked)} FROM {join(found, unlike)} ORDER BY b.rowid LIMIT {limit}"
    rows = []
    for row in engine.rows(query):
        cells = row[len(key) :]
        told = {new: (cells[3 * at], cells[3 * at + 1]) for at, (_, new) in enumerate(differing) if cells[3 * at + 2]}
        rows.append((dict(zip(key, row, strict=False)), told))
    return rows


def _only_in(engine: Engine, found: TableDifference, one: Table, other: Table, limit: int) -> list[dict[str, object]]:
    pairs = [keys.comparable((one, "o.", name), (other, "p.", name)) for name in found.key or ()]
    on = " AND ".join(f"{a} = {b}" for a, b in pairs)
    listed = ", ".join(f"o.c{at}" for at in range(len(one.names)))
    query = f"SELECT {listed} FROM {one.name} o ANTI JOIN {other.name} p ON {on} ORDER BY o.rowid LIMIT {limit}"
    return [dict(zip(one.names, row, strict=True)) for row in engine.rows(query)]


# ---- as bags


def _row_hash(table: Table, names: Sequence[str], other: Table, others: Sequence[str]) -> str:
    """Return a hash of a row of 128 bits in SQL, alike for what counts as the same in another table."""
    cells = []
    for name, its in zip(names, others, strict=True):
        types = {table.type_of(name), other.type_of(its)}
        cell = table.column(name)
        if len(types) > 1:
            cell = f"CAST({cell} AS DOUBLE)" if types <= {INTEGER, NUMBER} else table.written(name)
        cells.append(cell)
    listed = ", ".join(cells) or "0"
    return f"hash({listed}), hash(hash({listed}), {listed})"


def rename_by_bag(engine: Engine, found: TableDifference) -> None:
    """Take columns for renamed whose cells, whatever their order, are the same."""
    columns = found.columns
    gone = {n: _bag(engine, found.before, n) for n in columns.removed[:MAX_RENAMED]}
    fresh = {n: _bag(engine, found.after, n) for n in columns.added[:MAX_RENAMED]}
    for old, bag in gone.items():
        new = next((n for n, other in fresh.items() if other == bag and n in columns.added), None)
        if new is not None and found.before.rows:
            columns.rename(old, new)


def _bag(engine: Engine, table: Table, name: str) -> tuple[object, ...]:
    column = table.column(name)
    return engine.row(f"SELECT count(*), sum(hash({column})::HUGEINT) FROM {table.name}")


def _as_bags(engine: Engine, found: TableDifference, limit: int) -> None:
    """Count the rows that one side has more often than the other."""
    old = [o for o, _ in found.columns.common]
    new = [n for _, n in found.columns.common]
    one = _row_hash(found.before, old, found.after, new)
    other = _row_hash(found.after, new, found.before, old)
    engine.connection.execute(
        f"CREATE OR REPLACE TABLE bag AS SELECT h, g, sum(n)::BIGINT n, max(b)::BIGINT b, max(a)::BIGINT a FROM ("
        f"SELECT * FROM (SELECT {one}, -1, rowid, NULL FROM {found.before.name}) AS x(h, g, n, b, a) UNION ALL "
        f"SELECT * FROM (SELECT {other}, 1, NULL, rowid FROM {found.after.name}) AS y(h, g, n, b, a)"
        ") GROUP BY h, g HAVING sum(n) <> 0"
    )
    if not count_bag(engine, found):
        return
    found.rows_added = _of_bag(engine, found.after, "a", "n > 0", limit)
    found.rows_removed = _of_bag(engine, found.before, "b", "n < 0", limit)
    for old_name, new_name in found.columns.common[:MAX_DESCRIBED]:
        cells = cells_as_bag(engine, found, old_name, new_name)
        if cells:
            found.changed[new_name] = cells


def _of_bag(engine: Engine, table: Table, position: str, wanted: str, limit: int) -> list[dict[str, object]]:
    listed = ", ".join(f"t.c{at}" for at in range(len(table.names)))
    query = (
        f"SELECT {listed} FROM bag JOIN {table.name} t ON t.rowid = bag.{position}, range(abs(n)) "
        f"WHERE {wanted} ORDER BY t.rowid LIMIT {limit}"
    )
    return [dict(zip(table.names, row, strict=True)) for row in engine.rows(query)]


def count_bag(engine: Engine, found: TableDifference) -> bool:
    """Take from the table `bag` (n: how often a row is there more after than before) how many rows came and went.

    Returns whether any did.
    """
    added, removed = engine.row("SELECT sum(n) FILTER (n > 0), -sum(n) FILTER (n < 0) FROM bag")
    found.added, found.removed = int(str(added or 0)), int(str(removed or 0))
    return bool(found.added or found.removed)


def cells_as_bag(engine: Engine, found: TableDifference, old: str, new: str) -> int:
    """Return how many cells of a column have another value, of rows paired so that they are the fewest.

    What one side has beyond that is the cells of rows that came or went.
    """
    one = _row_hash(found.before, [old], found.after, [new])
    other = _row_hash(found.after, [new], found.before, [old])
    more, fewer = engine.row(
        f"SELECT sum(n) FILTER (n > 0), -sum(n) FILTER (n < 0) FROM (SELECT sum(n) n FROM ("
        f"SELECT * FROM (SELECT {one}, -1 FROM {found.before.name}) AS x(h, g, n) UNION ALL "
        f"SELECT * FROM (SELECT {other}, 1 FROM {found.after.name}) AS y(h, g, n)) GROUP BY h, g HAVING sum(n) <> 0)"
    )
    return min(int(str(more or 0)), int(str(fewer or 0)))
