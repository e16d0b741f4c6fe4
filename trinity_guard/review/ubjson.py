"""Reads Universal Binary JSON, as XGBoost writes its models: within the bytes that are there, and no deeper than 64."""

from __future__ import annotations

import array
import struct
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DEEPEST = 64
# An empty list is a byte or two, and 72 in memory. Those of a model have names, or numbers in them.
FEWEST, BYTES_EACH = 1000, 16
# A type's letter -> struct's and array's.
NUMBERS = {"i": "b", "U": "B", "I": "h", "l": "i", "L": "q", "d": "f", "D": "d"}
CONSTANTS = {"Z": None, "T": True, "F": False}


def loads(data: bytes) -> Any:
    """Return the value of a document. ValueError for bytes that are none."""
    try:
        reader = _Reader(data)
        return reader.value(reader.letter(), 0)
    except (struct.error, IndexError) as error:
        raise ValueError(f"it ends too early: {error}") from None


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._left = FEWEST + len(data) // BYTES_EACH  # lists and mappings

    def letter(self) -> str:
        self._at += 1
        return chr(self._data[self._at - 1])

    def value(self, kind: str, depth: int) -> Any:
        """Return the value of this type that begins here."""
        if depth > DEEPEST:
            raise ValueError("it is too deep")
        if kind in NUMBERS:
            return self._number(kind)
        if kind in CONSTANTS:
            return CONSTANTS[kind]
        if kind in "SC":
            return self._bytes(self._length() if kind == "S" else 1).decode("utf-8", "replace")
        if kind in "[{":
            self._left -= 1
            if self._left < 0:
                raise ValueError("it has more lists than it can have data for")
            return self._list(depth) if kind == "[" else self._dict(depth)
        raise ValueError(f"it has a value of the unknown type {kind!r}")

    def _number(self, kind: str) -> Any:
        form = ">" + NUMBERS[kind]
        [found] = struct.unpack_from(form, self._data, self._at)
        self._at += struct.calcsize(form)
        return found

    def _length(self) -> int:
        kind = self.letter()
        found = self._number(kind) if kind in "iUIlL" else -1
        if not 0 <= found <= len(self._data):
            raise ValueError("it has a length that cannot be")
        return int(found)

    def _bytes(self, length: int) -> bytes:
        found = self._data[self._at : self._at + length]
        if len(found) < length:
            raise ValueError("it ends too early")
        self._at += length
        return found

    def _announced(self) -> tuple[str, int]:
        """Return the type of all items, "" where each says its own, and how many there are, -1 where an end says it."""
        kind = ""
        if self._data[self._at : self._at + 1] == b"$":
            self._at += 1
            kind = self.letter()
        if self._data[self._at : self._at + 1] == b"#":
            self._at += 1
            return kind, self._length()
        if kind:
            raise ValueError("it has a list of one type and no length")
        return "", -1

    def _more(self, end: str, left: int) -> bool:
        if left >= 0:
            return left > 0
        if self._data[self._at : self._at + 1] != end.encode():
            return True
        self._at += 1
        return False

    def _list(self, depth: int) -> list[Any]:
        kind, left = self._announced()
        if kind in NUMBERS:
            numbers = array.array(NUMBERS[kind])
            numbers.frombytes(self._bytes(left * numbers.itemsize))
            if sys.byteorder == "little":
                numbers.byteswap()
            return numbers.tolist()
        if kind in CONSTANTS:
            raise ValueError("it has a list of values that take no bytes")
        found = []
        while self._more("]", left):
            found.append(self.value(kind or self.letter(), depth + 1))
            left -= left > 0
        return found

    def _dict(self, depth: int) -> dict[str, Any]:
        kind, left = self._announced()
        found = {}
        while self._more("}", left):
            name = self._bytes(self._length()).decode("utf-8", "replace")
            found[name] = self.value(kind or self.letter(), depth + 1)
            left -= left > 0
        return found
