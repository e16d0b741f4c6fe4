"""Tables as they are loaded: names, types, rows, and what is said of a text that is written unusually."""

from __future__ import annotations

import io
import os
import shutil
from types import SimpleNamespace

import pytest

from tests.review.conftest import Tables
from trinity_guard.review import engine
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


@pytest.mark.parametrize("kind", ["parquet", "feather", "json lines"])
def test_a_file_that_is_none_of_its_kind_is_no_table(tables: Tables, kind: str) -> None:
    with pytest.raises(NoTable, match=f"it cannot be read as {kind}"):
        tables.load(b"\x00\x01no such thing", kind)


def test_files_that_say_their_types(tables: Tables) -> None:
    import pyarrow as pa
    from pyarrow import feather, parquet

    table = pa.table({"A": pa.array([1, None], pa.int16()), "a": [1.5, 2.5], "s": ["x", "y"], "l": [[1], [2, 3]]})
    parquet.write_table(table, tables.folder / "t.parquet")
    feather.write_feather(table, str(tables.folder / "t.feather"))
    for kind in ("parquet", "feather"):
        found = tables.engine.load(bytes(tables.folder) + f"/t.{kind}".encode(), kind)
        assert found.types == ["integer", "number", "text", "nested"]
        assert tables.engine.rows(f"SELECT c0, c1, c2 FROM {found.name}") == [(1, 1.5, "x"), (None, 2.5, "y")]
    lines = tables.load('{"a": 1, "b": "x"}\n{"a": 2.5, "c": true}\n', "json lines")
    assert (lines.names, lines.types) == (["a", "b", "c"], ["number", "text", "boolean"])


def test_times_are_told_to_their_last_digit(tables: Tables) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    out = io.BytesIO()
    pq.write_table(
        pa.table({"at": pa.array([3], pa.timestamp("ns")), "zoned": pa.array([0], pa.timestamp("us", "UTC"))}), out
    )
    table = tables.load(out.getvalue(), "parquet")
    assert table.types == ["time", "time"]
    [(at, zoned)] = tables.engine.rows(f"SELECT * FROM {table.name}")
    assert (at, str(zoned)[:22]) == ("1970-01-01 00:00:00.000000003", "1970-01-01 00:00:00+00")


@pytest.mark.parametrize("kind", ["parquet", "feather", "json lines"])
def test_what_cannot_be_read_is_said_without_the_name_of_a_link_of_ours(tables: Tables, kind: str) -> None:
    with pytest.raises(NoTable) as said:
        tables.load(b"PAR1" + b"\0" * 50, kind)
    assert os.fspath(tables.folder) not in str(said.value)


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


def test_a_table_that_the_disk_has_no_room_for_is_said(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tables.file(b"", ".parquet")
    tables.engine.connection.execute(f"COPY (SELECT 1 AS a FROM range(1000000)) TO '{file.decode()}'")
    assert tables.engine.load(file, "parquet").rows == 1_000_000
    monkeypatch.setattr(engine, "PACKED", 1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    with pytest.raises(NoTable, match=r"^its 1,000,000 rows would take 0 GB on the disk, which has too little"):
        tables.engine.load(file, "parquet")
