"""Reads Universal Binary JSON, as XGBoost writes its models: within the bytes that are there, and no deeper than 64."""

from __future__ import annotations

import array
import io
import os
import struct
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import IO, Any

    Takers = Mapping[str, Callable[[Any], None]]

DEEPEST = 64
# An empty list is a byte or two, and 72 in memory. Those of a model have names, or numbers in them.
FEWEST, BYTES_EACH = 1000, 16
# A type's letter -> struct's and array's.
NUMBERS = {"i": "b", "U": "B", "I": "h", "l": "i", "L": "q", "d": "f", "D": "d"}
CONSTANTS = {"Z": None, "T": True, "F": False}


def loads(data: bytes) -> Any:
    """Return the value of a document. ValueError for bytes that are none."""
    return load(io.BytesIO(data), {})


def load(file: IO[bytes], takers: Takers) -> Any:
    """Return the value of a document that a file is. takers: name -> what is given each item of a list of that name,
    of which the value then has none: so much need not be held at once. ValueError for bytes that are no document.
    """
    try:
        reader = _Reader(file, takers)
        return reader.value(reader.letter(), 0)
    except (struct.error, IndexError) as error:
        raise ValueError(f"it ends too early: {error}") from None


class _Reader:
    def __init__(self, file: IO[bytes], takers: Takers) -> None:
        self._size = file.seek(0, os.SEEK_END)
        file.seek(0)
        self._file = file
        self._next = b""  # a letter that was looked at
        self._takers = takers
        self._left = FEWEST + self._size // BYTES_EACH  # lists and mappings

    def letter(self) -> str:
        found = self._next or self._file.read(1)
        self._next = b""
        return chr(found[0])

    def _is_next(self, letter: bytes) -> bool:
        """Whether this letter comes next, which is then read."""
        self._next = self._next or self._file.read(1)
        is_it = self._next == letter
        if is_it:
            self._next = b""
        return is_it

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
        [found] = struct.unpack(form, self._bytes(struct.calcsize(form)))
        return found

    def _length(self) -> int:
        kind = self.letter()
        found = self._number(kind) if kind in "iUIlL" else -1
        if not 0 <= found <= self._size:
            raise ValueError("it has a length that cannot be")
        return int(found)

    def _bytes(self, length: int) -> bytes:
        if length > self._size:
            raise ValueError("it ends too early")
        found = self._next[:length] + self._file.read(max(length - len(self._next), 0))
        self._next = self._next[length:]
        if len(found) < length:
            raise ValueError("it ends too early")
        return found

    def _announced(self) -> tuple[str, int]:
        """Return the type of all items, "" where each says its own, and how many there are, -1 where an end says it."""
        kind = ""
        if self._is_next(b"$"):
            kind = self.letter()
        if self._is_next(b"#"):
            return kind, self._length()
        if kind:
            raise ValueError("it has a list of one type and no length")
        return "", -1

    def _more(self, end: str, left: int) -> bool:
        if left >= 0:
            return left > 0
        return not self._is_next(end.encode())

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
        return list(self._items(kind, left, depth))

    def _items(self, kind: str, left: int, depth: int) -> Iterator[Any]:
        while self._more("]", left):
            yield self.value(kind or self.letter(), depth + 1)
            left -= left > 0

    def _given_away(self, take: Callable[[Any], None], depth: int) -> list[Any]:
        """Give each item of a list to what takes them; return what is left of it."""
        kind, left = self._announced()
        if kind in NUMBERS or kind in CONSTANTS:
            raise ValueError("it has a list of numbers where others must be")
        for item in self._items(kind, left, depth):
            take(item)
        return []

    def _dict(self, depth: int) -> dict[str, Any]:
        kind, left = self._announced()
        found = {}
        while self._more("}", left):
            name = self._bytes(self._length()).decode("utf-8", "replace")
            found[name] = self._named(name, kind or self.letter(), depth + 1)
            left -= left > 0
        return found

    def _named(self, name: str, kind: str, depth: int) -> Any:
        take = self._takers.get(name) if kind == "[" else None
        return self._given_away(take, depth) if take else self.value(kind, depth)
