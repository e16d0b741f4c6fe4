"""Every opcode does to names, calls and values what Python's unpickler would; nothing is run."""

from __future__ import annotations

import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest

from trinity_guard.detect.scan import files, values
from trinity_guard.detect.scan.record import Record


def told(data: bytes) -> Record:
    return files.read_bytes(data, b"x.pkl")


def names(data: bytes) -> set[str]:
    return {".".join(name) for name in told(data).names}


SYSTEM = {
    "GLOBAL": b"cos\nsystem\n(S'x'\ntR.",
    "a name of Python 2": b"c__builtin__\neval\n(S'x'\ntR.",
    "STACK_GLOBAL": b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x01x\x85R.",
    "STACK_GLOBAL out of the memo": b"\x80\x04\x8c\x06system\x940\x8c\x02osh\x00\x93\x8c\x01x\x85R.",
    "INST": b"(S'x'\nios\nsystem\n.",
    "OBJ": b"(cos\nsystem\nS'x'\no.",
    "NEWOBJ": b"cos\nsystem\nS'x'\n\x85\x81.",
    "NEWOBJ_EX": b"\x80\x04\x8c\x02os\x8c\x06system\x93)}\x92.",
    "behind a POP": b"cos\nsystem\n(S'x'\ntR0N.",
    "in a frame that lies": b"\x80\x04\x95\x02\x00\x00\x00\x00\x00\x00\x00cos\nsystem\n(S'x'\ntR.",
    "without its end": b"cos\nsystem\n(S'x'\ntR",
    "before what is no opcode": b"cos\nsystem\n(S'x'\ntR\xff",
    "in a second pickle": b"N.cos\nsystem\n(S'x'\ntR.",
    "as a value alone": b"cos\nsystem\n.",
    "by a dotted name": b"\x80\x04\x8c\x08pathlib\x8c\x09os.system\x93.".replace(b"\x08pathlib", b"\x07pathlib"),
}


@pytest.mark.parametrize("how", SYSTEM)
def test_a_name_is_found_however_it_is_written(how: str) -> None:
    found = names(SYSTEM[how])
    assert len(found) == 1
    assert found.pop().endswith(("os.system", "builtins.eval"))


DOUBTS = {
    "a name that is worked out": (b"\x80\x04\x8c\x02osN\x93.", "works out"),
    "a call of what a call returned": (b"cbuiltins\ngetattr\n(tR(tR.", "another call returned"),
    "arguments that are worked out": (b"cbuiltins\nlist\n(tRcbuiltins\nlist\n(tRR.", "another call returned"),
    "a class that is changed": (b"csklearn.base\nX\nN}S'fit'\nNs\x86b.", "changes sklearn.base.X"),
    "an extension": (b"\x80\x02\x82\x01.", "extension 1"),
    "a buffer that is not there": (b"\x80\x05\x97.", "buffer"),
    "appending to a class": (b"cbuiltins\nlist\nNa.", "appends to builtins.list"),
    "setting items of a class": (b"cbuiltins\nlist\nNNs.", "sets items of builtins.list"),
}  # fmt: skip


@pytest.mark.parametrize("what", DOUBTS)
def test_what_only_running_would_tell_is_a_doubt(what: str) -> None:
    data, words = DOUBTS[what]
    assert [said for said in told(data).doubts if words in said]


BROKEN = {
    "nothing behind a mark": b"(",
    "an empty stack": b"R.",
    "a memo that has no such number": b"h\x05.",
    "a text that is cut": b"\x8c\x09abc.",
    "a frame that is cut": b"\x80\x04\x95\xff\x00\x00\x00\x00\x00\x00\x00N.",
    "a protocol of tomorrow": b"\x80\x06N.",
    "a number that is none": b"Ixyz\n.",
    "a line without an end": b"cos",
    "a stop with nothing": b".",
    "no STOP": b"N",
    "a negative memo": b"Np-1\n.",
    "an odd dict": b"(Nd.",
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_python_would_refuse_is_unread(what: str) -> None:
    assert told(BROKEN[what]).unread


@pytest.mark.parametrize("protocol", range(6))
def test_values_are_those_that_python_reads(protocol: int) -> None:
    plain: Any = [
        None,
        True,
        0,
        -1,
        255,
        70_000,
        1 << 80,
        1.5,
        "é",
        b"\xff\x00",
        (),
        (1,),
        (1, 2, 3, 4),
        [[]],
        "x" * 300,
    ]
    record = told(pickle.dumps(plain, protocol))
    assert not record.unread
    assert not record.doubts
    expected = [item for item in plain if not isinstance(item, bytes)]
    assert [v for v in record.values[0] if not isinstance(v, bytes | values.Object)] == expected


@pytest.mark.parametrize("count", [999, 1000, 2500])
def test_long_lists_of_floats_are_read_whole(count: int) -> None:
    floats = [n / 3 for n in range(count)]
    assert told(pickle.dumps([floats, "behind"], 4)).values == [[floats, "behind"]]


def test_objects_have_their_class_their_state_and_their_items() -> None:
    value = told(pickle.dumps(OrderedDict(a=1), 4)).values[0]
    assert values.class_name(value) == "collections.OrderedDict"
    assert values.texts_of(value) == {"a": 1}
    path = told(pickle.dumps(Example(), 2)).values[0]
    assert values.attributes(path) == {"depth": 3}


class Example:
    def __init__(self) -> None:
        self.depth = 3


def test_nothing_is_run(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    data = f"cposix\nsystem\n(S'touch {mark}'\ntR.".encode()
    assert names(data) == {"posix.system"}
    assert not mark.exists()


DEEP = {
    "lists": b"(" * 200_000 + b"l" * 200_000 + b".",
    "tuples as keys": b"}" + b")" + b"\x85" * 200_000 + b"Ns.",
    "calls": b"cbuiltins\nlist\n" + b"\x85R" * 0 + b"(" * 100_000,
}


@pytest.mark.parametrize("what", DEEP)
def test_depth_ends_nothing(what: str) -> None:
    list(values.walk(told(DEEP[what]).values))


def test_a_long_text_is_not_copied() -> None:
    value = told(pickle.dumps(b"x" * 200_000, 4)).values[0]
    assert isinstance(value, values.Raw)
    assert value.bytes() == b"x" * 200_000
