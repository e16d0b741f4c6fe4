"""A table's file: its bytes, what they are instead of CSV, and its records with their lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from trinity_guard.errors import GuardError
from trinity_guard.training.data import csv_file


def test_each_record_has_its_number_and_the_line_where_it_begins() -> None:
    content = 'a,b\r\n\r\n"x\r\ny",1\r , \r2,""""\n'
    assert list(csv_file.records(content, "t.csv")) == [
        (0, 1, ["a", "b"]),
        (2, 3, ["x\ny", "1"]),
        (4, 6, ["2", '"']),
    ]


@pytest.mark.parametrize("text", ['"never closed', '"a"b'])
def test_a_quote_that_is_wrong_is_told_with_the_line_where_its_record_begins(text: str) -> None:
    records = csv_file.records(f"a,b\n\n1,{text}\n2,3\n", "t.csv")
    assert next(records)[2] == ["a", "b"]
    with pytest.raises(GuardError, match=r"^t\.csv, line 3: ") as refused:
        list(records)
    assert "never closed" in refused.value.remedy


def test_a_cell_beyond_sense_is_told_and_not_kept() -> None:
    with pytest.raises(GuardError, match="line 2: field larger than field limit"):
        list(csv_file.records("a,b\n1," + "x" * (csv_file.FIELD + 1), "t.csv"))


@pytest.mark.parametrize("signature", csv_file.SIGNATURES)
def test_what_a_file_is_instead_of_a_table_is_told_by_its_first_bytes(signature: bytes) -> None:
    what, remedy = csv_file.SIGNATURES[signature]
    with pytest.raises(GuardError) as refused:
        csv_file.text(signature + b" and more", "it's.csv")
    assert refused.value.problem == f"it's.csv {what}."
    assert refused.value.remedy == remedy.replace("{}", """'it'"'"'s.csv'""")


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    assert csv_file.text("\ufeffa,ö\n".encode(), "t.csv") == "a,ö\n"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"a\nb\n\0c", "NUL byte in line 3"),
        (b"a\n<<<<<<< HEAD\n", "merge conflict in line 2"),
        (b"<<<<<<< HEAD\n", "merge conflict in line 1"),
        (b"a\n\xff\n", r"not UTF-8: line 2 \(byte 0xff\)"),
        (b"  \n", "is empty"),
        (b"outs:\n- md5: 0\n", "DVC pointer under another name"),
    ],
)
def test_what_is_no_text_is_told_with_its_line(data: bytes, says: str) -> None:
    with pytest.raises(GuardError, match=says):
        csv_file.text(data, "t.csv")


def test_a_file_that_is_not_here_is_told_with_what_brings_it(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    for problem, remedy in (("there is no", "trinity data"), ("only its pointer", "trinity-guard pull")):
        with pytest.raises(GuardError, match=problem) as refused:
            csv_file.read(str(path))
        assert remedy in refused.value.remedy
        (tmp_path / "t.csv.dvc").write_text("outs: []\n")
    path.write_bytes(b"a\xff")
    assert csv_file.read(str(path)) == b"a\xff"
