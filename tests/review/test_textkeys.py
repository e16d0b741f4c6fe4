"""Which columns tell a row, by cells that are text: the same as the engine finds."""

from __future__ import annotations

import csv
import io

import pytest

from tests.review.conftest import Tables
from trinity_guard.errors import GuardError
from trinity_guard.review import textkeys
from trinity_guard.review.texttable import TextTable

NO_KEY = "no column tells its rows"


def table(text: str) -> TextTable:
    names, *rows = csv.reader(io.StringIO(text))
    return TextTable(names, [(row, "") for row in rows])


@pytest.mark.parametrize(
    ("one", "other", "key"),
    [
        ("id,x\n1,5\n2,6\n3,7\n", "id,x\n1,5\n2,9\n3,7\n", ["id"]),
        ("x,id\n1.5,a\n2.5,b\n", "x,id\n1.5,a\n2.5,b\n", ["id"]),
        ("x,row_id\n5,1\n6,2\n7,3\n", "x,row_id\n8,1\n6,2\n7,3\n", ["row_id"]),
        ("a,x\n1,5\n1,6\n2,5\n2,6\n", "a,x\n1,5\n1,6\n2,5\n2,6\n", ["a", "x"]),
        ("id,x\n1,5\n,6\n", "id,x\n1,5\n2,6\n", ["x"]),
    ],
)
def test_a_key_is_that_of_diff(tables: Tables, one: str, other: str, key: list[str]) -> None:
    assert textkeys.find([table(one), table(other)], []) == key
    assert tables.compare(one, other).key == key


@pytest.mark.parametrize(
    ("versions", "named", "problem"),
    [
        (["a,x\n1,5\n1,5\n", "a,y\n1,5\n1,5\n"], [], NO_KEY),
        (["id\n1\n"] * 2, ["idd"], r"not every version has a column 'idd' \(did you mean 'id'\?\)"),
        (["k,x\n1,5\n1,6\n"] * 2, ["k"], "--key k tells no row: in one version a key is empty, or there twice"),
        (["k,x\nNA,5\n1,6\n"] * 2, ["k"], "--key k tells no row"),
    ],
)
def test_what_tells_no_row_in_one_version_is_refused(versions: list[str], named: list[str], problem: str) -> None:
    with pytest.raises(GuardError, match=problem):
        textkeys.find([table(v) for v in versions], named)


@pytest.mark.parametrize(
    "versions",
    [
        ["a,x\n1,5\n1,5\n"] * 2,
        ["a,x\n1,5\n1,5\n", "x,a\n5,1\n5,1\n"],
        ["id,x\n1,1\n2,1\n3,1\n", "id,x\n11,1\n12,1\n13,1\n"],
        ["id\n1\n", "id\n1\n", "id\n1\n1\n"],
    ],
)
def test_rows_that_no_column_tells_are_told_by_all_their_cells(versions: list[str]) -> None:
    assert textkeys.find([table(v) for v in versions], []) == []


def test_the_same_row_is_there_as_often_as_it_is_and_however_its_columns_stand() -> None:
    one, other = table("b,a\n1,\n1,\n2,3\n"), table("a,b\n3,2\n,1\n,1\n")
    rows = textkeys.keyed(one, [])
    assert rows is not None
    assert rows.keys() == (textkeys.keyed(other, []) or {}).keys()
    assert len(rows) == 3
