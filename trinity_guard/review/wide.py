"""Tables of more columns than the engine takes as such: each cell is a row of the engine, and compared as one.

A query names no column but those few that are shown, so that ten thousand of them cost what their cells do.
"""

from __future__ import annotations

import os

from trinity_guard.review import dialect, differ, keys
from trinity_guard.review.differ import TableDifference
from trinity_guard.review.engine import INTEGER, NULLS, NUMBER, TEXT, Table, text
from trinity_guard.review.numbers import EXACT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from trinity_guard.review.dialect import Dialect
    from trinity_guard.review.engine import Engine

# So many cells of a row stand in one line for the engine, with what parts them and the line's own columns.
LINE = 1_000
CELLS, FIELDS = "\x1f", "\x1e"
_VISIBLE = {ord(CELLS): "\u241f", ord(FIELDS): "\u241e"}  # Unicode's pictures of them
# Of so many columns the cells of a row that came or went are shown.
MAX_SHOWN = 1_000
NUMBERS = (INTEGER, NUMBER)
# What the engine would take for a number, and we do not: a code that begins with 0, digits in groups.
NO_NUMBER = r"^\s*[-+]?0[0-9]|_"


def load(engine: Engine, path: bytes, how: Dialect) -> Table:
    """Read a text into rows of (r: its row, c: its column, cell, number), none where it is empty."""
    name, lines, notes = f"t{engine.serial()}", engine.scratch_file("cells"), how.notes()
    rows, ragged = _write_cells(lines, path, how)
    if ragged:
        notes.append(dialect.ragged(ragged))
    cell = "cell" if how.decimal == "." else "replace(cell, ',', '.')"
    number = f"CASE WHEN regexp_matches(cell, {text(NO_NUMBER)}) THEN NULL ELSE TRY_CAST({cell} AS DOUBLE) END"
    nulls = ", ".join(map(text, NULLS))
    parted = f"string_split(line, {text(CELLS)})"
    engine.connection.execute(
        f"CREATE TABLE {name} AS SELECT r, c, cell, {number} AS number FROM (SELECT r, "
        f"unnest({parted}) AS cell, first + unnest(range(len({parted})))::INTEGER AS c FROM read_csv({text(lines)}, "
        f"auto_detect=false, header=false, delim={text(FIELDS)}, quote='\"', escape='\"', max_line_size={1 << 28}, "
        f"columns={{'r': 'BIGINT', 'first': 'INTEGER', 'line': 'VARCHAR'}}, nullstr={text(CELLS * 3)})) "
        f"WHERE cell NOT IN ({nulls})"
    )
    os.unlink(lines)
    table = Table(name, how.names, _types(engine, name, len(how.names)), rows, notes)
    table.decimal = how.decimal
    table.wide = True
    return table


def _write_cells(file: str, path: bytes, how: Dialect) -> tuple[int, int]:
    """Write a text's cells as the engine reads them best; return how many rows there are, and how many do not fit."""
    width, rows, ragged = len(how.names), 0, 0
    with open(file, "w", encoding="utf-8", newline="", errors="replace") as lines:
        for record in dialect.records(path, how):
            if len(record) != width:
                ragged += 1
                record = dialect.fitted(record, width, how.delimiter)
            for first in range(0, width, LINE):
                part = record[first : first + LINE]
                lines.write(f"{rows}{FIELDS}{first}{FIELDS}{_line(part)}\n")
            rows += 1
    return rows, ragged


def _line(cells: list[str]) -> str:
    line = CELLS.join(cells)
    if FIELDS in line or line.count(CELLS) >= len(cells):
        line = CELLS.join(cell.translate(_VISIBLE) for cell in cells)
    if '"' in line or "\n" in line or "\r" in line:
        line = '"' + line.replace('"', '""') + '"'
    return line


