"""Tables of more columns than the engine takes as such: compared row by row, each a list of cells.

The engine has those few columns alone that may be the key, or are shown, so that ten thousand cost what their cells do.
"""

from __future__ import annotations

import csv
import hashlib
import itertools
import operator

from trinity_guard.review import differ, keys, longrows
from trinity_guard.review.differ import TableDifference
from trinity_guard.review.table import INTEGER, NUMBER, Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from trinity_guard.review.dialect import Dialect
    from trinity_guard.review.engine import Engine
    from trinity_guard.review.longrows import LongRows

# Of so many columns the cells of a row that came or went are shown.
MAX_SHOWN = 1_000
# By so many rows it is guessed which columns may be the key, and so many of these are tried.
SAMPLE = 300
MAX_GUESSED = 40
NUMBERS = (INTEGER, NUMBER)


def load(engine: Engine, path: bytes, how: Dialect) -> LongRows:
    return longrows.read(engine.scratch_file("rows"), path, how)


def compare(
    engine: Engine, before: LongRows, after: LongRows, key: Sequence[str] = (), limit: int = 10
) -> TableDifference:
    """Compare two tables that `load` made, as differ.compare does two others."""
    return _Comparison(engine, before, after).run(list(key), limit)


class _Comparison:
    def __init__(self, engine: Engine, before: LongRows, after: LongRows) -> None:
        self.engine = engine
        self.before = before
        self.after = after
        self.found = TableDifference(before, after)

    def run(self, key: list[str], limit: int) -> TableDifference:
        found = self.found
        self._forget_typeless()
        keys.require_known(self.before, self.after, key)
        asked = key or self._likely()
        few = self._narrow(asked, asked)
        found.key = few.key = keys.find(self.engine, few.before, few.after, key, found.notes)
        self._rename()
        if found.key:
            self._by_key(few, limit)
            found = (
                found if key else differ.without_count(self.engine, found, limit, self._bags, (few.before, few.after))
            )
        elif found.columns.common:
            self._as_bags(found, limit)
        else:
            self._all_came_and_went(limit)
        self._describe(found)
        return found

    def _forget_typeless(self) -> None:
        for name in list(self.found.columns.retyped):
            if any(table.empty[table.place(name)] == table.rows for table in (self.before, self.after)):
                del self.found.columns.retyped[name]

    # ---- the few columns that the engine has

    def _likely(self) -> list[str]:
        """Return the columns of which some may be the key, alone or in pairs."""
        common = [name for name, _ in self.found.columns.common]
        counts = [_guessed(table) for table in (self.before, self.after)]
        return keys.likely(self.before, self.after, common, counts, MAX_GUESSED)

    def _narrow(self, old: Sequence[str], new: Sequence[str]) -> TableDifference:
        """Return both tables with these columns alone, as the engine's own, not yet compared."""
        few = TableDifference(_with_columns(self.engine, self.before, old), _with_columns(self.engine, self.after, new))
        few.key = self.found.key
        return few

    def _rename(self) -> None:
        columns, key = self.found.columns, self.found.key or []
        if not (columns.removed and columns.added):
            return
        gone, fresh = columns.removed[: differ.MAX_RENAMED], columns.added[: differ.MAX_RENAMED]
        few = self._narrow([*key, *gone], [*key, *fresh])
        (differ.rename_by_content if key else differ.rename_by_bag)(self.engine, few)
        for old, new in few.columns.renamed.items():
            columns.rename(old, new)

    def _describe(self, found: TableDifference) -> None:
        pairs = differ.described(found)
        few = self._narrow([old for old, _ in pairs], [new for _, new in pairs])
        differ.describe(self.engine, found, pairs, (few.before, few.after))

    # ---- by key

    def _by_key(self, few: TableDifference, limit: int) -> None:
        found, key = self.found, self.found.key or []
        compared = [(o, n) for o, n in found.columns.common if n not in key]
        pairs = self.engine.rows(f"SELECT a.rowid, b.rowid FROM {differ.join(few)} ORDER BY b.rowid")
        matched = [(int(str(a)), int(str(b))) for a, b in pairs]
        unlike = _Unlike(self.before, self.after, compared)
        counts = [0] * len(compared)
        for a, b in matched:
            cells = unlike.of(a, b)
            for at, _, _ in cells:
                counts[at] += 1
            if cells and len(found.rows_changed) < limit:
                found.rows_changed.append((self._key_of(b), unlike.told(cells)))
            found.rows_with_changes += bool(cells)
        found.changed = {new: count for (_, new), count in zip(compared, counts, strict=True) if count}
        found.added, found.removed = self.after.rows - len(matched), self.before.rows - len(matched)
        found.rows_added = _shown(self.after, _others(self.after, {b for _, b in matched}, limit))
        found.rows_removed = _shown(self.before, _others(self.before, {a for a, _ in matched}, limit))

    def _key_of(self, row: int) -> dict[str, object]:
        table, cells = self.after, self.after.row(row)
        return {n: table.value(cells[table.place(n)], table.type_of(n)) for n in self.found.key or []}

    def _all_came_and_went(self, limit: int) -> None:
        found = self.found
        found.added, found.removed = self.after.rows, self.before.rows
        found.rows_added, found.rows_removed = (_shown(t, range(min(limit, t.rows))) for t in (self.after, self.before))

    # ---- as bags

    def _bags(self, _: Engine, found: TableDifference, limit: int) -> None:
        self._as_bags(found, limit)

    def _as_bags(self, found: TableDifference, limit: int) -> None:
        """Count the rows that one side has more often than the other."""
        pairs = found.columns.common
        places = [(self.before.place(old), self.after.place(new)) for old, new in pairs]
        numeric = [_both_numbers(self.before, self.after, pair) for pair in pairs]
        sides = [
            _places_of_rows(table, [place[side] for place in places], numeric)
            for side, table in enumerate((self.before, self.after))
        ]
        gone, fresh = _surplus(sides[0], sides[1]), _surplus(sides[1], sides[0])
        found.removed, found.added = len(gone), len(fresh)
        if not (gone or fresh):
            return
        found.rows_added, found.rows_removed = _shown(self.after, fresh[:limit]), _shown(self.before, gone[:limit])
        few = self._narrow(*zip(*pairs[: differ.MAX_DESCRIBED], strict=True))
        cells = ((new, differ.cells_as_bag(self.engine, few, o, new)) for o, new in pairs[: differ.MAX_DESCRIBED])
        found.changed = {new: count for new, count in cells if count}


