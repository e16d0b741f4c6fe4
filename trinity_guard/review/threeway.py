"""Three versions of a table made one by key: what either side did to rows, columns and cells, which compare as text."""

from __future__ import annotations

from trinity_guard.review.textkeys import keyed
from trinity_guard.review.texttable import TextTable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Sequence
    from typing import TypeVar

    from trinity_guard.review.textkeys import Key
    from trinity_guard.review.texttable import Row

    T = TypeVar("T")
    Cells = list[str | None]  # None where a version has no such column

OURS, THEIRS = "ours", "theirs"


class Conflict:
    """What both sides changed, each in its way: a cell, a row ("" for the column), or a column (no key).

    ours, base, theirs: the cell of each; of a row and a column what that side did.
    """

    __slots__ = ("base", "column", "key", "ours", "theirs")

    def __init__(self, key: Key, column: str, ours: str, theirs: str, base: str | None = None) -> None:
        self.key = key
        self.column = column
        self.ours, self.theirs, self.base = ours, theirs, base


class Merged:
    """names, header, rows: the table in ours' form; added, removed, changed: rows, as against ours.

    replaced: rows that both removed while both added others, which may be rows whose key both changed; without a key
    also while one added others, which may be rows that it changed and the other removed.
    """

    __slots__ = ("added", "changed", "conflicts", "header", "names", "removed", "replaced", "rows")

    def __init__(self, names: list[str], header: list[str]) -> None:
        self.names, self.header = names, header
        self.rows: list[Row] = []
        self.conflicts: list[Conflict] = []
        self.added = self.removed = self.changed = self.replaced = 0


def merge(ours: TextTable, base: TextTable | None, theirs: TextTable, key: Sequence[str], prefer: str = "") -> Merged:
    """Return the three as one. key: tells a row in each; prefer: the side to take in conflicts ("": they are left).

    base: None where both sides have added the table. Rows and columns stand as in ours, those of theirs alone behind
    the one that stands before them there.
    """
    return _Merge(ours, base or TextTable(key), theirs, key, prefer).done()


