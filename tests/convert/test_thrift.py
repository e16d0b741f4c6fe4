"""Thrift's compact protocol: the values of each kind, and what is none."""

from __future__ import annotations

import pytest

from trinity_guard.convert import thrift

I32, TEXT, LIST, NESTED, TRUE = 0x15, 0x18, 0x19, 0x1C, 0x11


@pytest.mark.parametrize(
    ("data", "fields"),
    [
        (bytes([0]), {}),
        (bytes([I32, 4, 0]), {1: 2}),
        (bytes([I32, 3, I32, 0xAC, 2, 0]), {1: -2, 2: 150}),
        (bytes([TEXT, 2, 97, 98, 0]), {1: b"ab"}),
        (bytes([LIST, 0x25, 2, 4, 0]), {1: [1, 2]}),
        (bytes([NESTED, I32, 2, 0, TRUE, 0]), {1: {1: 1}, 2: True}),
        (bytes([0x05, 40, 2, 0]), {20: 1}),
    ],
)
def test_values_are_read_as_they_were_written(data: bytes, fields: dict[int, object]) -> None:
    assert thrift.Reader(data).struct() == fields


def test_what_stands_behind_the_last_field_that_is_wanted_is_not_read() -> None:
    assert thrift.Reader(bytes([I32, 2, I32, 4, 0x1D])).struct(until=1) == {1: 1}


@pytest.mark.parametrize(
    "data", [b"", b"\x15", b"\x15" + b"\xff" * 20, b"\x18\x7fab", b"\x19\xf5\xff\x7f", b"\x1d\0", b"\x1c" * 99]
)
def test_what_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"early|long|longer|type|deeply"):
        thrift.Reader(data).struct()
