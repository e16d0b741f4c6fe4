"""Pickles one behind the other, with the arrays that joblib writes between opcodes, NumPy's files, old PyTorch."""

from __future__ import annotations

import math
import time

from trinity_guard.detect.pickles import TORCH_LEGACY, pickled
from trinity_guard.detect.scan.calls import TABLE
from trinity_guard.detect.scan.machine import OVER_FRAME, Machine
from trinity_guard.detect.scan.record import CALLED, NEW, Bounded, Broken, Record
from trinity_guard.detect.scan.values import Dict, Global, Object, Raw, attributes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NPY = b"\x93NUMPY"
LONGEST_NPY_HEADER = 1 << 16
# Opcodes begin at "("; what is below is how far joblib pads an array.
FIRST_OPCODE = 0x28


def read(record: Record, data: Any, at: int, end: int, keep: int) -> int:
    """Read the pickle at a place into the record; return where it ends, -1 where it cannot be read to its end."""
    record.pickles += 1
    record.arrays = _array_of_joblib
    machine = Machine(data, at, end, record, keep)
    try:
        record.values.append(machine.run(TABLE))
    except Broken as broken:
        record.cannot_read(str(broken), isinstance(broken, Bounded))
        return -1
    return machine.at


def read_all(record: Record, data: Any, at: int, end: int, keep: int) -> None:
    """Read all pickles up to the end, as who loads in a loop would."""
    first = at
    while 0 <= at < end:
        if at > first and not _is_pickle(data, at, end):
            record.cannot_read(f"{end - at:,} bytes behind its end are no pickle")
            attempt(record, data, at, end, keep)
            return
        at = read(record, data, at, end, keep)


def attempt(record: Record, data: Any, at: int, end: int, keep: int) -> bool:
    """Read what may be a pickle, or text or anything; say whether it is one: it names something and ends well, or does
    something; or what it would do is further on than is read here. One byte in 64 of any file is an opcode that names
    an extension or a buffer."""
    trial = record.trial()
    at = read(trial, data, at, end, keep)
    named = (trial.names or trial.doubts) and at >= 0
    while 0 <= at < end:
        at = read(trial, data, at, end, keep)
    calls = any(how & {CALLED, NEW} for how in trial.names.values())
    if not (calls or trial.acts or named or trial.bounded):
        return False
    record.take(trial)
    return True


# ---- joblib


def _array_of_joblib(machine: Machine, wrapper: Object) -> None:
    """Go past an array's bytes, which stand in the stream behind its wrapper; of objects they are a pickle."""
    if machine.at < machine.frame:
        machine.record.doubt(OVER_FRAME)
    machine.frame = 0
    if wrapper.items or len(wrapper.states) > 1:
        raise Broken("an array of joblib's is built twice")
    said = attributes(wrapper)
    dtype, shape = said.get("dtype"), said.get("shape")
    shape = tuple(shape) if isinstance(shape, list) else shape
    size = _item_size(dtype)
    if size is None or not isinstance(shape, tuple) or not all(type(n) is int and n >= 0 for n in shape):
        raise Bounded("an array of joblib's has no size that can be told")
    if size == OBJECTS:
        inner = Machine(machine.data, machine.at, machine.end, machine.record, machine.keep)
        wrapper.items.append(inner.run(TABLE))
        machine.at = inner.at
        return
    if said.get("numpy_array_alignment_bytes") is None or machine.data[machine.at] >= FIRST_OPCODE:
        _read_as_opcodes(machine)
    if said.get("numpy_array_alignment_bytes") is not None:
        machine.span(machine.number(1))
    length = size
    for n in shape:
        length *= n
    at, length = machine.span(length)
    wrapper.items.append(Raw(machine.data, at, length))


def _read_as_opcodes(machine: Machine) -> None:
    """Read an array's bytes as whoever loads the file with pickle, and not with joblib, would."""
    trial = machine.record.trial()
    other = Machine(machine.data, machine.at, machine.end, trial, machine.keep)
    other.stack, other.below = list(machine.stack), [list(items) for items in machine.below]
    other.memo, other.protocol = machine.memo.copy(), machine.protocol
    other.frame, other.puts, other.rows = machine.frame, machine.puts, machine.rows
    try:
        other.run(TABLE)
    except Bounded as bounded:
        machine.record.cannot_read(str(bounded), bounded=True)
    except Broken:
        trial.unread.clear()
    if trial.names:
        machine.record.take(trial)


_FIXED = frozenset("biufcMm")
OBJECTS = -1


def _item_size(dtype: Any) -> int | None:
    """Return the bytes of an item, OBJECTS, or None for what cannot be told: what joblib does not write, too."""
    made = isinstance(dtype, Object) and isinstance(dtype.by, Global) and dtype.by.text == "numpy.dtype"
    if not made or not isinstance(dtype.args, tuple) or not dtype.args or not isinstance(dtype.args[0], str):
        return None
    letter, digits = dtype.args[0][:1], dtype.args[0][1:]
    if not (digits.isdecimal() and digits.isascii() and len(digits) < 10):
        return None
    if letter == "O":
        return OBJECTS
    state = dtype.states[-1] if dtype.states else None
    if letter in "SUV":
        return _flexible_size(letter, int(digits), state)
    return int(digits) if letter in _FIXED and int(digits) else None


def _flexible_size(letter: str, digits: int, state: Any) -> int | None:
    """Return the bytes of a text or a record, which its state may change."""
    if letter == "V":
        return _record_size(state)
    if state is None:
        return digits * (4 if letter == "U" else 1)
    well_made = isinstance(state, tuple) and len(state) > 5 and type(state[5]) is int and state[5] >= 0
    return int(state[5]) if well_made else None


