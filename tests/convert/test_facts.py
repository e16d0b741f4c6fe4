"""Facts of a file, by the standard library, and in a pointer where the configuration wants them."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.support import Repo
from trinity_guard.convert import facts, thrift

MD5 = "0b5c0ffee0f00dfeedfacecafebeef0a"


def of(tmp_path: Path, name: str, data: bytes) -> dict[str, Any]:
    (tmp_path / "x").write_bytes(data)
    return facts.of(os.fsencode(tmp_path / "x"), name.encode(), MD5)


@pytest.mark.parametrize(
    ("data", "rows", "columns"),
    [
        (b"a,b\n1,2\n3,4\n", 2, 2),
        (b"a,b\r\n1,2\r\n3,4", 2, 2),
        (b'a,b\n1,"x\ny"\n\n\n3,"q""z"\n', 2, 2),
        (b"1,2\n3,4\n", 2, 2),
        (b"a;b;c\n1,5;2;3\n", 1, 3),
        (b"a\n", 0, 1),
        (b"a,b\n" + b"1,2\n" * 600_000, 600_000, 2),
        (b"a,b\n" + b"1,2\n" * 300_000 + b"\n" + b"1,2\n" * 300_000 + b'"x",2', 600_001, 2),
    ],
)
def test_a_table_has_rows_and_columns(tmp_path: Path, data: bytes, rows: int, columns: int) -> None:
    assert of(tmp_path, "t.csv", data) == {"rows": rows, "columns": columns, "of": MD5}


@given(
    cells=st.lists(st.text(st.sampled_from('ab\n,"\r'), max_size=6), min_size=1, max_size=8), piece=st.integers(1, 9)
)
def test_rows_are_what_the_csv_module_counts_wherever_a_piece_ends(cells: list[str], piece: int) -> None:
    import csv
    import io

    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([[c] for c in cells])
    file = io.BytesIO(out.getvalue().encode())
    before, facts.PIECE = facts.PIECE, piece
    try:
        assert facts._records(file, file.read(piece)) == len(cells)
    finally:
        facts.PIECE = before


def test_a_pickle_has_its_class_and_an_array_its_shape(tmp_path: Path) -> None:
    assert of(tmp_path, "m.pkl", pickle.dumps(Path("x")))["class"].startswith("pathlib")
    np.save(tmp_path / "w.npy", np.zeros((3, 4)))
    assert of(tmp_path, "w.npy", (tmp_path / "w.npy").read_bytes()) == {"shape": "3 x 4", "of": MD5}


@pytest.mark.parametrize("columns", [1, 3, 40])
def test_a_parquet_has_rows_and_columns_by_its_footer(tmp_path: Path, columns: int) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({f"c{at}": pa.array([{"x": [at, 2]}] * 70) for at in range(columns)})
    pq.write_table(table, tmp_path / "t", row_group_size=30)
    assert of(tmp_path, "t.parquet", (tmp_path / "t").read_bytes()) == {"rows": 70, "columns": columns, "of": MD5}


def test_safetensors_have_their_tensors(tmp_path: Path) -> None:
    header = b'{"__metadata__":{"a":"b"},"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    data = len(header).to_bytes(8, "little") + header + b"\0" * 4
    assert of(tmp_path, "m.safetensors", data) == {"tensors": 1, "of": MD5}


@given(st.binary(max_size=60))
def test_a_footer_of_anything_ends_in_facts_or_in_none(footer: bytes) -> None:
    try:
        thrift.Reader(footer).struct()
    except ValueError:
        return


@pytest.mark.parametrize("name", ["m.pkl", "w.npy", "t.csv", "x.bin", "t.parquet", "m.safetensors"])
def test_what_says_nothing_has_none(tmp_path: Path, name: str) -> None:
    assert of(tmp_path, name, b"\0\1\2") == {}


@pytest.mark.slow
def test_a_commit_notes_them_and_dvc_takes_the_pointer(repo: Repo) -> None:
    config = repo.file(".trinity-guard.toml")
    config.write_text(config.read_text() + "\nfacts = true\n")
    repo.git("add", "-A")
    for data, rows in ((b"a,b\n1,2\n", 1), (b"a,b\n1,2\n3,4\n", 2)):
        repo.stage("t.csv", data)
        repo.commit()
        assert (
            repo.show("t.csv.dvc")
            .partition(b"meta:\n")[2]
            .startswith(b"  trinity-guard:\n    rows: %d\n    columns: 2\n    of: " % rows)
        )
    assert repo.guard("status").returncode == 0
    assert b"Data and pipelines are up to date." in repo.dvc("status").stdout
    assert repo.git("status", "--porcelain").stdout == b""
    config.write_text(config.read_text().replace("\nfacts = true\n", ""))
    repo.write("t.csv", b"a,b\n5,6\n")
    repo.git("commit", "-qam", "without")
    assert b"meta" not in repo.show("t.csv.dvc")