def _types(engine: Engine, name: str, width: int) -> list[str]:
    """Return the type of each column, as all of its cells have it."""
    types = [TEXT] * width
    asked = "c, count(*) = count(number), count(*) FILTER (number <> trunc(number) OR isinf(number)), max(abs(number))"
    for at, numbers, others, largest in engine.rows(f"SELECT {asked} FROM {name} GROUP BY c"):
        if numbers and (others or float(str(largest)) < EXACT):
            types[int(str(at))] = NUMBER if others else INTEGER
    return types


def compare(engine: Engine, before: Table, after: Table, key: Sequence[str] = (), limit: int = 10) -> TableDifference:
    """Compare two tables that `load` made, as differ.compare does two others."""
    found = TableDifference(before, after)
    differ.forget_typeless(engine, found)
    keys.require_known(before, after, key)
    common = [n for n, _ in found.columns.common]
    asked = list(key) or _likely(engine, found, common)
    few = _narrow(engine, found, asked, asked)
    found.key = keys.find(engine, few.before, few.after, list(key), found.notes)
    few.key = found.key
    _rename(engine, found)
    if found.key:
        _by_key(engine, found, few, limit)
        found = found if key else differ.without_count(engine, found, limit, _as_bags, (few.before, few.after))
    elif found.columns.common:
        _as_bags(engine, found, limit)
    else:
        found.added, found.removed = after.rows, before.rows
    _describe(engine, found)
    return found


def _likely(engine: Engine, found: TableDifference, common: list[str]) -> list[str]:
    """Return the columns of which some may be the key, alone or in pairs."""
    counts = [_estimates(engine, table) for table in (found.before, found.after)]
    return keys.likely(found.before, found.after, common, counts)


def _estimates(engine: Engine, table: Table) -> dict[str, tuple[int, int]]:
    said = engine.rows(f"SELECT c, approx_count_distinct(cell), count(*) FROM {table.name} GROUP BY c")
    filled = {table.names[int(str(c))]: (int(str(n)), table.rows - int(str(of))) for c, n, of in said}
    return {name: filled.get(name, (0, table.rows)) for name in table.names}


def _narrow(engine: Engine, found: TableDifference, old: Sequence[str], new: Sequence[str]) -> TableDifference:
    """Return both tables with these columns alone, as the engine's own, not yet compared."""
    few = TableDifference(_with_columns(engine, found.before, old), _with_columns(engine, found.after, new))
    few.key = found.key
    return few


def _with_columns(engine: Engine, table: Table, names: Sequence[str]) -> Table:
    name = f"{table.name}_{engine.serial()}"
    types = [table.type_of(n) for n in names]
    cells = "".join(
        f", {_held(kind)} FILTER (c = {table.place(n)}){'::BIGINT' if kind == INTEGER else ''} AS c{at}"
        for at, (n, kind) in enumerate(zip(names, types, strict=True))
    )
    places = ", ".join(str(table.place(n)) for n in names) or "-1"
    engine.connection.execute(
        f"CREATE TABLE {name} AS SELECT i{cells} FROM range({table.rows}) AS every(i) "
        f"LEFT JOIN (SELECT * FROM {table.name} WHERE c IN ({places})) ON r = i GROUP BY i ORDER BY i"
    )
    few = Table(name, names, types, table.rows, [])
    few.decimal = table.decimal
    return few


def _held(kind: str) -> str:
    return "max(number)" if kind in NUMBERS else "max(cell)"


def _rename(engine: Engine, found: TableDifference) -> None:
    columns, key = found.columns, found.key or []
    if not (columns.removed and columns.added):
        return
    gone, fresh = columns.removed[: differ.MAX_RENAMED], columns.added[: differ.MAX_RENAMED]
    few = _narrow(engine, found, [*key, *gone], [*key, *fresh])
    (differ.rename_by_content if key else differ.rename_by_bag)(engine, few)
    for old, new in few.columns.renamed.items():
        columns.rename(old, new)


def _describe(engine: Engine, found: TableDifference) -> None:
    pairs = differ.described(found)
    few = _narrow(engine, found, [old for old, _ in pairs], [new for _, new in pairs])
    differ.describe(engine, found, pairs, (few.before, few.after))