def _guessed(table: LongRows) -> dict[str, tuple[int, int]]:
    """Return of each column about how many values differ, by the first rows, and how many cells are empty."""
    rows = list(table.cells(range(min(SAMPLE, table.rows))))
    share = table.rows / max(len(rows), 1)
    columns = zip(table.names, zip(*rows, strict=True), table.empty, strict=True) if rows else ()
    found = {name: (round(len(set(cells)) * share), empty) for name, cells, empty in columns}
    return found or dict.fromkeys(table.names, (0, 0))


def _with_columns(engine: Engine, table: LongRows, names: Sequence[str]) -> Table:
    name, file = f"t{engine.serial()}", engine.scratch_file("few")
    places = [table.place(n) for n in names]
    longest = 0
    with open(file, "w", encoding="utf-8", newline="", errors="replace") as lines:
        writer = csv.writer(lines, quoting=csv.QUOTE_ALL, lineterminator="\n")
        for cells in table.cells(range(table.rows)):
            row = [cells[at] for at in places] or [""]
            longest = max(longest, sum(map(len, row)))
            writer.writerow(row)
    few = Table(name, names, [table.type_of(n) for n in names], table.rows, [])
    few.decimal = table.decimal
    engine.read_cells(file, few, 4 * longest + 3 * max(len(places), 1))
    return few


