"""Rows of many columns, kept on the disk, and what their columns hold."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from trinity_guard.review import dialect, longrows
from trinity_guard.review.longrows import LongRows


def read(folder: Path, data: str) -> LongRows:
    (folder / "t.csv").write_text(data)
    path = os.fsencode(folder / "t.csv")
    return longrows.read(os.fspath(folder / "rows"), path, dialect.look(path))


def test_any_row_is_had_again(tmp_path: Path) -> None:
    table = read(tmp_path, 'id,x\n1,"a\nb"\n2,NA\n3,é\n')
    assert (table.rows, table.row(2), list(table.cells([0, 1]))) == (3, ["3", "é"], [["1", "a\nb"], ["2", ""]])
    assert (table.types, table.empty) == (["integer", "text"], [0, 1])


@pytest.mark.parametrize(
    ("cells", "kind"),
    [(["1", "2"], "integer"), (["1", "2.5"], "number"), (["1", ""], "integer"), (["", ""], "text"),
     (["1", "x"], "text"),
     (["1", "007"], "text"), (["1", " 007"], "text"), (["1", "1_000"], "text"), (["1", "inf"], "number"),
     (["1", "NAN"], "text"), (["1", "9007199254740993"], "text"), (["1", "1e300"], "text"),
     (["1.5", "1e300"], "number"),
     (["1", "٣"], "text"),
     (["1.0", "2.0"], "integer")],
)  # fmt: skip
def test_a_column_has_the_type_of_all_its_cells(tmp_path: Path, cells: list[str], kind: str) -> None:
    table = read(tmp_path, "a,b\n" + "".join(f"k{at},{cell}\n" for at, cell in enumerate(cells)))
    assert table.types == ["text", kind]


def test_a_decimal_comma_makes_numbers(tmp_path: Path) -> None:
    table = read(tmp_path, "a;b;c\n1,5;1.234,5;x\n2,5;2,5;x\n")
    assert (table.types, table.floats(["1,5", ""])[0]) == (["number", "text", "text"], 1.5)
    assert [table.value("1,5", "number"), table.value("", "text"), table.number("1.234,5")] == [1.5, None, None]
