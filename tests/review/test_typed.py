"""Files that say their types: what the engine has of them, and in which zones their times are."""

from __future__ import annotations

import io
import os
import shutil
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import feather

from tests.review.conftest import Tables
from trinity_guard.review import differ, typed
from trinity_guard.review.dialect import NoTable


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


def test_a_table_that_the_disk_has_no_room_for_is_said(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tables.file(b"", ".parquet")
    tables.engine.connection.execute(f"COPY (SELECT 1 AS a FROM range(1000000)) TO '{file.decode()}'")
    assert tables.engine.load(file, "parquet").rows == 1_000_000
    monkeypatch.setattr(typed, "PACKED", 1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    with pytest.raises(NoTable, match=r"^its 1,000,000 rows would take 0 GB on the disk, which has too little"):
        tables.engine.load(file, "parquet")


def times(zone: str | None, unit: str = "us") -> pa.Table:
    return pa.table({"id": [1, 2], "at": pa.array([0, 1], pa.timestamp(unit, zone))})


def file(tables: Tables, held: pa.Table, kind: str) -> bytes:
    out = io.BytesIO()
    feather.write_feather(held, out) if kind == "feather" else pq.write_table(held, out)
    return tables.file(out.getvalue(), f".{kind}")


@pytest.mark.parametrize("kind", ["parquet", "feather"])
@pytest.mark.parametrize(
    ("before", "after", "retyped"),
    [
        (None, None, {}),
        ("UTC", "UTC", {}),
        ("UTC", "Europe/Berlin", {"at": ("time (UTC)", "time (Europe/Berlin)")}),
        (None, "UTC", {"at": ("time", "time (UTC)")}),
    ],
)
def test_a_time_zone_that_changed_is_told(
    tables: Tables, kind: str, before: str | None, after: str | None, retyped: dict[str, tuple[str, str]]
) -> None:
    one, other = (tables.engine.load(file(tables, times(zone), kind), kind) for zone in (before, after))
    found = differ.compare(tables.engine, one, other)
    assert found.columns.retyped == retyped
    assert found.same is not bool(retyped)


def test_without_pyarrow_the_zone_is_what_pandas_has_noted(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typed, "_has_pyarrow", lambda: False)
    noted = b'{"columns": [{"name": "at", "pandas_type": "datetimetz", "metadata": {"timezone": "Asia/Tokyo"}}]}'
    held = [times("Asia/Tokyo").replace_schema_metadata({"pandas": said}) for said in (noted, b"{")]
    loaded = [tables.engine.load(file(tables, table, "parquet"), "parquet") for table in held]
    assert [table.kind_of("at") for table in loaded] == ["time (Asia/Tokyo)", "time (with a zone)"]


def test_a_kind_that_is_not_known_is_not_read_as_another(tables: Tables) -> None:
    with pytest.raises(NoTable, match="orc is no kind of table"):
        tables.engine.load(file(tables, times(None), "feather"), "orc")
