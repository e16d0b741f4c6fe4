"""Each kind of artifact is looked into by its reader; what cannot be had or read is said."""

from __future__ import annotations

import gzip
import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from trinity_guard.dvcrepo.output import Output
from trinity_guard.review import engine, examine
from trinity_guard.review.contents import Contents
from trinity_guard.review.record import ARRAY, DIRECTORY, MODEL, OTHER, TABLE, Review
from trinity_guard.review.sides import Change, Version


class Files(Contents):
    """Versions that lie in a folder of the test's own."""

    def __init__(self) -> None:
        pass


def version(path: bytes, file: Path | None = None, md5: str = "", why: str = "") -> Version:
    return Version(path, Output(path, md5, 1), os.fsencode(file) if file else b"", why=why)


@pytest.mark.parametrize(
    ("path", "md5", "kind"),
    [
        (b"t.csv", "", TABLE), (b"t.parquet", "", TABLE),
        (b"t.csv.gz", "", TABLE), (b"t.parquet.gz", "", TABLE), (b"x.bin.gz", "", OTHER),
        (b"m.pkl", "", MODEL), (b"m.safetensors", "", MODEL),
        (b"a.npy", "", ARRAY), (b"x.bin", "", OTHER), (b"d.csv", "1a" * 16 + ".dir", DIRECTORY),
    ],
)  # fmt: skip
def test_its_kind_is_told_by_its_record_and_its_name(path: bytes, md5: str, kind: str) -> None:
    one = version(path, md5=md5)
    assert examine.kind_of(Change(one, None)) == examine.kind_of(Change(None, one)) == kind


def looked_into(tmp_path: Path, name: str, before: bytes, after: bytes) -> Review:
    sides = []
    for at, data in enumerate((before, after)):
        file = tmp_path / f"{at}-{name}"
        file.write_bytes(data)
        sides.append(version(name.encode(), file, str(at) * 32))
    return examine.examine(Change(*sides), Files(), examine.Options(os.fsencode(tmp_path)))


def test_a_table_is_compared_by_rows(tmp_path: Path) -> None:
    found = looked_into(tmp_path, "t.csv", b"id,x\n1,2\n2,3\n", b"id,x\n1,5\n2,3\n")
    assert found.table is not None
    assert (found.table.rows_with_changes, found.sizes, found.unavailable) == (1, (13, 13), "")


def test_a_compressed_table_is_compared_by_rows(tmp_path: Path) -> None:
    one, other = gzip.compress(b"id,x\n1,2\n2,3\n"), gzip.compress(b"id,x\n1,5\n2,3\n")
    found = looked_into(tmp_path, "t.csv.gz", one, other)
    assert found.table is not None
    assert (found.table.rows_with_changes, found.sizes) == (1, (len(one), len(other)))
    broken = looked_into(tmp_path, "t.csv.gz", one, b"none")
    assert broken.notes == ["after: it cannot be unpacked: Not a gzipped file (b'no')"]


def test_without_an_engine_rows_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "is_there", lambda: False)
    found = looked_into(tmp_path, "t.csv", b"id,x\n1,2\n", b"id,x\n1,5\n2,3\n")
    assert found.sides == {"before": (["id", "x"], 1), "after": (["id", "x"], 2)}
    assert found.notes[0].startswith("rows and cells are compared with the extra `review`")


def test_a_model_is_compared_by_its_parameters(tmp_path: Path) -> None:
    found = looked_into(tmp_path, "m.pkl", pickle.dumps({"depth": 3}), pickle.dumps({"depth": 4}))
    assert found.parameters == {"depth": (3, 4)}


def test_of_a_model_whose_values_are_the_same_that_is_said(tmp_path: Path) -> None:
    found = looked_into(tmp_path, "m.pkl", pickle.dumps({"depth": 3}, 4), pickle.dumps({"depth": 3}, 5))
    assert (found.parameters, found.notes) == (
        {}, ["what is read of it (values: 1, arrays: 0) is the same, its bytes are not"],
    )  # fmt: skip
    assert found.shared is not None


def test_arrays_are_compared_by_name(tmp_path: Path) -> None:
    sides = []
    for length in (3, 4):
        np.save(tmp_path / "a.npy", np.arange(length))
        sides.append((tmp_path / "a.npy").read_bytes())
    assert looked_into(tmp_path, "a.npy", *sides).arrays["changed"]


def test_of_anything_else_the_bytes_that_both_share_are_told(tmp_path: Path) -> None:
    data = os.urandom(300_000)
    found = looked_into(tmp_path, "x.bin", data, data + b"more")
    assert found.shared is not None
    assert found.shared > 0.5


def test_what_is_no_table_says_so_and_is_compared_as_bytes(tmp_path: Path) -> None:
    found = looked_into(tmp_path, "t.parquet", b"PAR1 nothing", b"PAR1 nothing else")
    assert len(found.notes) == 1
    assert found.shared is not None


def test_the_same_bytes_are_not_looked_into() -> None:
    one, other = version(b"a.csv", md5="1" * 32), version(b"b.csv", md5="1" * 32)
    found = examine.examine(Change(one, other), Files(), examine.Options(b""))
    assert (found.change, found.table, found.unavailable) == ("renamed", None, "")


def test_a_side_that_cannot_be_had_says_why(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"id\n1\n")
    here, lost = version(b"t.csv", tmp_path / "a", "1" * 32), version(b"t.csv", md5="2" * 32, why="it is lost")
    options = examine.Options(os.fsencode(tmp_path))
    assert examine.examine(Change(here, lost), Files(), options).unavailable == "after: it is lost"
    assert examine.examine(Change(None, lost), Files(), options).unavailable == "it is lost"


def test_what_is_to_be_fetched_is_what_lies_nowhere_here(tmp_path: Path) -> None:
    here, away = version(b"a", tmp_path, "1" * 32), version(b"a", md5="2" * 32)
    in_git = Version(b"a", Output(b"a", "3" * 32), blob=b"1" * 40)
    assert examine.needed([Change(here, away), Change(None, in_git)]) == [away.output]
    assert examine.needed([Change(away, version(b"b", md5="2" * 32))]) == []
