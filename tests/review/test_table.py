"""A table as the engine holds it: names, types, and texts in SQL."""

from __future__ import annotations

from trinity_guard.review.table import INTEGER, TEXT, TIME, Table, first_line, text


def test_columns_are_known_by_their_place_and_told_by_their_type() -> None:
    table = Table("t1", ["id", "at", "to"], [INTEGER, TIME, TIME], 2, [])
    table.zones = {"at": "UTC", "to": ""}
    assert ("id" in table, "x" in table, table.column("at"), table.place("to")) == (True, False, "c1", 2)
    assert [table.kind_of(name) for name in table.names] == ["integer", "time (UTC)", "time (with a zone)"]
    assert table.type_of("at") == TIME


def test_a_text_is_as_it_stands_and_a_number_as_the_engine_writes_it() -> None:
    table = Table("t1", ["n", "s"], [INTEGER, TEXT], 0, [])
    assert table.written("n", "a.") == "CAST(a.c0 AS VARCHAR)"
    assert "c1" in table.written("s")


def test_a_quote_ends_no_text_and_an_error_is_one_line() -> None:
    assert text("it's") == "'it''s'"
    assert first_line(ValueError("  one\ntwo")) == "one"
