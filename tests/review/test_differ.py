"""Two tables, one against the other: by examples, and by what must hold of any two (pandas says the same)."""

from __future__ import annotations

import io
from collections import Counter
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.review.conftest import Tables
from trinity_guard.review import differ

BEFORE = "id,x,name,old\n1,1.5,a,10\n2,2.5,b,20\n3,,c,30\n"
AFTER = 'id,x,name,new,extra\n1,1.5,a,10,q\n2,2.75,b,20,q\n4,4,"d\ne",40,q\n3,3,c,30,w\n'


def test_rows_columns_and_cells(tables: Tables) -> None:
    found = tables.compare(BEFORE, AFTER)
    assert (found.key, found.added, found.removed, found.rows_with_changes) == (["id"], 1, 0, 2)
    assert found.changed == {"x": 2}
    assert (found.columns.added, found.columns.removed, found.columns.renamed) == (["extra"], [], {"old": "new"})
    assert found.rows_changed == [({"id": 2}, {"x": (2.5, 2.75)}), ({"id": 3}, {"x": (None, 3.0)})]
    assert found.rows_added == [{"id": 4, "x": 4.0, "name": "d\ne", "new": 40, "extra": "q"}]


def test_a_column_of_another_type_is_retyped_and_equal_numbers_are_no_changes(tables: Tables) -> None:
    found = tables.compare("id,a,b\n1,5,x\n2,6,y\n", "id,a,b\n1,5.0,x\n2,6.5,y\n")
    assert found.columns.retyped == {"a": ("integer", "number")}
    assert found.changed == {"a": 1}
    found = tables.compare("id,a\n1,5\n2,6\n", "id,a\n1,5\n2,six\n")
    assert (found.columns.retyped, found.changed) == ({"a": ("integer", "text")}, {"a": 1})


@pytest.mark.parametrize(("code", "its"), [("01234", 1234), ("-007", -7), ("1_0", 10)])
def test_a_code_far_below_that_became_a_number_is_a_change(tables: Tables, code: str, its: int) -> None:
    rows = "id,zip\n" + "".join(f"{at},{99_999 - at}\n" for at in range(300))
    found = tables.compare(f"{rows}300,{code}\n", f"{rows}300,{its}\n")
    assert found.rows_changed == [({"id": 300}, {"zip": (code, its)})]
    assert found.columns.retyped == {"zip": ("text", "integer")}


def test_another_order_of_rows_or_columns_is_no_change(tables: Tables) -> None:
    assert tables.compare("id,x\n1,5\n2,6\n", "x,id\n6,2\n5,1\n").same


@pytest.mark.parametrize(
    ("before", "after", "aligned"),
    [
        ("id,x\n2,a\n1,b\n", "id,x\n2,a\n1,c\n", True),
        ("id,x\n2,a\n1,b\n", "id,x\n2,a\n1,c\n0,d\n", True),
        ("id,x\n2,a\n1,b\n0,d\n", "id,x\n2,a\n1,c\n", True),
        ("id,x\n2,a\n1,b\n", "id,x\n1,c\n2,a\n", False),
        ("id,x\n2,a\n1,b\n", "id,x\n3,a\n2,a\n1,c\n", False),
    ],
)
def test_rows_are_the_same_ones_in_whatever_order(tables: Tables, before: str, after: str, aligned: bool) -> None:
    found = differ.compare(tables.engine, tables.load(before), tables.load(after), ["id"])
    assert found.aligned is aligned
    assert found.rows_changed == [({"id": 1}, {"x": ("b", "c")})]
    assert [row["id"] for row in found.rows_added] == [
        n for n in (3, 0) if f"\n{n}," in after and f"\n{n}," not in before
    ]
    assert [row["id"] for row in found.rows_removed] == ([0] if "\n0," in before else [])


@pytest.mark.parametrize(
    ("after", "cells"),
    [
        ("k,x\na,1\na,1\n", {}),  # rows that went take their cells along, and change none
        ("k,x\na,1\na,1\nb,2\nb,2\nb,2\n", {}),
        ("k,x\na,1\na,1\nb,2\nb,3\n", {"x": 1}),
        ("k,x\na,1\na,3\nb,3\n", {"x": 2}),
    ],
)
def test_of_a_multiset_no_more_cells_are_told_than_have_changed(
    tables: Tables, after: str, cells: dict[str, int]
) -> None:
    found = tables.compare("k,x\na,1\na,1\nb,2\nb,2\n", after)
    assert (found.key, found.changed) == (None, cells)


def test_repeated_rows_are_counted_as_a_multiset(tables: Tables) -> None:
    found = tables.compare("a,b\nx,1\nx,1\ny,1\n", "a,b\nx,1\ny,1\ny,1\nz,1\n")
    assert (found.key, found.added, found.removed, found.rows_with_changes) == (None, 2, 1, 0)
    assert found.rows_added == [{"a": "y", "b": 1}, {"a": "z", "b": 1}]
    assert found.rows_removed == [{"a": "x", "b": 1}]