class _Merge:
    def __init__(self, ours: TextTable, base: TextTable, theirs: TextTable, key: Sequence[str], prefer: str) -> None:
        self.tables = ours, base, theirs
        self.rows = [keyed(table, key) or {} for table in self.tables]
        self.by_cells = not key
        self.prefer = prefer
        self.conflicts: list[Conflict] = []
        self.names = self._columns()
        self.places = [[table.places.get(name) for name in self.names] for table in self.tables]
        whole = list(range(len(self.names)))
        self.as_ours = self.places[0] == whole and len(ours.names) == len(whole)
        form = (theirs.delimiter, theirs.end) == (ours.delimiter, ours.end)
        self.as_theirs = form and self.places[2] == whole and len(theirs.names) == len(whole)

    def done(self) -> Merged:
        spelled = {**self.tables[2].spelled, **self.tables[0].spelled}
        merged = Merged(self.names, [spelled[name] for name in self.names])
        ours, base, theirs = self.rows
        kept = {key: row for key in {**ours, **theirs} if (row := self._row(key)) is not None}
        merged.rows = [kept[key] for key in woven(list(ours), base, list(theirs), kept)]
        merged.added = len(kept.keys() - ours.keys())
        merged.removed = len(ours.keys() - kept.keys())
        merged.changed = sum(kept[k][0] != self._texts(self._cells(0, k)) for k in kept.keys() & ours.keys())
        added = ours.keys() - base.keys() - theirs.keys(), theirs.keys() - base.keys() - ours.keys()
        if any(added) if self.by_cells else all(added):
            merged.replaced = len(base.keys() - ours.keys() - theirs.keys())
        merged.conflicts = self.conflicts
        return merged

    # ---- columns

    def _columns(self) -> list[str]:
        ours, base, theirs = self.tables
        kept = {n for n in (*ours.names, *theirs.names) if n not in base.places}
        for name in base.names:
            there = name in ours.places, name in theirs.places
            if all(there) or (any(there) and self._outlives(name, 0 if there[0] else 2)):
                kept.add(name)
        return woven(ours.names, base.places, theirs.names, kept)

    def _outlives(self, name: str, side: int) -> bool:
        """Whether a column stays that this side has and the other has taken away."""
        changed = [key for key, (cells, _) in self.rows[side].items() if self._new(key, name, side, cells)]
        return bool(changed) and self._decided(
            side, (), name, f"changed it in {len(changed):,} row{'s' * (len(changed) > 1)}"
        )

    def _new(self, key: Key, name: str, side: int, cells: list[str]) -> bool:
        """Whether a side's row has something in a column that the base's has not."""
        before = self.rows[1].get(key)
        cell = cells[self.tables[side].places[name]]
        return cell != (before[0][self.tables[1].places[name]] if before else "")

    def _decided(self, side: int, key: Key, name: str, change: str) -> bool:
        """Note that this side changed what the other removed; return whether it is kept."""
        pair = (change, "removed it") if side == 0 else ("removed it", change)
        self.conflicts.append(Conflict(key, name, *pair))
        return self.prefer == (OURS, "", THEIRS)[side]

    # ---- rows

    def _cells(self, version: int, key: Key) -> Cells:
        cells = self.rows[version][key][0]
        return [None if at is None else cells[at] for at in self.places[version]]

    @staticmethod
    def _texts(cells: Cells) -> list[str]:
        return [cell or "" for cell in cells]

    def _row(self, key: Key) -> Row | None:
        """Return a row of the result, None where it is none of it."""
        ours, base, theirs = (key in rows for rows in self.rows)
        if ours and theirs:
            mine, other = self.rows[0][key], self.rows[2][key]
            return mine if self.as_ours and self.as_theirs and mine == other else self._joined(key, base)
        side = 0 if ours else 2
        if base and not (self._touched(key, side) and self._decided(side, key, "", "changed it")):
            return None
        return self._formed(key, self._texts(self._cells(side, key)))

    def _touched(self, key: Key, side: int) -> bool:
        pairs = zip(self._cells(side, key), self._cells(1, key), strict=True)
        return any(one != before for one, before in pairs if one is not None and before is not None)

    def _joined(self, key: Key, base: bool) -> Row:
        ours, theirs = self._cells(0, key), self._cells(2, key)
        before: Cells = self._cells(1, key) if base else [None] * len(ours)
        cells = list(map(_cell, ours, before, theirs))
        for at, cell in enumerate(cells):
            if cell is None:
                mine, other = ours[at] or "", theirs[at] or ""
                self.conflicts.append(Conflict(key, self.names[at], mine, other, before[at]))
                cells[at] = other if self.prefer == THEIRS else mine
        return self._formed(key, self._texts(cells))

    def _formed(self, key: Key, cells: list[str]) -> Row:
        """Return a row with the text that a side has for it, "" where neither has."""
        for version, alike in ((0, self.as_ours), (2, self.as_theirs)):
            row = self.rows[version].get(key) if alike else None
            if row and row[0] == cells:
                return row
        return cells, ""


def _cell(ours: str | None, base: str | None, theirs: str | None) -> str | None:
    """Return what the merge has, None for a conflict; a side that lacks the column, or the row, has no say."""
    if ours is None or theirs is None:
        return (theirs if ours is None else ours) or ""
    if ours == theirs or theirs == base:
        return ours
    return theirs if ours == base else None


def woven(ours: Sequence[T], base: Container[T], theirs: Sequence[T], kept: Container[T]) -> list[T]:
    """Return what is kept in ours' order, and what theirs alone has behind what stands before it there."""
    there = frozenset(ours)
    behind: dict[T | None, list[T]] = {}
    above: T | None = None
    for item in theirs:
        if item in there:
            above = item
        elif item in kept:
            behind.setdefault(above, []).append(item)
    found = behind.get(None, [])
    waiting: list[T] = []
    for item in ours:
        if item in base:  # what ours added at the same place comes first
            found += waiting
            waiting = []
        if item in kept:
            found.append(item)
        waiting += behind.get(item, [])
    return found + waiting
