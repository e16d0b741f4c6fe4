"""The share of bytes in common."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from trinity_guard.review import chunks


def shared(tmp_path: Path, before: bytes, after: bytes) -> float | None:
    (tmp_path / "a").write_bytes(before)
    (tmp_path / "b").write_bytes(after)
    return chunks.shared(os.fsencode(tmp_path / "a"), os.fsencode(tmp_path / "b"))


def test_an_insertion_leaves_almost_all_in_common(tmp_path: Path) -> None:
    data = random.Random(1).randbytes(500_000)
    assert (shared(tmp_path, data, data[:1000] + b"inserted" + data[1000:]) or 0) > 0.9
    assert shared(tmp_path, data, data) == pytest.approx(1)
    assert (shared(tmp_path, data, data[250_000:] + data[:250_000]) or 0) > 0.9


def test_the_share_is_of_the_larger_file_whichever_is_first(tmp_path: Path) -> None:
    data = random.Random(1).randbytes(500_000)
    assert shared(tmp_path, data, data[250_000:]) == shared(tmp_path, data[250_000:], data) == pytest.approx(0.5)


@pytest.mark.parametrize("piece", [chunks.PIECE, 7])
def test_small_files_have_in_common_what_they_begin_and_end_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    monkeypatch.setattr(chunks, "PIECE", piece)
    assert shared(tmp_path, b"a" * 50 + b"x" + b"b" * 49, b"a" * 50 + b"y" + b"b" * 49) == pytest.approx(0.99)
    assert shared(tmp_path, b"aaaa", b"aaaaaaaa") == shared(tmp_path, b"aaaaaaaa", b"aaaa") == pytest.approx(0.5)


def test_other_bytes_have_nothing_in_common_and_no_bytes_no_share(tmp_path: Path) -> None:
    one, other = random.Random(1).randbytes(100_000), random.Random(2).randbytes(100_000)
    assert shared(tmp_path, one, other) == 0
    assert shared(tmp_path, one, b"") is None


def test_without_numpy_nothing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "is_there", lambda: False)
    assert shared(tmp_path, b"x", b"x") is None