def test_a_renamed_column_is_found_without_a_key(tables: Tables) -> None:
    found = tables.compare("a,b\nx,1\nx,1\n", "a,c\nx,1\nx,1\n")
    assert (found.columns.renamed, found.same) == ({"b": "c"}, False)
    assert (found.added, found.removed) == (0, 0)


@pytest.mark.parametrize(("before", "after"), [("a,b\n", "a,b\n1,2\n"), ("", "a,b\n1,2\n"), ("a,b\n1,2\n", "c\n9\n")])
def test_empty_tables_and_such_without_a_common_column(tables: Tables, before: str, after: str) -> None:
    found = tables.compare(before, after)
    assert found.after.rows == 1
    assert found.added == 1


def test_a_key_that_only_counts_the_rows_is_none_where_a_row_in_the_middle_went(tables: Tables) -> None:
    rows = [f"{n * 7 % 31},{n % 3}" for n in range(60)]
    before = ",x,y\n" + "".join(f"{at},{row}\n" for at, row in enumerate(rows))
    after = ",x,y\n" + "".join(f"{at},{row}\n" for at, row in enumerate(rows[:20] + rows[21:]))
    found = tables.compare(before, after)
    assert (found.key, found.added, found.removed, found.rows_with_changes) == (None, 0, 1, 0)
    assert found.notes == ["the column 'Unnamed: 0' only counts the rows: compared as multisets without it"]
    assert [row["Unnamed: 0"] for row in found.rows_removed] == [20]


def test_a_key_that_counts_the_rows_stays_one_where_cells_changed(tables: Tables) -> None:
    before = "id,x\n" + "".join(f"{n},{n % 5}\n" for n in range(60))
    found = tables.compare(before, before.replace("\n7,2\n", "\n7,9\n"))
    assert (found.key, found.rows_with_changes) == (["id"], 1)


# ---- what holds of any two tables

CELLS = {
    "n": st.one_of(st.none(), st.integers(-(2**40), 2**40)),
    "f": st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)),
    "s": st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=5)),
}


@st.composite
def tables_with_key(draw: st.DrawFn) -> pd.DataFrame:
    ids = draw(st.lists(st.integers(0, 12), unique=True, max_size=10))
    return pd.DataFrame({"id": ids, **{n: [draw(cell) for _ in ids] for n, cell in CELLS.items()}}, dtype=object)


def written(frame: pd.DataFrame) -> str:
    return str(frame.to_csv(index=False))


def rows_of(text: str) -> dict[Any, dict[str, Any]]:
    """Return what pandas reads of a table: id -> column -> cell, None where it is empty."""
    frame = pd.read_csv(io.StringIO(text), dtype={"id": "Int64", "s": str})
    plain = frame.astype(object).where(frame.notna(), None)
    return {row["id"]: row for row in plain.to_dict("records")}


anyhow = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)


@pytest.mark.slow
@anyhow
@given(frame=tables_with_key())
def test_a_table_is_like_itself(tables: Tables, frame: pd.DataFrame) -> None:
    assert tables.compare(written(frame), written(frame)).same


@pytest.mark.slow
@anyhow
@given(one=tables_with_key(), other=tables_with_key())
def test_the_difference_is_the_one_that_pandas_finds(tables: Tables, one: pd.DataFrame, other: pd.DataFrame) -> None:
    before, after = rows_of(written(one)), rows_of(written(other))
    found = tables.compare(written(one), written(other), key=["id"], limit=100)
    both = before.keys() & after.keys()
    assert found.added == len(after.keys() - both)
    assert found.removed == len(before.keys() - both)
    assert found.rows_with_changes == sum(before[i] != after[i] for i in both)
    for name in CELLS:
        assert found.changed.get(name, 0) == sum(before[i][name] != after[i][name] for i in both), name


@pytest.mark.slow
@anyhow
@given(one=tables_with_key(), other=tables_with_key())
def test_the_first_table_with_the_difference_is_the_second(
    tables: Tables, one: pd.DataFrame, other: pd.DataFrame
) -> None:
    patched, after = rows_of(written(one)), rows_of(written(other))
    found = tables.compare(written(one), written(other), key=["id"], limit=100)
    for row in found.rows_removed:
        del patched[row["id"]]
    for key, cells in found.rows_changed:
        patched[key["id"]].update({name: now for name, (_, now) in cells.items()})
    patched.update({row["id"]: row for row in found.rows_added})
    assert {i: {n: _same_type(v) for n, v in row.items()} for i, row in patched.items()} == {
        i: {n: _same_type(v) for n, v in row.items()} for i, row in after.items()
    }


