"""Universal Binary JSON: values, lists of one type, and what is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_guard.review import ubjson


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"Z", None),
        (b"T", True),
        (b"i\xff", -1),
        (b"U\xff", 255),
        (b"l\0\1\0\0", 65536),
        (b"d\x3f\x80\0\0", 1.0),
        (b"Si\3abc", "abc"),
        (b"Ca", "a"),
        (b"[i\1T]", [1, True]),
        (b"[#i\2i\1Z", [1, None]),
        (b"[$I#i\2\0\1\0\2", [1, 2]),
        (b"[$S#i\1i\1x", ["x"]),
        (b"{i\1ai\1i\1b[]}", {"a": 1, "b": []}),
        (b"{#i\1i\1aF", {"a": False}),
        (b"{$U#i\1i\1a\7", {"a": 7}),
    ],
)
def test_a_value_is_read(data: bytes, value: object) -> None:
    assert ubjson.loads(data) == value


@pytest.mark.parametrize(
    "data",
    [b"", b"X", b"i", b"Si\4abc", b"Si\xff", b"SZ", b"[", b"[$U]", b"[$Z#U\xff", b"[$D#i\2\0", b"{i\1a", b"[" * 1000],
)
def test_what_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"it|buffer"):
        ubjson.loads(data)


@given(data=st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        ubjson.loads(b"[" + data)
    except ValueError:
        return


@pytest.mark.parametrize("data", [b"[$[#l\0\0\x4e\x20" + b"]" * 20_000, b"[" + b"{}" * 20_000 + b"]"])
def test_no_more_lists_than_there_can_be_data_for(data: bytes) -> None:
    with pytest.raises(ValueError, match="more lists"):
        ubjson.loads(data)