def _both_numbers(before: Table, after: Table, pair: tuple[str, str]) -> bool:
    return before.type_of(pair[0]) in NUMBERS and after.type_of(pair[1]) in NUMBERS


class _Unlike:
    """Finds the cells of two rows that are not the same."""

    def __init__(self, before: LongRows, after: LongRows, compared: list[tuple[str, str]]) -> None:
        self._before = before
        self._after = after
        self._compared = compared
        self._one = _picked([before.place(old) for old, _ in compared])
        self._other = _picked([after.place(new) for _, new in compared])
        self._numeric = [_both_numbers(before, after, pair) for pair in compared]
        # Numbers on one side alone: a text that says the same one is no change.
        self._mixed = [
            before.type_of(old) != after.type_of(new) and not so
            for (old, new), so in zip(compared, self._numeric, strict=True)
        ]

    def of(self, a: int, b: int) -> list[tuple[int, str, str]]:
        """Return (which column, the cell before, after)."""
        one, other = self._one(self._before.row(a)), self._other(self._after.row(b))
        if one == other:
            return []
        differing = [(at, x, y) for at, (x, y) in enumerate(zip(one, other, strict=True)) if x != y]
        numeric = [cell for cell in differing if self._numeric[cell[0]]]
        sides = self._before.floats([x for _, x, _ in numeric]), self._after.floats([y for _, _, y in numeric])
        same = {cell[0] for cell, x, y in zip(numeric, *sides, strict=True) if x == y}
        same |= {at for at, x, y in differing if self._mixed[at] and self._same_number(x, y)}
        return [cell for cell in differing if cell[0] not in same] if same else differing

    def _same_number(self, one: str, other: str) -> bool:
        number = self._before.number(one)
        return number is not None and number == self._after.number(other)

    def told(self, cells: list[tuple[int, str, str]]) -> dict[str, tuple[object, object]]:
        before, after = self._before, self._after
        names = [(self._compared[at], one, other) for at, one, other in cells]
        return {
            new: (before.value(one, before.type_of(old)), after.value(other, after.type_of(new)))
            for (old, new), one, other in names
        }


def _picked(places: list[int]) -> Callable[[list[str]], Sequence[str]]:
    """Return what takes these cells out of a row."""
    if len(places) == 1:
        return lambda cells: (cells[places[0]],)
    return operator.itemgetter(*places) if places else lambda _: ()


def _others(table: Table, known: set[int], limit: int) -> list[int]:
    """Return the first rows that are not among the known ones."""
    return list(itertools.islice((row for row in range(table.rows) if row not in known), limit))


def _shown(table: LongRows, rows: Iterable[int]) -> list[dict[str, object]]:
    """Return rows by their places; of the columns the first ones."""
    columns = list(zip(table.names, table.types, strict=True))[:MAX_SHOWN]
    return [
        {name: table.value(cell, kind) for (name, kind), cell in zip(columns, cells, strict=False)}
        for cells in table.cells(rows)
    ]


def _places_of_rows(table: LongRows, places: list[int], numeric: list[bool]) -> dict[bytes, list[int]]:
    """Return where each row stands, by a digest of its cells; numbers are alike as such."""
    import numpy as np

    of_numbers, of_texts = (
        _picked([at for at, so in zip(places, numeric, strict=True) if so is what]) for what in (True, False)
    )
    found: dict[bytes, list[int]] = {}
    for at, cells in enumerate(table.cells(range(table.rows))):
        numbers = np.array(table.floats(of_numbers(cells))) + 0.0  # which makes 0 of -0
        digest = hashlib.blake2b(numbers.tobytes(), digest_size=16)
        digest.update(longrows.PARTED.join(of_texts(cells)).encode("utf-8", "surrogatepass"))
        found.setdefault(digest.digest(), []).append(at)
    return found


def _surplus(rows: dict[bytes, list[int]], others: dict[bytes, list[int]]) -> list[int]:
    """Return the rows that are there more often than on the other side."""
    return sorted(at for row, places in rows.items() for at in places[len(others.get(row, ())) :])