def _same_type(value: Any) -> Any:
    """A column of texts that all look like numbers is one of numbers to us."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return value


@pytest.mark.slow
@anyhow
@given(one=tables_with_key(), other=tables_with_key())
def test_the_way_back_is_the_same(tables: Tables, one: pd.DataFrame, other: pd.DataFrame) -> None:
    there = tables.compare(written(one), written(other))
    back = tables.compare(written(other), written(one))
    assert (there.added, there.removed, there.rows_with_changes) == (back.removed, back.added, back.rows_with_changes)
    assert there.changed == back.changed


@st.composite
def tables_without_a_key(draw: st.DrawFn) -> pd.DataFrame:
    """Rows that repeat, with cells that are empty, of letters of any script, or of 17 digits."""
    row = st.tuples(st.sampled_from(["a", "ß", "日本", None]), st.sampled_from([0.1 + 0.2, 0.3, 1e-17, None]))
    rows = draw(st.lists(row, min_size=1, max_size=10))
    return pd.DataFrame([*rows, ("a", 0.3), ("a", 0.3)], columns=["s", "f"], dtype=object)


@pytest.mark.slow
@anyhow
@given(one=tables_without_a_key(), other=tables_without_a_key())
def test_a_multiset_with_the_difference_is_the_other(tables: Tables, one: pd.DataFrame, other: pd.DataFrame) -> None:
    found = tables.compare(written(one), written(other), limit=100)
    assert found.key is None

    def bag(rows: list[dict[str, Any]]) -> Counter[tuple[Any, ...]]:
        return Counter((row["s"], row["f"]) for row in rows)

    patched = bag(one.to_dict("records"))
    patched.subtract(bag(found.rows_removed))
    patched.update(bag(found.rows_added))
    assert +patched == bag(other.to_dict("records"))
    assert not -patched


@pytest.mark.slow
@anyhow
@given(one=tables_with_key(), other=tables_with_key())
def test_the_figures_are_those_of_pandas(tables: Tables, one: pd.DataFrame, other: pd.DataFrame) -> None:
    found = tables.compare(written(one), written(other), key=["id"], limit=1)
    for side, frame in (("before", one), ("after", other)):
        numbers = pd.to_numeric(frame["n"])
        said = found.statistics.get("n", {}).get(side)
        if not isinstance(said, dict) or "min" not in said:
            continue  # nothing but empty cells is no column of numbers
        least, most = (None, None) if numbers.isna().all() else (numbers.min(), numbers.max())
        assert (said["nulls"], said["min"], said["max"]) == (numbers.isna().sum(), least, most)
        assert said["mean"] is None if least is None else said["mean"] == pytest.approx(numbers.mean())


@anyhow
@given(rows=st.lists(st.sampled_from("abc"), max_size=12), others=st.lists(st.sampled_from("abc"), max_size=12))
def test_without_a_key_each_row_counts_as_often_as_it_is_there(
    tables: Tables, rows: list[str], others: list[str]
) -> None:
    found = tables.compare("x,y\n" + "".join(f"{r},1\n" for r in rows), "x,y\n" + "".join(f"{r},1\n" for r in others))
    if found.key is None:
        more = sum(max(others.count(r) - rows.count(r), 0) for r in "abc")
        fewer = sum(max(rows.count(r) - others.count(r), 0) for r in "abc")
        assert (found.added, found.removed) == (more, fewer)


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [("k;x\na;1,50\nb;2,25\n", "k;x\na;1,50\nb;1.234,50\n", {"x": 1}),
     ("k,x\na,1.50\nb,2\n", "k,x\na,1.50\nb,two\n", {"x": 1}),
     ("k,x\na,1.50\nb,2\n", "k,x\na,1.5\nb,\n", {"x": 1})],
)  # fmt: skip
def test_numbers_of_a_column_that_became_text_have_not_changed(
    tables: Tables, before: str, after: str, wanted: dict[str, int]
) -> None:
    assert tables.compare(before, after, ["k"]).changed == wanted
    assert tables.compare(after, before, ["k"]).changed == wanted
    twice = [text + text.partition("\n")[2] for text in (before, after)]
    for one, other in (twice, reversed(twice)):
        found = tables.compare(one, other)
        assert (found.added, found.removed) == (2, 2)


def test_a_column_without_a_value_has_no_type_that_it_could_change(tables: Tables) -> None:
    found = tables.compare("k,x\na,\nb,\n", "k,x\na,1\nb,2\n")
    assert (found.columns.retyped, found.changed) == ({}, {"x": 2})
    assert tables.compare("a,b\n", "a,b\n1,2\n").columns.retyped == {}


def test_rows_of_a_table_without_a_common_column_are_shown(tables: Tables) -> None:
    assert tables.compare("", "a,b\n1,2\n").rows_added == [{"a": 1, "b": 2}]
    assert tables.compare("a,b\n1,2\n", "c\nx\n").rows_removed == [{"a": 1, "b": 2}]
