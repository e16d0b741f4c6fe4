"""Facts of a file, by the standard library, and in a pointer where the configuration wants them."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
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


def test_a_table_has_rows_and_columns_and_json_lines_have_rows(tmp_path: Path) -> None:
    assert of(tmp_path, "t.csv", b"a;b\n1,5;2\n") == {"rows": 1, "columns": 2, "of": MD5}
    assert of(tmp_path, "T.TSV", b"a,b\tc\n1,5\t2\n") == {"rows": 1, "columns": 2, "of": MD5}
    assert of(tmp_path, "t.jsonl", b'{"a": "\\""}\n\n{"a": 2}') == {"rows": 2, "of": MD5}


def test_what_went_by_twice_is_counted_once() -> None:
    watch = facts.Watch(b"t.csv")
    assert next(iter(watch.over([b"a\n1\n", b"2\n"]))) == b"a\n1\n"
    assert list(watch.over([memoryview(b"a\n1\n"), b"2\n"])) == [b"a\n1\n", b"2\n"]
    assert watch.found(b"/is/not/read", MD5) == {"rows": 2, "columns": 1, "of": MD5}


def test_a_pickle_has_its_class_and_an_array_its_shape(tmp_path: Path) -> None:
    assert of(tmp_path, "m.pkl", pickle.dumps(Path("x")))["class"].startswith("pathlib")
    np.save(tmp_path / "w.npy", np.zeros((3, 4)))
    assert of(tmp_path, "w.npy", (tmp_path / "w.npy").read_bytes()) == {"shape": "3 x 4", "of": MD5}
    np.savez(tmp_path / "w.npz", np.zeros((3, 4)))
    assert of(tmp_path, "w.npz", (tmp_path / "w.npz").read_bytes()) == {"shape": "3 x 4", "of": MD5}
    np.savez_compressed(tmp_path / "w.npz", a=np.zeros((3, 4)), b=np.ones(2))
    assert of(tmp_path, "w.npz", (tmp_path / "w.npz").read_bytes()) == {"arrays": 2, "of": MD5}


def damaged_lzma() -> bytes:
    """A npz whose one member's LZMA is none."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_LZMA) as made:
        made.writestr("a.npy", bytes(range(256)))
    packed = 30 + len("a.npy") + 9
    return out.getvalue()[:packed] + b"\xff" * 40 + out.getvalue()[packed + 40 :]


@pytest.mark.parametrize("columns", [1, 3, 40])
def test_a_parquet_has_rows_and_columns_by_its_footer(tmp_path: Path, columns: int) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({f"c{at}": pa.array([{"x": [at, 2]}] * 70) for at in range(columns)})
    pq.write_table(table, tmp_path / "t", row_group_size=30)
    assert of(tmp_path, "t.parquet", (tmp_path / "t").read_bytes()) == {"rows": 70, "columns": columns, "of": MD5}


def test_a_feather_has_rows_and_columns(tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow import feather

    feather.write_feather(pa.table({"a": [1, 2, 3], "b": ["x", "y", None]}), tmp_path / "t")
    assert of(tmp_path, "t.feather", (tmp_path / "t").read_bytes()) == {"rows": 3, "columns": 2, "of": MD5}


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


@pytest.mark.parametrize(
    "name", ["m.pkl", "w.npy", "w.npz", "t.csv", "x.bin", "t.parquet", "t.feather", "m.safetensors"]
)
def test_what_says_nothing_has_none(tmp_path: Path, name: str) -> None:
    assert of(tmp_path, name, b"\0\1\2") == {}


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("w.npy", b"\x93NUMPY\x01\x00v\x00{a b}"),
        ("w.npy", b"\x93NUMPY\x01\x00v\x00[" + b"(" * 200 + b"\n"),
        ("w.npy", b"\x93NUMPY\x01\x00\0\0{'shape': (" + b"1," * 65 + b")}"),
        ("w.npy", b"\x93NUMPY\x01\x00\0\0{'shape': (" + b"9" * 100 + b",)}"),
        ("w.npz", damaged_lzma()),
        ("w.npz", b"PK\x05\x06" + b"\1" * 18),
        ("m.safetensors", (100_000).to_bytes(8, "little") + b"[" * 100_000),
    ],
)
def test_what_is_damaged_has_none(tmp_path: Path, name: str, data: bytes) -> None:
    assert of(tmp_path, name, data) == {}


@pytest.mark.parametrize("torn", [b'["abc", ".c', b"[1]", b'["abc", 5, {}]', b'["abc", ".csv", []]', b"[" * 100_000])
def test_a_note_that_a_kill_left_half_written_is_passed_over(repo: Repo, torn: bytes) -> None:
    config = repo.file(".trinity-guard.toml")
    config.write_text(config.read_text() + "\nfacts = true\n")
    repo.file(".git/trinity-guard/facts").write_bytes(b"\0" + torn)
    repo.stage("t.csv", b"a,b\n1,2\n")
    repo.commit()
    assert b"rows: 1" in repo.show("t.csv.dvc")


def test_the_commit_does_not_read_what_was_staged_again(repo: Repo) -> None:
    config = repo.file(".trinity-guard.toml")
    config.write_text(config.read_text() + "\nfacts = true\n")
    repo.write("t.csv", b"a,b\n1,2\n")
    repo.git("add", "-A")
    note = repo.file(".git/trinity-guard/facts")
    assert b'".csv", {"rows": 1, "columns": 2, "of": "' in note.read_bytes()
    note.write_bytes(note.read_bytes().replace(b'"rows": 1', b'"rows": 7'))
    repo.commit()
    assert b"rows: 7" in repo.show("t.csv.dvc")
    assert not note.exists()


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
