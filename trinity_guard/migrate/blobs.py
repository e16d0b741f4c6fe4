"""The blobs that were selected, packed: of a million commits there are hundreds of thousands."""

from __future__ import annotations

from array import array
from collections.abc import Mapping

from trinity_guard.git.ids import Ids

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from trinity_guard.dvcrepo.standin import StandIn
    from trinity_guard.migrate.lfs import LfsObject


class Size:
    """A blob that was selected: bytes unpacked, bytes in Git, and the LFS object, or that of the cache, that it stands
    for."""

    __slots__ = ("lfs", "packed", "size", "stand_in")

    def __init__(
        self, size: int, packed: int = 0, lfs: LfsObject | None = None, stand_in: StandIn | None = None
    ) -> None:
        self.size = size
        self.packed = packed  # 0 until the scan ends
        self.lfs = lfs
        self.stand_in = stand_in

    @property
    def real(self) -> int:
        """The bytes of the data that it is, or stands for."""
        named = self.lfs or self.stand_in
        return self.size if named is None else named.size

    @property
    def copied(self) -> int:
        """The bytes that go into the cache: none where it stands for an object of the cache."""
        return self.real if self.stand_in is None else 0


class Blobs(Mapping[bytes, Size]):
    """Blob (20 bytes) -> Size, in the order in which they came; for one thread."""

    def __init__(self) -> None:
        self._ids = Ids()
        self._sizes = array("Q")
        self._packed = array("Q")
        # Of the few that stand for something else, by their number.
        self._standing: dict[int, Size] = {}

    def __len__(self) -> int:
        return len(self._sizes)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._ids)

    def __contains__(self, oid: object) -> bool:
        return isinstance(oid, bytes) and oid in self._ids

    def __getitem__(self, oid: bytes) -> Size:
        number = self._ids.find(oid)
        if number < 0:
            raise KeyError(oid)
        known, packed = self._standing.get(number), self._packed[number]
        if known is None:
            return Size(self._sizes[number], packed)
        return Size(known.size, packed, known.lfs, known.stand_in)

    def add(self, oid: bytes, size: Size) -> None:
        """Take a blob that is not among them."""
        number = self._ids.add(oid)
        self._sizes.append(size.size)
        self._packed.append(size.packed)
        if size.lfs is not None or size.stand_in is not None:
            self._standing[number] = size

    def pack(self, packed: Sequence[int]) -> None:
        """Take the bytes in Git of all of them, in their order."""
        self._packed = array("Q", packed)


# A path with so many versions has them packed; of fewer a dict takes less room.
MANY = 64


class Origins(Mapping[bytes, int]):
    """Blob (20 bytes) -> the number of its first commit, of a path with many versions, in the order in which they
    came."""

    def __init__(self, known: Mapping[bytes, int]) -> None:
        self._ids = Ids(known, few=False)
        self._numbers = array("I", known.values())

    def __len__(self) -> int:
        return len(self._numbers)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._ids)

    def __reversed__(self) -> Iterator[bytes]:
        return map(self._ids.__getitem__, range(len(self) - 1, -1, -1))

    def __contains__(self, oid: object) -> bool:
        return isinstance(oid, bytes) and oid in self._ids

    def __getitem__(self, oid: bytes) -> int:
        at = self._ids.find(oid)
        if at < 0:
            raise KeyError(oid)
        return self._numbers[at]

    def setdefault(self, oid: bytes, number: int) -> int:
        """Take a blob's first commit, if the blob is new; return the first one."""
        at = self._ids.add(oid)
        if at == len(self._numbers):
            self._numbers.append(number)
        return self._numbers[at]


def take_version(versions: dict[bytes, dict[bytes, int] | Origins], path: bytes, oid: bytes, number: int) -> None:
    """Take the first commit of a version of a path, if the version is new."""
    blobs = versions.setdefault(path, {})
    blobs.setdefault(oid, number)
    if len(blobs) == MANY and isinstance(blobs, dict):
        versions[path] = Origins(blobs)
