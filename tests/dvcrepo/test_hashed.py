"""Bytes on their way into a file: each is hashed, told of, and begins to be written out before the file is whole."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from trinity_guard.dvcrepo.hashed import THREADED, WRITE_OUT, copy
from trinity_guard.git import durable

PIECE = 1 << 20


def md5_of(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


@pytest.mark.parametrize("size", [9, 3 * WRITE_OUT + 5, THREADED], ids=["small", "large", "whole pieces"])
@pytest.mark.parametrize("threaded", [False, True])
def test_every_byte_is_hashed_and_has_begun_to_be_written_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, threaded: bool
) -> None:
    begun: list[tuple[int, int]] = []
    monkeypatch.setattr(durable, "begin_write_out", lambda _, start, count: begun.append((start, count)))
    pieces = [bytes(min(PIECE, size - at)) for at in range(0, size, PIECE)]
    fd = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    told: list[int] = []
    try:
        assert copy(pieces, fd, THREADED if threaded else 0, told.append) == (md5_of(bytes(size)), size)
    finally:
        os.close(fd)
    assert (tmp_path / "file").read_bytes() == bytes(size)
    assert sum(told) == size
    ends = [start + count for start, count in begun]
    assert [start for start, _ in begun] == [0, *ends[:-1]]
    assert ends[-1] == size
    assert len(begun) == -(-size // WRITE_OUT)
