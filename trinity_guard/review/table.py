"""A table as the engine holds it: what its columns are called there, and of which of our types they are."""

from __future__ import annotations

from trinity_guard.review import numbers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

CSV, TSV, PARQUET, FEATHER, LINES = "csv", "tsv", "parquet", "feather", "json lines"
INTEGER, NUMBER, TEXT, TRUTH, TIME, NESTED = "integer", "number", "text", "boolean", "time", "nested"
# Up to so many bytes tables lie on the disk as they are: to pack them takes a third of the time that reading takes.
PACKED = 2 << 30


class Table:
    """A table of the engine. name: in SQL, with columns c0, c1 …; names: as the file has them; types: ours of each.

    notes: what a reader must know of how it was read; decimal: what parts the fraction of a number in its texts.
    numeric: of a text that was read as it is, by the types that its first cells have, which columns are numbers.
    zones: of columns of times, where one is said, "" for one that is not known.
    read: the places of the columns that the engine has: of all others each cell is the same in the other table.
    """

    __slots__ = ("_places", "decimal", "name", "names", "notes", "numeric", "read", "rows", "types", "zones")

    def __init__(self, name: str, names: Sequence[str], types: Sequence[str], rows: int, notes: list[str]) -> None:
        self.name = name
        self.names = list(names)
        self.types = list(types)
        self.rows = rows
        self.notes = notes
        self.decimal = "."
        self.zones: dict[str, str] = {}
        self.numeric: list[bool] | None = None
        self.read: Sequence[int] = range(len(self.names))
        self._places = {column: at for at, column in enumerate(self.names)}

    def __contains__(self, name: str) -> bool:
        return name in self._places

    def has(self, name: str) -> bool:
        """Whether the engine has the column's cells."""
        return self._places[name] in self.read

    def column(self, name: str) -> str:
        """Return a column's name in SQL."""
        return f"c{self._places[name]}"

    def written(self, name: str, of: str = "") -> str:
        """Return in SQL a column's cells as texts, alike for the same number in whatever type. of: as `a.`, before it.

        What is text in one version and a number in the other has not changed where it says the same.
        """
        cell = of + self.column(name)
        kind = self.type_of(name)
        if kind == NUMBER:
            return numbers.as_text(cell)
        if kind != TEXT:
            return f"CAST({cell} AS VARCHAR)"
        return numbers.written(cell, self.decimal)

    def place(self, name: str) -> int:
        """Return where a column stands, the first one at 0."""
        return self._places[name]

    def type_of(self, name: str) -> str:
        return self.types[self._places[name]]

    def kind_of(self, name: str) -> str:
        """Return a column's type as a reader is told it: of times with the zone."""
        kind = self.type_of(name)
        return f"{kind} ({self.zones[name] or 'with a zone'})" if name in self.zones else kind


def text(value: str) -> str:
    """Return a text as SQL has it."""
    return "'" + value.replace("'", "''") + "'"


def first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0][:200].rstrip()
