"""Wide tables: what is said of them is what is said of the same tables in columns of the engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.review.conftest import Tables
from trinity_guard.errors import GuardError
from trinity_guard.review import dialect, wide
from trinity_guard.review.differ import TableDifference


def compare(
    tables: Tables, before: str | bytes, after: str | bytes, key: Sequence[str] = (), limit: int = 10
) -> TableDifference:
    files = [tables.file(data) for data in (before, after)]
    one, other = (wide.load(tables.engine, file, dialect.look(file)) for file in files)
    return wide.compare(tables.engine, one, other, key, limit)


def told(found: TableDifference) -> dict[str, Any]:
    columns = found.columns
    return {
        "names": (found.before.names, found.after.names),
        "types": (found.before.types, found.after.types),
        "key": found.key,
        "rows": (found.before.rows, found.after.rows, found.added, found.removed, found.rows_with_changes),
        "columns": (columns.added, columns.removed, columns.renamed, columns.retyped),
        "changed": found.changed,
        "samples": (found.rows_changed, found.rows_added, found.rows_removed),
        "statistics": found.statistics,
        "notes": found.notes,
    }


PAIRS: dict[str, tuple[str | bytes, str | bytes]] = {
    "by a key": (
        "id,x,name,old\n1,1.5,a,10\n2,2.5,b,20\n3,,c,30\n",
        'id,x,name,new,extra\n1,1.5,a,10,q\n2,2.75,b,20,q\n4,4,"d\ne",40,q\n3,3,c,30,w\n',
    ),
    "as bags": ("a,b\nx,1\nx,1\ny,1\n", "a,b\nx,1\ny,1\ny,1\nz,1\n"),
    "rows of nothing": ("a,b\n,\n,\n", "a,b\n,\n,\n,\n"),
    "renamed without a key": ("a,b\nx,1\nx,1\n", "a,c\nx,1\nx,1\n"),
    "retyped": ("id,a\n1,5\n2,6\n", "id,a\n1,5\n2,six\n"),
    "decimal commas": ("a;b\n1;2,5\n2;3,5\n", "a;b\n1;2,5\n2;4,5\n"),
    "ragged": ("a,b\n1,2\n3\n4,5,6\n", "a,b\n1,2\n3,x\n4,5,6\n"),
    "quotes": ('a,b\n1,"say ""x"""\n2,y\n', 'a,b\n1,"say ""z"""\n2,"y\r\nz"\n'),
    "a codepage": ("a,b\n1,é\n2,x\n".encode("cp1252"), "a,b\n1,è\n2,x\n".encode("cp1252")),
    "codes and large integers": (
        "id,code,n\n1,007,9007199254740993\n2,008,1\n",
        "id,code,n\n1,7,9007199254740992\n2,008,1\n",
    ),
    "no rows": ("a,b\n", "a,b\n1,2\n"),
    "no common column": ("a,b\n1,2\n", "c\n9\n"),
    "a key that counts the rows": (
        ",x,y\n" + "".join(f"{n},{n * 7 % 31},{n % 3}\n" for n in range(60)),
        ",x,y\n" + "".join(f"{at},{n * 7 % 31},{n % 3}\n" for at, n in enumerate([*range(20), *range(21, 60)])),
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_a_wide_table_is_compared_like_another(tables: Tables, pair: tuple[str | bytes, str | bytes]) -> None:
    assert told(compare(tables, *pair)) == told(tables.compare(*pair))


def test_rows_and_cells_by_a_key_and_as_bags(tables: Tables) -> None:
    found = compare(tables, *PAIRS["by a key"])
    assert (found.key, found.added, found.removed, found.rows_with_changes) == (["id"], 1, 0, 2)
    assert (found.columns.renamed, found.columns.added, found.changed) == ({"old": "new"}, ["extra"], {"x": 2})
    assert found.rows_changed == [({"id": 2}, {"x": (2.5, 2.75)}), ({"id": 3}, {"x": (None, 3.0)})]
    found = compare(tables, *PAIRS["as bags"])
    assert (found.key, found.added, found.removed) == (None, 2, 1)
    assert found.rows_added == [{"a": "y", "b": 1}, {"a": "z", "b": 1}]


def test_a_key_that_is_named(tables: Tables) -> None:
    found = compare(tables, "a,b\n1,x\n2,x\n", "a,b\n1,x\n2,y\n", ["a"])
    assert (found.key, found.changed) == (["a"], {"b": 1})
    with pytest.raises(GuardError, match=r"no column 'aa' before \(did you mean 'a'"):
        compare(tables, "a,b\n1,x\n", "a,b\n1,y\n", ["aa"])


def test_a_cell_far_to_the_right_is_seen(tables: Tables) -> None:
    names = ",".join(["id", *(f"n{at}" for at in range(2_500))])
    row = [str(at) for at in range(2_500)]
    before = f"{names}\n1,{','.join(row)}\n2,{','.join(row)}\n"
    row[2_222] = "-1"
    found = compare(tables, before, f"{names}\n1,{','.join(row)}\n2,{','.join(row)}\n")
    assert (found.changed, found.rows_with_changes, len(found.before.types)) == ({"n2222": 2}, 2, 2_501)


def test_what_parts_the_cells_of_a_row_here_is_a_change_in_a_cell(tables: Tables) -> None:
    found = compare(tables, "a,b\n1,x\n2,y z\n", 'a,b\n1,x\x1f\n2,"y\x1fz"\n')
    assert [cells for _, cells in found.rows_changed] == [{"b": ("x", "x\u241f")}, {"b": ("y z", "y\u241fz")}]


NUMBERS = st.sampled_from(["", "1", "1.0", "2", "-3.25", "NA", "1e3"])
# None that is written otherwise where its column is one of numbers on one side alone.
MIXED = st.sampled_from(["", "1", "-3.25", "x", "é", "NA", "007"])


@st.composite
def texts(draw: st.DrawFn) -> str:
    ids = draw(st.lists(st.integers(0, 9), unique=True, max_size=8))
    rows = [[str(i), draw(NUMBERS), draw(MIXED), draw(MIXED)] for i in ids]
    return "\n".join(",".join(row) for row in [["id", "a", "b", "c"], *rows]) + "\n"


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(one=texts(), other=texts(), key=st.sampled_from([[], ["id"], ["a", "id"]]))
def test_any_wide_table_is_compared_like_another(tables: Tables, one: str, other: str, key: list[str]) -> None:
    here = told(compare(tables, one, other, key, 100))
    there = told(tables.compare(one, other, key, 100))
    assert here == there
