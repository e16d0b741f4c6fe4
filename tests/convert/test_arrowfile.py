"""Rows and columns of Feather files, and of bytes that are none."""

from __future__ import annotations

import io
import struct

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pyarrow import feather

from trinity_guard.convert import arrowfile


def written(rows: int, columns: int, chunk: int) -> bytes:
    out = io.BytesIO()
    kinds = [list(range(rows)), [{"x": [n]} for n in range(rows)], pa.array(["a"] * rows).dictionary_encode()]
    table = pa.table({f"c{at}": kinds[at % 3] for at in range(columns)})
    feather.write_feather(table, out, chunksize=chunk)
    return out.getvalue()


@pytest.mark.parametrize(("rows", "columns", "chunk"), [(0, 1, 10), (70, 3, 100), (70, 4, 30), (5, 40, 1)])
def test_a_file_says_how_large_its_table_is(rows: int, columns: int, chunk: int) -> None:
    assert arrowfile.size(io.BytesIO(written(rows, columns, chunk))) == (rows, columns)


def in_batches(count: int, head: int) -> bytes:
    """A file whose footer says of so many batches that their heads have so many bytes, and all the same place."""
    table = struct.pack("<iII", 12 - 36, 0, 48 - 20)
    footer = struct.pack("<I8x", 12) + table + bytes(12) + struct.pack("<HHHHHH", 12, 12, 0, 4, 0, 8)
    footer += struct.pack("<I", count) + struct.pack("<QIIQ", 8, head, 0, 0) * count
    return b"ARROW1\0\0" + bytes(1000) + footer + struct.pack("<I", len(footer)) + b"ARROW1"


def test_batches_that_lie_upon_each_other_are_not_read() -> None:
    """A hundred thousand of a megabyte each, at one place, would be read for minutes."""
    assert arrowfile.size(io.BytesIO(in_batches(3, 100))) == (0, 0)
    with pytest.raises(ValueError, match="lie upon each other"):
        arrowfile.size(io.BytesIO(in_batches(3, 1000)))


WHOLE = written(70, 2, 30)


@given(at=st.integers(0, len(WHOLE) - 1), byte=st.integers(0, 255), end=st.integers(0, len(WHOLE)))
@example(at=0, byte=0, end=0)
def test_what_is_damaged_ends_in_a_size_or_is_refused(at: int, byte: int, end: int) -> None:
    for data in (WHOLE[:at] + bytes([byte]) + WHOLE[at + 1 :], WHOLE[:end], WHOLE[:end] + WHOLE[-10:]):
        try:
            arrowfile.size(io.BytesIO(data))
        except ValueError:
            continue
