"""ONNX models, read by the wire format of Protocol Buffers: producer, opsets, inputs, operators, attributes, weights.

By hand: the package `onnx` brings protobuf and parses all of a file into objects before it says whether it is one. Here
the fields that are told are walked over, everything is inert, and weights are read when they are compared.
"""

from __future__ import annotations

import hashlib
import math
import mmap
import os
import struct

from trinity_guard import git
from trinity_guard.review import arrays
from trinity_guard.review.arrays import Array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    # Number, wire type, and the value (VARINT) or where its bytes start and end.
    Field = tuple[int, int, int, int]

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
MAX_DEPTH = 8
MAX_TEXT = 200
MAX_NAMED = 20_000
# A list of an attribute up to here is a parameter, a longer one (a forest's thresholds) an array.
MAX_LISTED = 16
MAX_ITEMS = 5_000_000
# TensorProto.DataType: its name, and NumPy's for the bytes of one value.
TYPES = {
    1: ("float32", "<f4"), 2: ("uint8", "|u1"), 3: ("int8", "|i1"), 4: ("uint16", "<u2"), 5: ("int16", "<i2"),
    6: ("int32", "<i4"), 7: ("int64", "<i8"), 8: ("string", ""), 9: ("bool", "|b1"), 10: ("float16", "<f2"),
    11: ("float64", "<f8"), 12: ("uint32", "<u4"), 13: ("uint64", "<u8"), 14: ("complex64", "<c8"),
    15: ("complex128", "<c16"), 16: ("bfloat16", "<u2"),
}  # fmt: skip


def read(path: bytes) -> tuple[dict[str, Any], dict[str, Array], list[str]]:
    """Return parameters, weights and notes of a model; ValueError where it is none."""
    with open(git.opened(path, links=True), "rb") as file:
        if not os.fstat(file.fileno()).st_size:
            raise ValueError("it is empty")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            model = _Model(path, data)
            model.read()
    return model.parameters, model.arrays, model.notes


