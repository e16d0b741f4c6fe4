"""Tables as they are loaded: names, types, rows, and what is said of a text that is written unusually."""

from __future__ import annotations

import pytest

from tests.review.conftest import Tables
from trinity_guard.review import dialect, engine
from trinity_guard.review.dialect import NoTable


@pytest.mark.parametrize(
    ("cells", "kind", "first"),
    [
        (["1", "2"], "integer", 1),
        (["1.5", "2"], "number", 1.5),
        (["1.0", "2.0"], "integer", 1),
        (["1", ""], "integer", 1),
        (["NA", "2"], "integer", None),
        (["007", "008"], "text", "007"),
        (["1", "x"], "text", "1"),
        (["12345678901234567891", "12345678901234567892"], "text", "12345678901234567891"),
        (["9007199254740993", "1"], "text", "9007199254740993"),
        (["true", "false"], "text", "true"),
    ],
)
def test_a_column_has_the_type_of_all_its_cells(tables: Tables, cells: list[str], kind: str, first: object) -> None:
    table = tables.load("a,b\n" + "".join(f"{cell},x\n" for cell in cells))
    assert (table.names, table.types[0], table.rows) == (["a", "b"], kind, len(cells))
    assert tables.engine.rows(f"SELECT c0 FROM {table.name}")[0] == (first,)


def test_a_number_that_is_none_far_below_makes_the_column_a_text_and_no_integer_is_rounded(tables: Tables) -> None:
    body = "".join(f"{n},{n}\n" for n in range(5_000))
    table = tables.load(f"a,b\n{body}1.5,word\n")
    assert table.types == ["number", "text"]
    assert tables.engine.row(f"SELECT sum(c0) FROM {table.name}") == (sum(range(5_000)) + 1.5,)


@pytest.mark.parametrize(
    ("data", "rows", "notes"),
    [
        (b"a,b\n1,2\n3\n4,5,6\n", [(1, "2"), (3, None), (4, "5,6")],
         ["2 lines with more or fewer cells than the header"]),
        (b"a;b\n1,5;x\n", [(1.5, "x")], ["columns are parted by ;"]),
        ("a,b\n1,é\n".encode("cp1252"), [(1, "é")], ["read as cp1252"]),
        ("a,b\n1,é\n".encode("utf-16"), [(1, "é")], ["read as utf-16"]),
        (b"a,b\r1,2\r", [(1, 2)], []),
        (b"a,b\r\n1,2\r\n", [(1, 2)], []),
        (b'a,b\n1,"x\n""y"""\n', [(1, 'x\n"y"')], []),
        (b"1,2\n3,4\n", [(1, 2), (3, 4)], ["it has no header"]),
        (b"a,b\n", [], []),
    ],
)  # fmt: skip
def test_texts_that_are_written_otherwise_are_read_or_it_is_said(
    tables: Tables, data: bytes, rows: list[tuple[object, ...]], notes: list[str]
) -> None:
    table = tables.load(data)
    assert tables.engine.rows(f"SELECT * FROM {table.name}") == rows
    assert table.notes == notes


def test_a_very_long_cell_is_read(tables: Tables) -> None:
    table = tables.load("a,b\n1," + "x" * (5 << 20) + "\n")
    assert tables.engine.row(f"SELECT length(c1) FROM {table.name}") == (5 << 20,)


def test_a_name_of_the_engines_own_patterns_means_one_file(tables: Tables) -> None:
    (tables.folder / "[a-z]*.csv").write_text("a,b\n1,2\n")
    (tables.folder / "x.csv").write_text("a,b\n3,4\n")
    table = tables.engine.load(bytes(tables.folder) + b"/[a-z]*.csv", "csv")
    assert tables.engine.rows(f"SELECT * FROM {table.name}") == [(1, 2)]


def test_nothing_is_fetched_from_a_network(tables: Tables) -> None:
    with pytest.raises(tables.engine.error):
        tables.engine.rows("SELECT * FROM 'http://127.0.0.1:9/x.parquet'")


def test_kinds_are_told_by_the_name() -> None:
    assert engine.kind_of(b"a/B.CSV") == "csv"
    assert engine.kind_of(b"model.pkl") == ""


@pytest.mark.slow
def test_a_last_line_longer_than_the_engines_buffer_is_no_missing_row(tables: Tables) -> None:
    with pytest.raises(NoTable, match="line longer than 64 MB"):
        tables.load(b"a,b\n1," + b"x" * (70 << 20) + b"\n")
    assert tables.load(b"a,b\n1," + b"x" * (35 << 20) + b"\n").rows == 1


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("blank", ["\n", "\r\n", "\n\n"])
def test_a_blank_line_is_no_row_where_there_is_one_column_either(tables: Tables, line_end: str, blank: str) -> None:
    text = f'k{line_end}a{line_end}{blank}""{line_end}b{line_end}'
    table = tables.load(text)
    assert (table.rows, dialect.count(tables.file(text), dialect.look(tables.file(text)))) == (3, 3)
    assert tables.engine.rows(f"SELECT c0 FROM {table.name}") == [("a",), (None,), ("b",)]
