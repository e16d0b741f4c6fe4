"""Tables that lie compressed are unpacked, and no more of them than a table may be."""

from __future__ import annotations

import bz2
import gzip
import importlib.util
import lzma
import os
from pathlib import Path

import pyarrow as pa
import pytest

from trinity_guard.review import packed
from trinity_guard.review.dialect import NoTable

TEXT = b"id,x\n1,2\n"
PACKED = {
    "t.csv.gz": gzip.compress(TEXT), "t.CSV.BZ2": bz2.compress(TEXT), "t.csv.xz": lzma.compress(TEXT),
    "t.csv.zst": pa.compress(TEXT, "zstd", asbytes=True),
}  # fmt: skip


def unpacked(tmp_path: Path, name: str, data: bytes) -> bytes:
    (tmp_path / "in").write_bytes(data)
    target = packed.unpacked(os.fsencode(tmp_path / "in"), name.encode(), os.fsencode(tmp_path))
    return Path(os.fsdecode(target)).read_bytes()


@pytest.mark.parametrize("name", PACKED)
def test_what_is_compressed_is_unpacked(tmp_path: Path, name: str) -> None:
    assert unpacked(tmp_path, name, PACKED[name]) == TEXT
    assert packed.bare(name.encode()).lower() == b"t.csv"


def test_what_is_not_stays_where_it_is(tmp_path: Path) -> None:
    assert packed.unpacked(b"/a/t.csv", b"t.csv", os.fsencode(tmp_path)) == b"/a/t.csv"
    assert packed.unpacked(b"", b"t.csv.gz", os.fsencode(tmp_path)) == b""
    assert packed.bare(b"t.zip.csv") == b"t.zip.csv"


@pytest.mark.parametrize("name", PACKED)
@pytest.mark.parametrize("cut", [True, False])
def test_what_is_damaged_is_said(tmp_path: Path, name: str, cut: bool) -> None:
    data = PACKED[name][:-9] if cut else PACKED[name][:12] + b"\xff" * 40
    with pytest.raises(NoTable, match="it cannot be unpacked: "):
        unpacked(tmp_path, name, data)


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "SMALL", 1 << 20)
    with pytest.raises(NoTable, match="it unpacks to more than 1 MB"):
        unpacked(tmp_path, "t.csv.gz", gzip.compress(bytes(3 << 20)))


def test_what_unpacks_zstandard_is_named_where_it_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(NoTable, match="it needs pyarrow: "):
        unpacked(tmp_path, "t.csv.zst", PACKED["t.csv.zst"])