class _Model:
    def __init__(self, path: bytes, data: mmap.mmap) -> None:
        self._path = path
        self._data = data
        self._items = 0
        self.parameters: dict[str, Any] = {}
        self.arrays: dict[str, Array] = {}
        self.notes: list[str] = []

    def read(self) -> None:
        """Read a ModelProto."""
        graphs = 0
        for number, wire, start, end in self._fields(0, len(self._data)):
            if number in (1, 5) and wire == VARINT:
                self._note("ir version" if number == 1 else "model version", _signed(start))
            elif number in (2, 3, 4) and wire == BYTES:
                names = {2: "producer", 3: "producer version", 4: "domain"}
                self._note(names[number], self._text(start, end))
            elif number == 8 and wire == BYTES:
                opset = self._plain(start, end)
                self._note(f"opset {opset.get(1) or 'ai.onnx'}", opset.get(2))
            elif number == 14 and wire == BYTES:
                pair = self._plain(start, end)
                self._note(f"metadata.{pair.get(1, '')}", pair.get(2, ""))
            elif number == 7 and wire == BYTES:
                graphs += 1
                self._graph(start, end, "", 0)
        if not graphs:
            raise ValueError("it has no graph")

    def _note(self, name: str, value: Any) -> None:
        if len(self.parameters) < MAX_NAMED:
            self.parameters[name] = value

    # ---- graphs

    def _graph(self, start: int, end: int, prefix: str, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise ValueError("its graphs are nested too deeply")
        counts: dict[str, int] = {}
        for number, wire, first, last in self._fields(start, end):
            if wire != BYTES:
                continue
            if number == 1:
                kind = self._node(first, last, prefix, len(counts) and sum(counts.values()), depth)
                counts[kind] = counts.get(kind, 0) + 1
            elif number == 5:
                self._tensor(first, last, prefix)
            elif number in (11, 12):
                name, shape = self._described(first, last)
                self._note(f"{prefix}{'input' if number == 11 else 'output'} {name}", shape)
        self._note(f"{prefix}nodes", sum(counts.values()))
        for kind, count in counts.items():
            self._note(f"{prefix}nodes {kind}", count)

    def _node(self, start: int, end: int, prefix: str, at: int, depth: int) -> str:
        """Read a NodeProto, and return its operator."""
        name = kind = ""
        attributes: list[tuple[int, int]] = []
        for number, wire, first, last in self._fields(start, end):
            if number in (3, 4) and wire == BYTES:
                name, kind = (self._text(first, last), kind) if number == 3 else (name, self._text(first, last))
            elif number == 5 and wire == BYTES:
                attributes.append((first, last))
        for first, last in attributes:
            self._attribute(first, last, f"{prefix}{name or f'{kind}[{at}]'}", depth)
        return kind

    def _attribute(self, start: int, end: int, node: str, depth: int) -> None:
        name = ""
        listed: dict[int, Any] = {7: bytearray(), 8: [], 9: []}
        value: Any = None
        tensors: list[Field] = []
        for number, wire, first, last in self._fields(start, end):
            if number == 1 and wire == BYTES:
                name = self._text(first, last)
            elif number == 2 and wire == FIXED32:
                value = struct.unpack("<f", self._data[first:last])[0]
            elif number == 3 and wire == VARINT:
                value = _signed(first)
            elif number == 4 and wire == BYTES:
                value = self._text(first, last)
            elif number in (5, 6) and wire == BYTES:
                tensors.append((number, wire, first, last))
            elif number in listed:
                self._take(listed[number], number, wire, first, last)
        for number, _, first, last in tensors:
            if number == 5:
                self._tensor(first, last, f"{node}.{name}.")
            else:
                self._graph(first, last, f"{node}.{name}.", depth + 1)
        self._noted(f"{node}.{name}", value, listed)

    def _noted(self, name: str, value: Any, listed: dict[int, Any]) -> None:
        floats, integers, texts = listed[7], listed[8], listed[9]
        if len(floats) > 4 * MAX_LISTED or len(integers) > MAX_LISTED:
            self._keep(name, _of_list(bytes(floats), "float32", "<f4") if floats else _of_integers(integers))
        elif floats or integers or texts:
            numbers = list(struct.unpack(f"<{len(floats) // 4}f", floats)) or integers
            self._note(
                name, numbers or (texts if len(texts) <= MAX_LISTED else _digest(f"{len(texts):,} texts", texts))
            )
        elif value is not None:
            self._note(name, value)

    def _take(self, listed: Any, number: int, wire: int, first: int, last: int) -> None:
        """Take in an item of a repeated field, or all of them where they are packed."""
        if number == 9 and wire == BYTES:
            listed.append(self._text(first, last))
        elif number == 7 and wire in (FIXED32, BYTES) and (last - first) % 4 == 0:
            listed += self._data[first:last]
        elif number == 8 and wire == VARINT:
            listed.append(_signed(first))
        elif number == 8 and wire == BYTES:
            listed += map(_signed, self._varints(first, last))

    # ---- tensors

    def _tensor(self, start: int, end: int, prefix: str) -> None:
        """Read a TensorProto: its weights stand in raw_data, or in a list of their own kind; or in another file."""
        shape: list[int] = []
        name, kind, outside = "", 0, False
        data: Field | None = None
        for number, wire, first, last in self._fields(start, end):
            if number == 1:
                shape += [first] if wire == VARINT else self._varints(first, last)
            elif number == 2 and wire == VARINT:
                kind = first
            elif number == 8 and wire == BYTES:
                name = self._text(first, last)
            elif number in (4, 5, 7, 9, 10, 11) and wire == BYTES:
                data = (number, wire, first, last)
            elif number == 14 and wire == VARINT:
                outside = first == 1
        if outside and not any("other files" in note for note in self.notes):
            self.notes.append("weights in other files (external data) are told by their shapes alone")
        self._keep(prefix.rstrip(".") if not name else prefix + name, self._weights(shape, kind, data))

    def _weights(self, shape: list[int], kind: int, data: Field | None) -> Array:
        name, numpy = TYPES.get(kind, (f"type {kind}", "|u1"))
        read = None
        if data is not None and numpy:
            number, _, start, end = data
            # raw_data, and lists of floats, which lie as raw ones do.
            if number in (4, 9, 10):
                read = _reader(self._path, start, end, numpy, kind == 16)
                fits = end - start == math.prod(shape) * int(numpy[2:]) or kind not in TYPES
            else:
                values = list(map(_signed, self._varints(start, end)))
                read, fits = _of_integers(values).read, len(values) == math.prod(shape)
            read = read if fits else None
        return Array(tuple(shape), name, read)

    def _keep(self, name: str, array: Array) -> None:
        if len(self.arrays) < arrays.MAX_ARRAYS:
            self.arrays[name] = array

    # ---- inputs and outputs

    def _described(self, start: int, end: int) -> tuple[str, str]:
        """Read a ValueInfoProto: its name, and its type as `float32[batch, 3]`."""
        name = shape = ""
        for number, wire, first, last in self._fields(start, end):
            if number == 1 and wire == BYTES:
                name = self._text(first, last)
            elif number == 2 and wire == BYTES:
                shape = self._typed(first, last)
        return name, shape

    def _typed(self, start: int, end: int) -> str:
        """Read a TypeProto; of one that is no tensor its kind is not told."""
        for number, wire, first, last in self._fields(start, end):
            if number != 1 or wire != BYTES:
                continue
            kind, dims = 0, []
            for inner, how, a, b in self._fields(first, last):
                if inner == 1 and how == VARINT:
                    kind = a
                elif inner == 2 and how == BYTES:
                    dims = [self._plain(c, d) for n, w, c, d in self._fields(a, b) if (n, w) == (1, BYTES)]
            sizes = (str(dim.get(1, dim.get(2, "?"))) for dim in dims)
            return f"{TYPES.get(kind, (f'type {kind}', ''))[0]}[{', '.join(sizes)}]"
        return "no tensor"

    # ---- the wire

    def _plain(self, start: int, end: int) -> dict[int, Any]:
        """Return the numbers and texts of a small message."""
        found: dict[int, Any] = {}
        for number, wire, first, last in self._fields(start, end):
            if wire in (VARINT, BYTES):
                found[number] = _signed(first) if wire == VARINT else self._text(first, last)
        return found

    def _text(self, start: int, end: int) -> str:
        text = self._data[start : min(end, start + MAX_TEXT)].decode("utf-8", "replace")
        return text if end - start <= MAX_TEXT else _digest(text, [self._data[start:end].hex()])

    def _fields(self, at: int, end: int) -> Iterator[Field]:
        while at < end:
            key, at = self._varint(at, end)
            number, wire = key >> 3, key & 7
            if wire == VARINT:
                value, at = self._varint(at, end)
                yield number, wire, value, 0
                continue
            if wire == BYTES:
                size, at = self._varint(at, end)
            elif wire in (FIXED32, FIXED64):
                size = 4 if wire == FIXED32 else 8
            else:
                raise ValueError(f"there is no wire type {wire}")
            if size > end - at:
                raise ValueError("a field is longer than what holds it")
            yield number, wire, at, at + size
            at += size

    def _varints(self, at: int, end: int) -> Iterator[int]:
        while at < end:
            value, at = self._varint(at, end)
            yield value

    def _varint(self, at: int, end: int) -> tuple[int, int]:
        self._items += 1
        if self._items > MAX_ITEMS:
            raise ValueError(f"it has more than {MAX_ITEMS:,} parts")
        value = 0
        for shift in range(0, 70, 7):
            if at >= end:
                break
            byte = self._data[at]
            at += 1
            value |= (byte & 127) << shift
            if byte < 128:
                return value, at
        raise ValueError("a number does not end")


def _signed(value: int) -> int:
    value &= (1 << 64) - 1
    return value - (1 << 64) if value >> 63 else value


def _digest(text: str, of: list[str]) -> str:
    """Return the beginning of what is too long to be told, with a digest: it differs where that does."""
    whole = "\n".join(of).encode("utf-8", "surrogatepass")
    return f"{text} (md5 {hashlib.md5(whole, usedforsecurity=False).hexdigest()[:10]})"


def _of_list(data: bytes, name: str, numpy: str) -> Array:
    def read() -> Any:
        import numpy as np

        return np.frombuffer(data, dtype=numpy)

    return Array((len(data) // 4,), name, read)


def _of_integers(values: list[int]) -> Array:
    def read() -> Any:
        import numpy as np

        return np.array(values, dtype=np.int64)

    return Array((len(values),), "int64", read)


def _reader(path: bytes, start: int, end: int, numpy: str, bfloat: bool) -> Any:
    def read() -> Any:
        import numpy as np

        with open(git.opened(path, links=True), "rb") as file:
            file.seek(start)
            data = np.frombuffer(file.read(end - start), dtype=numpy)
        return arrays.of_bfloat(data) if bfloat else data

    return read if end - start <= arrays.MAX_BYTES and (end - start) % int(numpy[2:]) == 0 else None