def _record_size(state: Any) -> int | None:
    """Return the size of records; OBJECTS where one of their fields holds some."""
    if not isinstance(state, tuple) or len(state) < 7 or type(state[5]) is not int or state[5] < 0:
        return None
    fields = state[4]
    if isinstance(fields, Dict) and fields.cut:
        return None
    for _, field in fields.pairs if isinstance(fields, Dict) else ():
        inner = field[0] if isinstance(field, tuple) and field else None
        if _item_size(inner) in (OBJECTS, None):
            return _item_size(inner)
    return int(state[5])


# ---- NumPy


def read_npy(record: Record, data: Any, at: int, end: int, keep: int) -> None:
    """Read an .npy file: an array of objects is a pickle behind the header; behind one of numbers another may stand."""
    while at >= 0:
        record.spend(1, time.monotonic())
        wide = data[at + 6] > 1 if end - at > 8 else False
        start = at + (12 if wide else 10)
        length = int.from_bytes(data[at + 8 : start], "little")
        whole = length < LONGEST_NPY_HEADER and start + length <= end
        header = _header(data[start : start + length]) if whole else None
        if header is None:
            record.cannot_read("its NumPy header is none")
            # NumPy reads what Python 2 has written, and headers of any length.
            attempt(record, data, min(start + length, end), end, keep)
            return
        size = 0 if _has_objects(header["descr"]) else _numbers(header)
        behind = start + length + max(size, 0)
        if _has_objects(header["descr"]) or _is_pickle(data, behind, end if size >= 0 else behind):
            read_all(record, data, behind, end, keep)
            return
        if size < 0:
            record.cannot_read("its NumPy header names a type whose length is not known here", bounded=True)
        at = data.find(NPY, behind, end if size < 0 else min(behind + len(NPY), end))
        if at < 0 and size >= 0 and behind < end:
            attempt(record, data, behind, end, keep)  # NumPy takes it for a pickle


def _is_pickle(data: Any, at: int, end: int) -> bool:
    return at < end and bool(pickled(data[at : min(at + 4096, end)], end - at))


def _numbers(header: dict[str, Any]) -> int:
    """Return how many bytes an array of numbers or texts takes, -1 where only NumPy can tell."""
    return _times(_item_of(header["descr"]), header.get("shape"))


def _times(size: int, shape: Any) -> int:
    if size < 0 or not isinstance(shape, tuple) or not all(type(n) is int and n >= 0 for n in shape):
        return -1
    return size * math.prod(shape)


def _item_of(descr: Any) -> int:
    """Return the bytes of an item, -1 for what NumPy does not write; of a record those of its fields."""
    if isinstance(descr, list):
        sizes = [_times(_item_of(field[1]), (*field[2:], ())[0]) for field in descr]
        return -1 if -1 in sizes else sum(sizes)
    if isinstance(descr, tuple):
        return _times(_item_of(descr[0]), descr[1])
    letter = descr.lstrip("<>|=")
    digits = letter[1:].partition("[")[0]
    return int(digits[:9]) * (4 if letter[0] == "U" else 1) if digits.isdecimal() and digits.isascii() else -1


def _header(text: bytes) -> dict[str, Any] | None:
    import ast  # noqa: PLC0415  # for NumPy's files alone

    try:
        found = ast.literal_eval(text.decode("latin-1").strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    return found if isinstance(found, dict) and "descr" in found else None


def _has_objects(descr: Any) -> bool:
    """Whether a dtype, as .npy files write it, holds objects: anything that is not surely numbers or texts does, and
    texts of any length (T) do, to NumPy."""
    if isinstance(descr, str):
        return "O" in descr.upper() or "T" in descr or not descr
    if isinstance(descr, list):
        return any(not isinstance(field, tuple) or len(field) < 2 or _has_objects(field[1]) for field in descr)
    if isinstance(descr, tuple) and len(descr) == 2:
        return _has_objects(descr[0])
    return True


# ---- PyTorch before 1.6


def read_torch_legacy(record: Record, data: Any, at: int, end: int, keep: int) -> None:
    """Read a magic number, a version, the system, the object, the storages' keys; then come the storages' bytes."""
    record.torch = True
    for _ in range(5):
        if at >= 0:
            at = read(record, data, at, end, keep)
    if at < 0:
        return
    at = _behind_storages(record, data, at, end)
    if at != end:
        record.cannot_read("what lies behind its pickles are not the storages that they name")


def _behind_storages(record: Record, data: Any, at: int, end: int) -> int:
    keys = record.values[-1]
    sizes = dict(filter(None, map(_storage, record.persistent_ids)))
    for key in keys if isinstance(keys, list) else ():
        if not isinstance(key, str) or key not in sizes or at + 8 > end:
            return -1
        at += 8 + int.from_bytes(data[at : at + 8], "little") * sizes[key]
    return at


_STORAGES = {
    "Double": 8, "Float": 4, "Half": 2, "BFloat16": 2, "Long": 8, "Int": 4, "Short": 2, "Char": 1, "Byte": 1, "Bool": 1,
    "ComplexDouble": 16, "ComplexFloat": 8, "QUInt8": 1, "QInt8": 1, "QInt32": 4,
    "Untyped": 1,
}  # fmt: skip
STORAGES = {f"{name}Storage": size for name, size in _STORAGES.items()}


def _storage(id_: Any) -> tuple[str, int] | None:
    """Return a storage's key and the bytes of an item."""
    if not isinstance(id_, tuple) or len(id_) < 3 or not isinstance(id_[1], Global) or not isinstance(id_[2], str):
        return None
    size = STORAGES.get(id_[1].name)
    return (id_[2], size) if size else None


def is_torch_legacy(head: bytes) -> bool:
    return head.startswith(TORCH_LEGACY)
