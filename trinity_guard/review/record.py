"""The one record of an artifact that changed, as all formats tell it."""

from __future__ import annotations

from trinity_guard.errors import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from trinity_guard.review.differ import TableDifference
    from trinity_guard.review.sides import Change
    from trinity_guard.review.table import Table

TABLE, MODEL, ARRAY, DIRECTORY, OTHER = "table", "model", "array", "directory", "other"


class Review:
    """What changed inside one artifact. table: both sides compared; sides: of one that is on one side alone, or where
    no engine is, (names of the columns, rows) of each side. parameters, metrics: name -> (before, after).

    notes: what a reader must know; unavailable: why nothing can be said of the inside, "" where it can.
    """

    def __init__(self, change: Change, kind: str) -> None:
        self.path = change.path
        self.former = change.before.path if change.before and change.before.path != change.path else b""
        self.change = change.word
        self.kind = kind
        self.sizes = tuple(v.size if v and v.size >= 0 else None for v in (change.before, change.after))
        self.table: TableDifference | None = None
        self.sides: dict[str, tuple[list[str], int | None]] = {}
        self.parameters: dict[str, tuple[Any, Any]] = {}
        self.metrics: dict[str, tuple[Any, Any]] = {}
        self.arrays: dict[str, Any] = {}
        self.files: dict[str, Any] = {}
        self.members: list[Review] = []
        self.shared: float | None = None
        self.notes: list[str] = []
        self.unavailable = ""

    @property
    def name(self) -> str:
        return shown(self.path)

    def take_table(self, side: str, table: Table) -> None:
        self.sides[side] = table.names, table.rows
        self.notes += [n for n in table.notes if n not in self.notes]

    def as_dict(self) -> dict[str, Any]:
        """Return it as the json format has it; docs/review.md tells what stands where."""
        return {
            "path": self.name,
            **({"from": shown(self.former)} if self.former else {}),
            "change": self.change,
            "kind": self.kind,
            "bytes": {"before": self.sizes[0], "after": self.sizes[1]},
            "rows": self._rows(),
            "columns": self._columns(),
            "key": self.table.key if self.table else None,
            "parameters": _pairs(self.parameters),
            "metrics": _pairs(self.metrics),
            **({"arrays": self.arrays} if self.arrays else {}),
            **({"files": self.files} if self.files else {}),
            **({"members": [m.as_dict() for m in self.members]} if self.members else {}),
            **({"shared": round(self.shared, 4)} if self.shared is not None else {}),
            **({"samples": self._samples()} if self.table else {}),
            "notes": self.notes,
            "unavailable": self.unavailable or None,
        }

    def _rows(self) -> dict[str, Any] | None:
        table = self.table
        if table:
            counts = {"before": table.before.rows, "after": table.after.rows}
            return {**counts, "added": table.added, "removed": table.removed, "changed": table.rows_with_changes}
        if not self.sides:
            return None
        before, after = (self.sides.get(side, ([], None))[1] for side in ("before", "after"))
        whole = len(self.sides) == 1
        return {
            "before": before, "after": after,
            "added": after if whole and before is None else 0 if whole else None,
            "removed": before if whole and after is None else 0 if whole else None,
            "changed": 0 if whole else None,
        }  # fmt: skip

    def _columns(self) -> dict[str, Any] | None:
        table = self.table
        if table is None:
            if not self.sides:
                return None
            before, after = (self.sides.get(side, ([], None))[0] for side in ("before", "after"))
            added, removed = [n for n in after if n not in before], [n for n in before if n not in after]
            return {"before": before, "after": after, "added": added, "removed": removed, "changed": {}}
        columns = table.columns
        return {
            "before": table.before.names,
            "after": table.after.names,
            "added": columns.added,
            "removed": columns.removed,
            "renamed": columns.renamed,
            "retyped": {n: {"before": a, "after": b} for n, (a, b) in columns.retyped.items()},
            "changed": {n: {"cells": cells, **table.statistics.get(n, {})} for n, cells in table.changed.items()},
            "moved": {n: figures for n, figures in table.statistics.items() if n not in table.changed},
        }

    def _samples(self) -> dict[str, Any]:
        assert self.table is not None  # noqa: S101  # for the type checker
        return {
            "changed": [{"key": plain_row(key), "cells": _pairs(cells)} for key, cells in self.table.rows_changed],
            "added": [plain_row(row) for row in self.table.rows_added],
            "removed": [plain_row(row) for row in self.table.rows_removed],
        }


def plain(value: Any) -> Any:
    """Return a value as JSON has it: what it has not, as a text."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if value - value == 0 else str(value)
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    return str(value)


def plain_row(row: dict[str, Any]) -> dict[str, Any]:
    return {name: plain(value) for name, value in row.items()}


def _pairs(values: dict[str, tuple[Any, Any]]) -> dict[str, dict[str, Any]]:
    return {name: {"before": plain(a), "after": plain(b)} for name, (a, b) in values.items()}
