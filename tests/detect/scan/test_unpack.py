"""Compressed streams are unpacked whole, one behind the other, within bounds; what is wrong with them is said."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable

import pytest

from trinity_guard.detect.scan import unpack
from trinity_guard.detect.scan.record import Record

TEXT = b"some text " * 9000
WAYS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "zlib": zlib.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
    "joblib's first form": lambda data: b"ZF" + b"0x15".ljust(19) + zlib.compress(data),
}


def unpacked(data: bytes, end: int = 0) -> tuple[bytes, list[str]]:
    record = Record()
    return bytes(unpack.whole(record, data, 0, end or len(data))), list(record.unread)


@pytest.mark.parametrize("way", WAYS)
def test_what_a_stream_holds_comes_out_whole(way: str) -> None:
    assert unpacked(WAYS[way](TEXT)) == (TEXT, [])
    assert unpacked(WAYS[way](b"")) == (b"", [])


@pytest.mark.parametrize("way", ["gzip", "bzip2", "xz"])
def test_streams_stand_one_behind_the_other(way: str) -> None:
    assert unpacked(WAYS[way](TEXT) + WAYS[way](b"more")) == (TEXT + b"more", [])


def test_what_comes_before_the_end_of_a_cut_stream_counts() -> None:
    data, said = unpacked(gzip.compress(TEXT)[:-9])
    assert TEXT.startswith(data)
    assert said == ["its compressed stream ends before its end"]


def test_what_is_damaged_is_said() -> None:
    damaged = bytearray(bz2.compress(TEXT))
    damaged[30:36] = b"damage"
    _, said = unpacked(bytes(damaged))
    assert said == ["its compressed stream is damaged (OSError)"]


def test_what_wants_much_memory_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack, "LZMA_MEMORY", 1 << 20)
    assert unpacked(lzma.compress(TEXT)) == (b"", ["its compressed stream wants more than 1 MiB"])


def test_what_stands_behind_is_said() -> None:
    assert unpacked(gzip.compress(TEXT) + b"none") == (TEXT, ["4 bytes behind its compressed stream are none"])


def test_no_stream_unpacks_without_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack, "MAX_UNPACKED", 100)
    data, said = unpacked(gzip.compress(TEXT))
    assert len(data) <= 100 + 16 * unpack.CHUNK
    assert said == ["it unpacks to more than 0 GiB"]


@pytest.mark.parametrize("way", WAYS)
def test_the_first_bytes_are_had_from_the_head(way: str) -> None:
    head = WAYS[way](TEXT)
    assert unpack.is_compressed(head)
    first = unpack.beginning(head)
    assert first is not None
    assert TEXT.startswith(first)


@pytest.mark.parametrize("head", [b"", b"BZhx", b"\x1f\x8bxxxxxxxxxx", b"x\x9c\xff\xff\xff", b"plain text"])
def test_what_only_looks_like_one_is_none(head: bytes) -> None:
    assert not unpack.is_compressed(head)
