"""Each opcode of numbers, texts, the stack and the memo pushes what Python's own unpickler would."""

from __future__ import annotations

import io
import pickle
from typing import Any

import pytest

from trinity_guard.detect.scan import calls, opcodes
from trinity_guard.detect.scan.machine import Machine
from trinity_guard.detect.scan.record import Broken, Record


def ran(data: bytes, table: Any = calls.TABLE) -> Any:
    return Machine(data, 0, len(data), Record(), 1000).run(table)


# Each of them behind a MARK, by the table alone: the short way of the machine does not begin there.
SAME = {
    "BININT1": b"K\xff.",
    "BININT2": b"M\x01\x02.",
    "BININT": b"J\xfe\xff\xff\xff.",
    "BINFLOAT": b"G\x3f\xf8\0\0\0\0\0\0.",
    "INT": b"I-12\n.",
    "INT, true": b"I01\n.",
    "INT, false": b"I00\n.",
    "INT, octal": b"I-010\n.",
    "INT up to a NUL": b"I5\0x\n.",
    "INT of nothing": b"I\0\n.",
    "LONG": b"L123L\n.",
    "LONG up to a NUL": b"L5\0x\n.",
    "FLOAT": b"F1.5\n.",
    "FLOAT up to a NUL": b"F1.5\0x\n.",
    "LONG1": b"\x8a\x02\x01\xff.",
    "LONG1 of none": b"\x8a\x00.",
    "LONG4": b"\x8b\x03\0\0\0\x01\x02\x03.",
    "STRING": b"S'a\\n\\x41'\n.",
    "UNICODE": b"Va\\u00e9\n.",
    "SHORT_BINSTRING": b"U\x02ab.",
    "BINSTRING": b"T\x02\0\0\0ab.",
    "SHORT_BINBYTES": b"C\x02\xff\0.",
    "BINBYTES": b"B\x02\0\0\0\xff\0.",
    "BINBYTES8": b"\x8e\x02\0\0\0\0\0\0\0\xff\0.",
    "SHORT_BINUNICODE": "\x8c\x02é.".encode("latin-1").replace(b"\xe9", "é".encode()),
    "BINUNICODE": b"X\x02\0\0\0ab.",
    "BINUNICODE8": b"\x8d\x02\0\0\0\0\0\0\0ab.",
    "NONE": b"N.",
    "NEWTRUE": b"\x88.",
    "NEWFALSE": b"\x89.",
    "EMPTY_TUPLE": b").",
    "POP": b"K\1K\x020.",
    "POP of a mark": b"K\1(0.",
    "POP_MARK": b"K\1(K\x02K\x031.",
    "DUP": b"K\x012\x86.",
    "PUT and GET": b"K\x01p7\n0g7\n.",
    "PUT and GET up to a NUL": b"K\1p7\0x\n0g7\0y\n.",
    "BINPUT and BINGET": b"K\x01q\x070h\x07.",
    "LONG_BINPUT and LONG_BINGET": b"K\x01r\x07\0\0\x000j\x07\0\0\0.",
    "MEMOIZE": b"\x80\x04K\x05\x940h\0.",
    "FRAME": b"\x80\x04\x95\x03\0\0\0\0\0\0\0K\x05.",
    "PROTO": b"\x80\x05N.",
}


@pytest.mark.parametrize("name", SAME)
def test_it_pushes_what_python_does(name: str) -> None:
    expected = pickle.loads(SAME[name], encoding="latin-1")
    found = ran(SAME[name])
    assert (found, type(found)) == (expected, type(expected))


BROKEN = {
    "no quotes": b"Sabc\n.",
    "no number": b"Iabc\n.",
    "no protocol": b"\x80\x07N.",
    "no opcode": b"\xff.",
    "a long that is cut": b"\x8a\x09ab",
    "a memo that was never put": b"h\1.",
    "a memo below none": b"Np-1\n.",
    "a DUP of nothing": b"2.",
    "a POP of nothing": b"0.",
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_python_refuses_is_broken(name: str) -> None:
    with pytest.raises((pickle.UnpicklingError, ValueError, IndexError, EOFError, KeyError)):
        pickle.loads(BROKEN[name])
    with pytest.raises(Broken):
        ran(BROKEN[name])


def test_a_frame_that_is_cut_is_read_on_as_joblib_does() -> None:
    data = b"\x95\x09\0\0\0\0\0\0\0K\5."
    with pytest.raises(pickle.UnpicklingError):
        pickle.loads(data)
    assert pickle._Unpickler(io.BytesIO(data)).load() == 5
    record = Record()
    assert Machine(data, 0, len(data), record, 1000).run(calls.TABLE) == 5
    assert list(record.unread) == ["it ends within a frame"]


def test_every_opcode_of_python_has_its_act() -> None:
    import pickletools

    known = {ord(one.code) for one in pickletools.opcodes}
    assert {code for code in range(256) if calls.TABLE[code] is not opcodes.unknown} == known