def _match(engine: Engine, found: TableDifference) -> list[tuple[str, str]]:
    """Make the engine's table of the columns that are compared (k: which, old, new: their places, n: as numbers)."""
    pairs = [(o, n) for o, n in found.columns.common if n not in (found.key or ())]
    file = engine.scratch_file("columns")
    with open(file, "w", encoding="ascii") as lines:
        for at, (old, new) in enumerate(pairs):
            numbers = found.before.type_of(old) in NUMBERS and found.after.type_of(new) in NUMBERS
            lines.write(f"{at},{found.before.place(old)},{found.after.place(new)},{int(numbers)}\n")
    columns = "{'k': 'INTEGER', 'old': 'INTEGER', 'new': 'INTEGER', 'n': 'BOOLEAN'}"
    engine.connection.execute(
        f"CREATE OR REPLACE TABLE matching AS SELECT * FROM read_csv({text(file)}, auto_detect=false, header=false, "
        f"delim=',', columns={columns})"
    )
    return pairs


_HASH = "CASE WHEN n THEN hash(number) ELSE hash(cell) END"


# ---- by key


def _by_key(engine: Engine, found: TableDifference, few: TableDifference, limit: int) -> None:
    engine.connection.execute(
        "CREATE OR REPLACE TABLE pairs AS SELECT row_number() OVER (ORDER BY b.rowid) AS p, a.rowid AS a, "
        f"b.rowid AS b FROM {differ.join(few)}"
    )
    compared = _match(engine, found)
    _find_unlike(engine, found)
    counts = engine.rows("SELECT k, count(*) FROM unlike GROUP BY k ORDER BY k")
    found.changed = {compared[int(str(k))][1]: int(str(count)) for k, count in counts}
    matched, changed = (
        int(str(engine.row(query)[0]))
        for query in ("SELECT count(*) FROM pairs", "SELECT count(DISTINCT p) FROM unlike")
    )
    found.added, found.removed, found.rows_with_changes = (
        found.after.rows - matched,
        found.before.rows - matched,
        changed,
    )
    found.rows_changed = _changed_rows(engine, found, few.after, compared, limit)
    found.rows_added = _only_in(engine, found.after, "b", limit)
    found.rows_removed = _only_in(engine, found.before, "a", limit)


def _find_unlike(engine: Engine, found: TableDifference) -> None:
    """Make the engine's table of the cells that differ; columns that are alike as a whole are not joined."""
    sides = [
        f"SELECT p, k, n, cell, number FROM {table.name} JOIN matching ON {column} = c JOIN pairs ON {row} = r"
        for table, column, row in ((found.before, "old", "a"), (found.after, "new", "b"))
    ]
    hashed = f"sum(hash(p, {_HASH})::HUGEINT)"
    engine.connection.execute(
        f"CREATE OR REPLACE TABLE differing AS SELECT k FROM (SELECT k, {hashed} AS s FROM ({sides[0]}) GROUP BY k "
        f"UNION ALL SELECT k, -{hashed} FROM ({sides[1]}) GROUP BY k) GROUP BY k HAVING sum(s) <> 0"
    )
    one, other = (f"(SELECT * FROM ({side}) SEMI JOIN differing USING (k))" for side in sides)
    engine.connection.execute(
        "CREATE OR REPLACE TABLE unlike AS SELECT coalesce(x.p, y.p) AS p, coalesce(x.k, y.k) AS k, "
        "x.cell AS cell, x.number AS number, y.cell AS its, y.number AS other "
        f"FROM {one} AS x FULL JOIN {other} AS y ON x.p = y.p AND x.k = y.k WHERE CASE WHEN coalesce(x.n, y.n) "
        "THEN x.number IS DISTINCT FROM y.number ELSE x.cell IS DISTINCT FROM y.cell END"
    )


