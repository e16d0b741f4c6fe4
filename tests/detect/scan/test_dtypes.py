"""A dtype is what NumPy writes, whatever is kept of its fields, and however it changes after it was judged."""

from __future__ import annotations

import pickle
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from trinity_guard.detect.scan import files, rules
from trinity_guard.detect.scan.record import CALLED
from trinity_guard.detect.scan.values import Global, Object


def test_a_dtype_that_denies_its_objects_is_said() -> None:
    made = Object(Global("numpy", "dtype"), ("f8", False, True), CALLED)
    good = (3, "<", None, None, None, -1, -1, 0)
    assert rules.judge(made, good) == ""
    assert rules.judge(made, (*good[:7], 63)) != ""


def _word(text: str) -> bytes:
    return b"\x8c" + bytes([len(text)]) + text.encode()


def _name(module: str, name: str) -> bytes:
    return _word(module) + _word(name) + b"\x93"


def _number(value: int) -> bytes:
    return b"J" + value.to_bytes(4, "little", signed=True)


FIELD = b"h\x03(" + _word("f0") + b"%s" + b"u"  # f0 of the dict that is 3 in the memo
WHOLE, OBJECTS, RECORD = b"h\x02", b"h\x01", b"h\x04"


def _dtype(letter: str, order: str, flags: int) -> bytes:
    state = b"(" + _number(3) + _word(order) + b"NNN" + _number(-1) * 2 + _number(flags) + b"tb"
    return _name("numpy", "dtype") + _word(letter) + b"\x89\x88\x87R" + state


def _state(fields: bytes, flags: int) -> bytes:
    return (
        b"("
        + _number(3)
        + _word("|")
        + b"N"
        + _word("f0")
        + b"\x85"
        + fields
        + _number(8)
        + _number(1)
        + _number(flags)
        + b"tb"
    )


def _at(dtype: bytes, offset: int) -> bytes:
    return dtype + _number(offset) + b"\x86"


BEGIN = b"\x80\x04](" + _dtype("O8", "|", 63) + b"q\x01" + _dtype("u8", "<", 0) + b"q\x02}q\x03"
BARE = _name("numpy", "dtype") + _word("V8") + b"\x89\x88\x87R"
TAKEN = BARE + _state(b"h\x03", 0) + b"q\x04"
ARRAY = (
    _name("numpy._core.multiarray", "_reconstruct") + _name("numpy", "ndarray") + _number(0) + b"\x85C\x01b\x87R"
    + b"(" + _number(1) * 2 + b"\x85" + RECORD + b"\x89C\x08" + b"A" * 8 + b"tb"
)  # fmt: skip
FORGED = {
    "none": (BEGIN + FIELD % _at(WHOLE, 0) + TAKEN + ARRAY + b"e.", True),
    "its dict is changed after it was taken": (
        BEGIN
        + FIELD % _at(WHOLE, 0)
        + BARE
        + _state(b"h\x03", 0)
        + b"q\x04"
        + ARRAY
        + FIELD % _at(OBJECTS, 0)
        + b"0e.",
        False,
    ),
    "its state comes after the array has it": (
        BEGIN + BARE + b"q\x04" + ARRAY + RECORD + _state(b"}(" + _word("f0") + _at(OBJECTS, 0) + b"u", 27) + b"e.",
        False,
    ),
    "a field lies beyond the item": (
        BEGIN + FIELD % _at(WHOLE, 1 << 30) + TAKEN + ARRAY + b"e.",
        False,
    ),
}


@pytest.mark.parametrize("what", FORGED)
def test_a_dtype_that_would_read_the_bytes_of_others_is_said(what: str) -> None:
    data, harmless = FORGED[what]
    record = files.read_bytes(data, b"x.pkl", files.FEW, rules.judge)
    assert not record.unread
    assert (not record.doubts) == harmless


class _Made:
    """Something that is pickled as a call with a state."""

    def __init__(self, *how: Any) -> None:
        self.how = how

    def __reduce__(self) -> Any:
        return self.how


def _forged(dtype: np.dtype[Any], fields: Callable[[Any], Any] = dict) -> bytes:
    """Return an array whose dtype denies that a field of it holds objects."""
    made: Any = dtype.__reduce__()
    by, args, state = made
    state = (*state[:4], fields(state[4]), *state[5:7], 0)
    empty: Any = np.zeros(1, np.uint8).__reduce__()
    make, shape, _ = empty
    data = b"A" * dtype.itemsize
    return pickle.dumps(_Made(make, shape, (1, (1,), _Made(by, args, state), False, data)), 4)


@pytest.mark.parametrize("count", [3, files.FEW, 3 * files.FEW])
@pytest.mark.parametrize("fields", [dict, OrderedDict])
def test_a_record_that_denies_its_objects_is_said_wherever_their_field_stands(
    count: int, fields: Callable[[Any], Any]
) -> None:
    dtype = np.dtype([(f"f{at}", "u1") for at in range(count)] + [("o", "O")])
    assert files.read_bytes(_forged(dtype, fields), b"x.pkl", files.FEW, rules.judge).doubts


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("count", [files.FEW + 1, 1500])
def test_a_record_of_many_fields_is_no_doubt(count: int, protocol: int) -> None:
    table = np.zeros(2, dtype=[(f"f{at}", "f8") for at in range(count)])
    record = files.read_bytes(pickle.dumps(table, protocol), b"x.pkl", files.FEW, rules.judge)
    assert not record.doubts
