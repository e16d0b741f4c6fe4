"""Thrift's compact protocol, as far as a Parquet footer needs it: inert values, bounded in depth and by their bytes."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_DEPTH = 16
TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(1, 13)


class Reader:
    """Reads a struct; ValueError where the bytes are none."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def struct(self, until: int = 1 << 15, depth: int = 0) -> dict[int, Any]:
        """Return a struct's fields by their numbers. until: the last one that is wanted, fields come in their order."""
        found: dict[int, Any] = {}
        number = 0
        while head := self._byte():
            number = number + (head >> 4) if head >> 4 else self._zigzag()
            if number > until:
                break
            kind = head & 15
            found[number] = kind == TRUE if kind in (TRUE, FALSE) else self._value(kind, depth)
        return found

    def _value(self, kind: int, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise ValueError("it is nested too deeply")
        if kind in (I16, I32, I64):
            return self._zigzag()
        if kind in (TRUE, FALSE, BYTE):  # in a list a boolean is a byte
            return self._byte()
        if kind in (DOUBLE, BINARY):
            return self._take(8 if kind == DOUBLE else self._varint())
        if kind in (LIST, SET):
            return self._list(depth)
        if kind == STRUCT:
            return self.struct(depth=depth + 1)
        raise ValueError(f"there is no type {kind} in a Parquet footer")

    def _list(self, depth: int) -> list[Any]:
        head = self._byte()
        count = head >> 4 if head >> 4 < 15 else self._varint()
        if count > len(self._data) - self._at:
            raise ValueError("a list is longer than its bytes")
        return [self._value(head & 15, depth + 1) for _ in range(count)]

    def _zigzag(self) -> int:
        value = self._varint()
        return value >> 1 ^ -(value & 1)

    def _varint(self) -> int:
        value = 0
        for shift in range(0, 70, 7):
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
        raise ValueError("a number is too long")

    def _byte(self) -> int:
        return self._take(1)[0]

    def _take(self, count: int) -> bytes:
        end = self._at + count
        if end > len(self._data):
            raise ValueError("it ends too early")
        piece = self._data[self._at : end]
        self._at = end
        return piece
