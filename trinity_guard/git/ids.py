"""Millions of ids at once, packed: lists and dicts of them take three times as much memory and more."""

from __future__ import annotations

from array import array
from binascii import hexlify, unhexlify
from collections.abc import Mapping, Sequence
from itertools import islice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import TypeVar, overload

    K = TypeVar("K")
    V = TypeVar("V")

SIZE = 20
# An id's place is found by its first bits: so many at first, and never more than a prefix has, as people write it.
FEWEST_BITS, MOST_BITS = 8, 28
# Up to so many a dict says where each is: five times as fast, in 5 MB.
FEW = 1 << 15


class Packed:
    """Ids (20 bytes each) in the order in which they came."""

    __slots__ = ("_data",)

    def __init__(self, ids: Iterable[bytes] = ()) -> None:
        self._data = bytearray()
        for oid in ids:
            self.append(oid)

    def __len__(self) -> int:
        return len(self._data) // SIZE

    def __getitem__(self, number: int) -> bytes:
        if not 0 <= number < len(self):
            raise IndexError(number)
        return bytes(self._data[number * SIZE : (number + 1) * SIZE])

    def __iter__(self) -> Iterator[bytes]:
        return (bytes(self._data[at : at + SIZE]) for at in range(0, len(self._data), SIZE))

    def append(self, oid: bytes) -> None:
        self._data += oid


class Hexes(Sequence[bytes]):
    """Ids of one length, in hex, in the order in which they came."""

    __slots__ = ("_data", "_size")

    def __init__(self, ids: Iterable[bytes] = ()) -> None:
        self._data = bytearray()
        self._size = 1
        for oid in ids:
            self.append(oid)

    def append(self, oid: bytes) -> None:
        self._size = len(oid) // 2
        self._data += unhexlify(oid)

    def __len__(self) -> int:
        return len(self._data) // self._size

    if TYPE_CHECKING:

        @overload
        def __getitem__(self, number: int) -> bytes: ...

        @overload
        def __getitem__(self, number: slice) -> list[bytes]: ...

    def __getitem__(self, number: int | slice) -> bytes | list[bytes]:
        if isinstance(number, slice):
            return [self[n] for n in range(*number.indices(len(self)))]
        if not -len(self) <= number < len(self):
            raise IndexError(number)
        at = number % len(self) * self._size
        return hexlify(self._data[at : at + self._size])

    def __iter__(self) -> Iterator[bytes]:
        return (hexlify(self._data[at : at + self._size]) for at in range(0, len(self._data), self._size))


class Ids(Packed):
    """Ids in the order in which they came, each once; those that begin alike are found together."""

    __slots__ = ("_bits", "_few", "_places")

    def __init__(self, ids: Iterable[bytes] = (), few: bool = True) -> None:
        self._bits = FEWEST_BITS
        self._few: dict[bytes, int] | None = {}
        self._places = array("I")
        super().__init__(ids)
        if not few:
            self.pack()

    def __contains__(self, oid: bytes) -> bool:
        return self.find(oid) >= 0

    def find(self, oid: bytes) -> int:
        """Return an id's number, -1 for one that is not among them."""
        if self._few is not None:
            return self._few.get(oid, -1)
        places, data = self._places, self._data
        at = int.from_bytes(oid[:4], "big") >> 32 - self._bits
        while number := places[at]:
            if data.startswith(oid, (number - 1) * SIZE):
                return number - 1
            at = (at + 1) & (1 << self._bits) - 1
        return -1

    def append(self, oid: bytes) -> None:
        self.add(oid)

    def add(self, oid: bytes) -> int:
        """Return an id's number; one that is new becomes the last one."""
        if self._few is not None:
            return self._add_to(self._few, oid)
        places, data, mask = self._places, self._data, (1 << self._bits) - 1
        at = int.from_bytes(oid[:4], "big") >> 32 - self._bits
        while number := places[at]:
            if data.startswith(oid, (number - 1) * SIZE):
                return number - 1
            at = (at + 1) & mask
        data += oid
        number = places[at] = len(data) // SIZE
        if number * 3 > 2 << self._bits and self._bits < MOST_BITS:
            self._grow()
        return number - 1

    def _add_to(self, few: dict[bytes, int], oid: bytes) -> int:
        number = few.setdefault(oid, len(few))
        if number * SIZE == len(self._data):
            self._data += oid
            if len(few) >= FEW:
                self.pack()
        return number

    def pack(self) -> None:
        """Do without the dict from now on: of many sets of ids each may be small."""
        if self._few is None:
            return
        self._few = None
        while len(self) * 3 > 2 << self._bits:
            self._bits += 1
        self._grow()

    def _grow(self) -> None:
        self._bits += 1
        self._places = places = array("I", bytes(4 << self._bits))
        shift, mask = 32 - self._bits, (1 << self._bits) - 1
        for number, oid in enumerate(self, 1):
            at = int.from_bytes(oid[:4], "big") >> shift
            while places[at]:
                at = (at + 1) & mask
            places[at] = number

    def starting(self, text: bytes) -> list[bytes]:
        """Return those (hex) that begin with a text of 7 letters or more."""
        if self._few is not None:
            self.pack()  # a dict would be gone through
        found = []
        at = int(text[:8].ljust(8, b"0"), 16) >> 32 - self._bits
        while number := self._places[at]:
            oid = hexlify(self[number - 1])
            if oid.startswith(text):
                found.append(oid)
            at = (at + 1) & (1 << self._bits) - 1
        return found


class IdMap(Mapping[bytes, bytes]):
    """Id -> id, both in hex, in the order in which they came."""

    __slots__ = ("_keys", "_values")

    def __init__(self, pairs: Iterable[tuple[bytes, bytes]] = ()) -> None:
        self._keys = Ids()
        self._values = bytearray()
        for key, value in pairs:
            self[key] = value

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[bytes]:
        return map(hexlify, self._keys)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, bytes) and self.number(key) >= 0

    def __getitem__(self, key: bytes) -> bytes:
        number = self.number(key)
        if number < 0:
            raise KeyError(key)
        return self.value(number)

    def value(self, number: int) -> bytes:
        """Return the value of the key at a place in their order."""
        return hexlify(self._values[number * SIZE : (number + 1) * SIZE])

    def __setitem__(self, key: bytes, value: bytes) -> None:
        at = self._keys.add(unhexlify(key)) * SIZE
        self._values[at : at + SIZE] = unhexlify(value)

    def number(self, key: bytes) -> int:
        """Return a key's place in their order, -1 for one that is not there."""
        try:
            return self._keys.find(unhexlify(key)) if len(key) == 2 * SIZE else -1
        except ValueError:
            return -1  # 40 other letters

    def starting(self, text: bytes) -> list[bytes]:
        """Return the keys that begin with a text of 7 letters or more."""
        return self._keys.starting(text)


def forget_older(known: dict[K, V], most: int) -> None:
    """Let go of the older half of what is known, where it is more than that."""
    if len(known) > most:
        for key in list(islice(known, len(known) // 2)):
            del known[key]
