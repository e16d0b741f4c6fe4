"""Pickles told by what they look like: the magic of protocols 2 to 5, the opcodes of 0 and 1, nothing run."""

from __future__ import annotations

import pickle

import pytest

from trinity_guard.detect import pickles
from trinity_guard.detect.glance import HEAD_BYTES


def told(data: bytes, size: int | None = None) -> str | None:
    return pickles.pickled(data[:HEAD_BYTES], len(data) if size is None else size)


@pytest.mark.parametrize("protocol", range(6))
def test_the_protocol_is_named(protocol: int) -> None:
    assert told(pickle.dumps({"a": [1, "b"]}, protocol)) == f"pickle (protocol {protocol})"


@pytest.mark.parametrize("protocol", range(6))
def test_the_head_of_a_large_one_is_enough(protocol: int) -> None:
    data = pickle.dumps([f"row {n}" for n in range(5000)], protocol)
    assert len(data) > HEAD_BYTES
    assert told(data) == f"pickle (protocol {protocol})"


def test_what_torch_saved_before_its_archives_is_told() -> None:
    assert told(pickles.TORCH_LEGACY + b"\x80\x02M\xe9\x03.") == "PyTorch (legacy)"


@pytest.mark.parametrize(
    "data",
    [
        b"\x80\x06N.",  # no such protocol yet
        b"\x80\x01N.",  # nor does 1 have a magic
        b"\x80\x04",
        b"\x80\x04A.",  # no opcode that a pickler begins with
        b"\x80\x03\x95\x05\0\0\0\0\0\0\0N.",  # frames came with protocol 4
        b"\x80\x04\x95\xff\xff\0\0\0\0\0\0N.",  # a frame longer than the file
        b"",
        b".",
        b"hello",
        b"(lp0\n",  # no end, and no more to come
    ],
)
def test_what_only_begins_like_one_is_none(data: bytes) -> None:
    assert told(data) is None


def test_a_frame_is_measured_against_the_file_not_its_head() -> None:
    data = pickle.dumps("x" * 3 * HEAD_BYTES, 4)
    assert told(data) == "pickle (protocol 4)"
    assert told(data, len(data) // 2) is None


def test_one_long_text_of_protocol_1_fills_its_file_to_the_byte() -> None:
    data = pickle.dumps("x" * 2 * HEAD_BYTES, 1)
    assert told(data) == "pickle (protocol 1)"
    assert told(data + b"x") is None


def test_nothing_in_a_pickle_is_run() -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (exit, ("run",))

    for protocol in range(6):
        assert told(pickle.dumps(Bomb(), protocol))


@pytest.mark.parametrize("depth", [10, 1000])
def test_marks_in_marks_are_counted_not_entered(depth: int) -> None:
    whole: object = ()
    for _ in range(depth // 10):
        whole = [whole]
    assert told(pickle.dumps(whole, 0))
    assert told(b"(" * depth) is None
