"""A text of many columns as rows on the disk: what each column is, found as the rows go by, and any row again."""

from __future__ import annotations

import os
import re

from trinity_guard.review import dialect
from trinity_guard.review.engine import NULLS
from trinity_guard.review.numbers import EXACT
from trinity_guard.review.table import INTEGER, NUMBER, TEXT, Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from trinity_guard.review.dialect import Dialect

EMPTY = frozenset(NULLS)
PARTED = "\x1f"
VISIBLE = "\u241f"  # Unicode's picture of it, where a cell holds it
# A code that begins with 0.
_CODE = re.compile(rf"(?:^|{PARTED})\s*[-+]?0[0-9]")


class LongRows(Table):
    """A table of which each row is a line of a file. empty: how many cells of each column hold nothing."""

    __slots__ = ("_ends", "_file", "empty")

    def __init__(
        self, file: str, names: Sequence[str], types: Sequence[str], ends: list[int], notes: list[str]
    ) -> None:
        super().__init__("", names, types, len(ends) - 1, notes)
        self.empty: list[int] = []
        self._file = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
        self._ends = ends

    def __del__(self) -> None:
        os.close(self._file)

    def row(self, at: int) -> list[str]:
        """Return a row's cells, "" where one holds nothing."""
        start, end = self._ends[at], self._ends[at + 1]
        return os.pread(self._file, end - start, start).decode("utf-8", "surrogatepass").split(PARTED)

    def cells(self, rows: Iterable[int]) -> Iterator[list[str]]:
        return map(self.row, rows)

    def number(self, cell: str) -> float | None:
        """Return the number that a cell says, None for one that says none."""
        if not cell or not dialect.is_number(cell.strip(), self.decimal):
            return None
        return float(cell.replace(",", ".") if self.decimal == "," else cell)

    def floats(self, cells: Sequence[str]) -> list[float]:
        """Return the numbers of cells of columns of numbers, NaN for an empty one."""
        if self.decimal == ",":
            cells = [cell.replace(",", ".") for cell in cells]
        return [float(cell or "nan") for cell in cells]

    def value(self, cell: str, kind: str) -> object:
        """Return a cell of a column of this type as the engine would."""
        if not cell:
            return None
        number = self.number(cell) if kind in (INTEGER, NUMBER) else None
        return cell if number is None else int(number) if kind == INTEGER else number


def read(file: str, path: bytes, how: Dialect) -> LongRows:
    """Read a text, and write its rows to a file of ours."""
    width, ragged, ends = len(how.names), 0, [0]
    types = _Types(width, how.decimal)
    with open(file, "wb") as lines:
        for record in dialect.records(path, how):
            if len(record) != width:
                ragged += 1
                record = dialect.fitted(record, width, how.delimiter)
            cells = ["" if cell in EMPTY else cell for cell in record]
            line = PARTED.join(cells)
            if line.count(PARTED) >= width:
                cells = [cell.replace(PARTED, VISIBLE) for cell in cells]
                line = PARTED.join(cells)
            types.take(cells)
            ends.append(ends[-1] + lines.write(line.encode("utf-8", "surrogatepass")))
    notes = how.notes() + ([dialect.ragged(ragged)] if ragged else [])
    table = LongRows(file, how.names, types.found(), ends, notes)
    table.decimal, table.empty = how.decimal, types.empty
    return table


class _Types:
    """What the columns hold, cell by cell. A column is one of numbers until a cell is none."""

    def __init__(self, width: int, decimal: str) -> None:
        import numpy as np

        self._decimal = decimal
        self._width = width
        self._places = list(range(width))  # of the columns that hold numbers so far
        self._fractions = np.zeros(width, bool)
        self._largest = np.full(width, np.nan)
        self.empty = [0] * width

    def take(self, cells: list[str]) -> None:
        import numpy as np

        if "" in cells:
            for at, cell in enumerate(cells):
                if not cell:
                    self.empty[at] += 1
        chosen = cells if len(self._places) == self._width else [cells[at] for at in self._places]
        values = self._numbers(chosen)
        if values is None:
            values = self._one_by_one(chosen)
        with np.errstate(invalid="ignore"):
            self._fractions |= (values != np.trunc(values)) & (values == values) | np.isinf(values)
            self._largest = np.fmax(self._largest, np.abs(values))

    def _numbers(self, cells: list[str]) -> Any:
        """Return the numbers of cells, all at once; None where some may be none."""
        import numpy as np

        line = PARTED.join(cells)
        if "_" in line or not line.isascii() or _CODE.search(line):
            return None
        if self._decimal == ",":
            if "." in line:
                return None
            cells = line.replace(",", ".").split(PARTED)
        try:
            values = np.array([float(cell or "nan") for cell in cells])
        except ValueError:
            return None
        return values if int(np.isnan(values).sum()) == cells.count("") else None

    def _one_by_one(self, cells: list[str]) -> Any:
        """Return the numbers of cells, and let go of the columns that hold something else."""
        import numpy as np

        stay = np.array([not c or dialect.is_number(c.strip(), self._decimal) for c in cells], bool)
        kept = [
            cell.replace(",", ".") if self._decimal == "," else cell for cell, so in zip(cells, stay, strict=True) if so
        ]
        self._places = [at for at, so in zip(self._places, stay, strict=True) if so]
        self._fractions, self._largest = self._fractions[stay], self._largest[stay]
        return np.array([float(cell or "nan") for cell in kept])

    def found(self) -> list[str]:
        types = [TEXT] * self._width
        for at, fractions, largest in zip(self._places, self._fractions, self._largest, strict=True):
            if largest == largest and (fractions or largest < EXACT):
                types[at] = NUMBER if fractions else INTEGER
        return types
