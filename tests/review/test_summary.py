"""What one version holds, a fact a line."""

from __future__ import annotations

import gzip
import json
import os
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.support import PROJECT, run
from trinity_guard.review import engine, summary


def lines(tmp_path: Path, name: str, data: bytes) -> list[str]:
    (tmp_path / "x").write_bytes(data)
    return summary.lines(os.fsencode(tmp_path / "x"), name.encode())


TABLE = b"id,x,s\n1,1.5,a\n2,,b\n3,4,a\n"


def test_a_table_has_rows_columns_and_a_line_for_each_column(tmp_path: Path) -> None:
    assert lines(tmp_path, "t.csv", TABLE) == [
        "rows: 3",
        "columns: 3",
        "column id: number, 1 to 3, mean 2, 0 empty",
        "column x: number, 1.5 to 4, mean 2.75, 1 empty",
        "column s: text, 2 distinct, 0 empty",
    ]


def test_a_compressed_table_says_the_same(tmp_path: Path) -> None:
    assert lines(tmp_path, "t.csv.gz", gzip.compress(TABLE)) == lines(tmp_path, "t.csv", TABLE)
    assert lines(tmp_path, "t.csv.gz", b"none") == ["it cannot be unpacked: Not a gzipped file (b'no')"]


def test_a_large_table_is_read_by_the_engine_which_says_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = lines(tmp_path, "t.csv", TABLE)
    monkeypatch.setattr(summary, "SMALL", 1)
    large = lines(tmp_path, "t.csv", TABLE)
    assert large == [line.replace("text, 2", "text, about 2") for line in small]
    monkeypatch.setattr(engine, "is_there", lambda: False)
    assert lines(tmp_path, "t.csv", TABLE) == small


def test_a_model_and_arrays(tmp_path: Path) -> None:
    assert lines(tmp_path, "m.pkl", pickle.dumps({"rate": 0.1})) == ["rate: 0.1"]
    np.save(tmp_path / "w.npy", np.array([1.0, 3.0]))
    [line] = lines(tmp_path, "w.npy", (tmp_path / "w.npy").read_bytes())
    assert line.startswith("array (whole): float64[2], 1 to 3, mean 2, md5 ")


def test_what_cannot_be_read_is_said_and_anything_else_has_no_line(tmp_path: Path) -> None:
    assert lines(tmp_path, "m.npy", b"nothing")[0].startswith("it cannot be read as npy")
    assert lines(tmp_path, "m.xyz", b"nothing") == []


def test_thousands_of_columns_are_cut(tmp_path: Path) -> None:
    found = lines(tmp_path, "t.csv", ",".join(f"n{at}" for at in range(1000)).encode() + b"\n")
    assert (len(found), found[-1]) == (401, "and 602 more")


def test_a_name_cannot_turn_the_terminal(tmp_path: Path) -> None:
    assert "\x1b" not in "".join(lines(tmp_path, "t.csv", b"\x1b[31mx,y\n1,2\n"))


def test_a_directory_has_a_line_for_each_file(tmp_path: Path) -> None:
    md5 = "0" * 32
    (tmp_path / "d").write_text(json.dumps([{"md5": md5, "relpath": "b/a.txt"}]))
    assert summary.of_directory(os.fsencode(tmp_path / "d")) == ["files: 1", "file b/a.txt: 0000000000"]
    (tmp_path / "d").write_text("{")
    assert summary.of_directory(os.fsencode(tmp_path / "d")) == ["its list of files is damaged"]


def test_a_small_table_loads_no_library_of_archives(tmp_path: Path) -> None:
    """Git starts a process for each side of each pointer of a `git log -p`."""
    table = tmp_path / "t.csv"
    table.write_bytes(b"id,x\n1,5\n")
    program = (
        "import sys\nfrom trinity_guard.review import driver, summary\n"
        f"summary.lines({os.fsencode(table)!r}, b't.csv')\n"
        "print(*sorted({'hashlib', 'importlib.util', 'json', 'shutil', 'signal', 'zipfile'} & set(sys.modules)))"
    )
    said = run(sys.executable, "-I", "-S", "-c", f"import sys; sys.path[:0] = [{str(PROJECT)!r}]\n{program}")
    assert said.stdout == b"\n"
