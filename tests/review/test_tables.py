"""Tables of any width, and what the engine cannot do is said."""

from __future__ import annotations

import pytest

from tests.review.conftest import Tables
from trinity_guard.review import tables as loading
from trinity_guard.review import typed
from trinity_guard.review.dialect import NoTable
from trinity_guard.review.longrows import LongRows
from trinity_guard.review.table import Table


def test_both_sides_are_wide_where_one_is(tables: Tables) -> None:
    files = [
        tables.file("id,x\n1,5\n2,6\n"),
        tables.file(f"id,{','.join(f'n{at}' for at in range(600))}\n1{',0' * 600}\n"),
    ]
    for paths in (files, files[::-1]):
        assert [type(table) for table in loading.load(tables.engine, paths, "csv")] == [LongRows, LongRows]
    assert [type(table) for table in loading.load(tables.engine, files[:1], "csv")] == [Table]


@pytest.mark.slow
def test_ten_thousand_columns_take_no_query_for_each_of_them(tables: Tables) -> None:
    names = ",".join(["id", *(f"n{at}" for at in range(10_000))])
    row = [str(at) for at in range(10_000)]
    before = f"{names}\n" + "".join(f"{at},{','.join(row)}\n" for at in range(3))
    after = before.replace(",776,777,778,", ",776,-1,778,", 1)
    loaded = loading.load(tables.engine, [tables.file(before), tables.file(after)], "csv")
    assert (len(loaded[0].names), set(loaded[0].types), loaded[0].rows) == (10_001, {"integer"}, 3)
    asked: list[str] = []
    rows = tables.engine.rows
    tables.engine.rows = lambda query: asked.append(query) or rows(query)  # type: ignore[method-assign, func-returns-value]
    found = loading.compare(tables.engine, loaded[0], loaded[1])
    assert (found.key, found.changed, found.rows_changed) == (["id"], {"n777": 1}, [({"id": 0}, {"n777": (777, -1)})])
    assert len(asked) < 100


def test_too_many_columns_of_a_file_that_is_no_text_are_said(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typed, "MAX_COLUMNS", 2)
    file = tables.file('{"a": 1, "b": 2, "c": 3}\n')
    with pytest.raises(NoTable, match="it has 3 columns: of more than 2 csv and tsv alone are compared"):
        loading.load(tables.engine, [file, file], "json lines")


def test_a_line_of_commas_is_no_table(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "MAX_WIDE", 2)
    with pytest.raises(NoTable, match="it has 3 columns, more than 2"):
        loading.load(tables.engine, [tables.file("a,b\n1,2\n"), tables.file("a,b,c\n1,2,3\n")], "csv")


def test_what_the_engine_cannot_compare_is_no_table(tables: Tables) -> None:
    loaded = loading.load(tables.engine, [tables.file("id,x\n1,2\n"), tables.file("id,x\n1,3\n")], "csv")
    tables.engine.connection.execute("DROP TABLE t2")
    with pytest.raises(NoTable, match="its rows cannot be compared: "):
        loading.compare(tables.engine, loaded[0], loaded[1])


def test_the_side_that_is_no_table_is_named_and_no_path_of_this_machine(tables: Tables) -> None:
    good, bad = tables.file('{"id": 1}\n', ".jsonl"), tables.file('{"id": 1}\n{"id": 2\n', ".jsonl")
    with pytest.raises(NoTable, match=r"^after: it cannot be read as json lines: ") as raised:
        loading.load(tables.engine, [good, bad], "json lines")
    assert str(tables.folder) not in str(raised.value)
    with pytest.raises(NoTable, match=r"^before: it holds bytes that no text has"):
        loading.load(tables.engine, [tables.file(b"a,\0"), tables.file("a,b\n")], "csv")