def _changed_rows(
    engine: Engine, found: TableDifference, keyed: Table, compared: list[tuple[str, str]], limit: int
) -> list[tuple[dict[str, object], dict[str, tuple[object, object]]]]:
    first = f"(SELECT DISTINCT p FROM unlike ORDER BY p LIMIT {limit})"
    key = found.key or []
    asked = ", ".join(keyed.column(n) for n in key)
    rows: dict[object, tuple[dict[str, object], dict[str, tuple[object, object]]]] = {}
    for p, *values in engine.rows(
        f"SELECT p, {asked} FROM pairs JOIN {keyed.name} t ON t.rowid = b SEMI JOIN {first} USING (p) ORDER BY p"
    ):
        rows[p] = dict(zip(key, values, strict=True)), {}
    for p, k, *cells in engine.rows(f"SELECT * FROM unlike SEMI JOIN {first} USING (p) ORDER BY p, k"):
        old, new = compared[int(str(k))]
        now = _value(found.after.type_of(new), *cells[2:])
        rows[p][1][new] = _value(found.before.type_of(old), *cells[:2]), now
    return list(rows.values())


def _only_in(engine: Engine, table: Table, side: str, limit: int) -> list[dict[str, object]]:
    query = f"SELECT i FROM range({table.rows}) AS every(i) ANTI JOIN pairs ON i = {side} ORDER BY i LIMIT {limit}"
    return _rows(engine, table, [int(str(row)) for [row] in engine.rows(query)])


def _rows(engine: Engine, table: Table, wanted: list[int]) -> list[dict[str, object]]:
    """Return rows by their places; of the columns the first ones."""
    shown = table.names[:MAX_SHOWN]
    rows: dict[int, dict[str, object]] = {row: dict.fromkeys(shown) for row in wanted}
    places = ", ".join(map(str, rows)) or "-1"
    for r, c, *cells in engine.rows(f"SELECT * FROM {table.name} WHERE r IN ({places}) AND c < {MAX_SHOWN}"):
        rows[int(str(r))][shown[int(str(c))]] = _value(table.types[int(str(c))], *cells)
    return [rows[row] for row in wanted]


def _value(kind: str, cell: object, number: object) -> object:
    if kind not in NUMBERS:
        return cell
    return int(float(str(number))) if kind == INTEGER and number is not None else number


# ---- as bags


def _as_bags(engine: Engine, found: TableDifference, limit: int) -> None:
    """Count the rows that one side has more often than the other."""
    _match(engine, found)
    before, after = (_row_hashes(table, side) for table, side in ((found.before, "old"), (found.after, "new")))
    engine.connection.execute(
        "CREATE OR REPLACE TABLE bag AS SELECT h, sum(n)::BIGINT AS n, max(b) AS b, max(a) AS a FROM ("
        f"SELECT h, -1 AS n, r AS b, NULL AS a FROM ({before}) UNION ALL SELECT h, 1, NULL, r FROM ({after})"
        ") GROUP BY h HAVING sum(n) <> 0"
    )
    if not differ.count_bag(engine, found):
        return
    found.rows_added = _of_bag(engine, found.after, "a", "n > 0", limit)
    found.rows_removed = _of_bag(engine, found.before, "b", "n < 0", limit)
    pairs = found.columns.common[: differ.MAX_DESCRIBED]
    few = _narrow(engine, found, [old for old, _ in pairs], [new for _, new in pairs])
    cells = ((new, differ.cells_as_bag(engine, few, old, new)) for old, new in pairs)
    found.changed = {new: count for new, count in cells if count}


def _row_hashes(table: Table, side: str) -> str:
    """Return the query of each row's hash; a row without a cell has one too."""
    hashed = f"sum(hash(k, {_HASH})::HUGEINT) AS h"
    cells = f"SELECT r, {hashed} FROM {table.name} JOIN matching ON {side} = c GROUP BY r"
    return f"SELECT i AS r, coalesce(h, 0) AS h FROM range({table.rows}) AS every(i) LEFT JOIN ({cells}) ON r = i"


def _of_bag(engine: Engine, table: Table, position: str, wanted: str, limit: int) -> list[dict[str, object]]:
    query = f"SELECT {position} FROM bag, range(abs(n)) WHERE {wanted} ORDER BY {position} LIMIT {limit}"
    return _rows(engine, table, [int(str(row)) for [row] in engine.rows(query)])
