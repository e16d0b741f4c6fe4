"""The stand-in's format: what it says is read back, and nothing else is taken for one."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_guard.detect.inspect import LFS_HEADS
from trinity_guard.dvcrepo import pointer, standin

MD5 = "0123456789abcdef0123456789abcdef"
TEXT = standin.encode(MD5, 1234)


def test_a_stand_in_says_in_its_second_line_what_to_install() -> None:
    first, second, *rest = TEXT.decode().split("\n")
    assert first == "%% trinity-guard stand-in 1"
    assert "pip install trinity-guard" in second
    assert rest == [f"md5 {MD5}", "size 1234", ""]


@given(st.binary(), st.integers(0, 2**62))
def test_what_is_written_is_read_back(data: bytes, size: int) -> None:
    md5 = hashlib.md5(data).hexdigest()
    text = standin.encode(md5, size)
    for said in (text, text.replace(b"\n", b"\r\n")):
        found = standin.decode(said)
        assert found is not None
        assert (found.md5, found.size) == (md5, size)
    assert standin.begins(text[:64])
    assert len(text) < standin.MAX_BYTES


@given(st.integers(0, len(TEXT) - 1), st.integers(0, 255))
def test_a_changed_byte_makes_it_no_stand_in_or_another_one(at: int, byte: int) -> None:
    changed = TEXT[:at] + bytes([byte]) + TEXT[at + 1 :]
    found = standin.decode(changed)
    if found is not None:
        assert standin.encode(found.md5, found.size) == changed


@pytest.mark.parametrize(
    "text",
    [
        b"",
        TEXT[:-1],
        TEXT + b"\n",
        TEXT + b"more\n",
        TEXT.replace(b"\n", b"\r\n", 2),
        TEXT.replace(b"stand-in 1", b"stand-in 2"),
        TEXT.replace(MD5.encode(), MD5.encode() + b".dir"),
        TEXT.replace(MD5.encode(), MD5.upper().encode()),
        TEXT.replace(MD5.encode(), MD5[:-1].encode()),
        TEXT.replace(b"size 1234", b"size 01234"),
        TEXT.replace(b"size 1234", b"size -1"),
        TEXT.replace(b"size 1234", b"size " + b"9" * 20),
        TEXT.replace(b"md5 ", b"md5: "),
        b"<<<<<<< HEAD\n" + TEXT,
        TEXT + b"x" * 600,
    ],
)
def test_nothing_else_is_a_stand_in(text: bytes) -> None:
    assert standin.decode(text) is None


@pytest.mark.parametrize("other", [pointer.encode(MD5, 1, "a.csv"), *(head + b"v1\n" for head in LFS_HEADS), b"a,b\n"])
def test_a_pointer_of_dvc_or_of_git_lfs_is_no_stand_in(other: bytes) -> None:
    assert not standin.begins(other)
    assert standin.decode(other) is None
