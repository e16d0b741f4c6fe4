"""Versions of files that the commits of a range bring along, packed: of a million commits there are three million."""

from __future__ import annotations

from array import array
from binascii import hexlify, unhexlify
from collections.abc import Collection

from trinity_guard.git.ids import Ids
from trinity_guard.git.index import SYMLINK, Entry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Version = tuple[bytes, Entry]


class _Hex:
    """Ids in hex of one length."""

    __slots__ = ("_data", "_size")

    def __init__(self) -> None:
        self._data = bytearray()
        self._size = 1

    def append(self, oid: bytes) -> None:
        self._size = len(oid) // 2
        self._data += unhexlify(oid)

    def at(self, number: int) -> bytes:
        return hexlify(self._data[number * self._size : (number + 1) * self._size])


class Versions:
    """(commit, file), each version once, in the order in which they came; as a symbolic link it is another one."""

    def __init__(self, versions: Iterable[Version] = ()) -> None:
        import hashlib

        self._digest = hashlib.blake2b
        self._keys = Ids()
        self._oids = _Hex()
        self._commits = _Hex()
        self._last = b""
        self._count = 0  # of commits
        self._of = array("I")  # the number of its commit
        self._numbers: dict[bytes, int] = {}
        self._paths: list[bytes] = []
        self._path = array("I")
        self._modes: list[bytes] = []
        self._mode = array("B")
        for commit, entry in versions:
            self.add(commit, entry)

    def add(self, commit: bytes, entry: Entry) -> None:
        """Take a version, if it is new."""
        number = self._numbers.setdefault(entry.path, len(self._paths))
        if number == len(self._paths):
            self._paths.append(entry.path)
        if self._keys.add(self._key(number, entry.oid, entry.mode == SYMLINK)) < len(self._path):
            return
        if commit != self._last:
            self._last = commit
            self._commits.append(commit)
            self._count += 1
        if entry.mode not in self._modes:
            self._modes.append(entry.mode)
        self._of.append(self._count - 1)
        self._path.append(number)
        self._oids.append(entry.oid)
        self._mode.append(self._modes.index(entry.mode))

    def _key(self, number: int, oid: bytes, is_link: bool) -> bytes:
        return self._digest(b"%d %d %s" % (is_link, number, oid), digest_size=20).digest()

    def __len__(self) -> int:
        return len(self._path)

    def __iter__(self) -> Iterator[Version]:
        return map(self.at, range(len(self)))

    def at(self, number: int) -> Version:
        """Return a version by its number."""
        entry = Entry(self._modes[self._mode[number]], self._oids.at(number), self._paths[self._path[number]])
        return self._commits.at(self._of[number]), entry

    def batches(self, size: int) -> Iterator[list[Version]]:
        """Yield all of them, so many at once."""
        for start in range(0, len(self), size):
            yield [self.at(number) for number in range(start, min(start + size, len(self)))]

    def named(self, meant: Callable[[bytes], bool]) -> Iterator[Version]:
        """Yield those whose path is meant, which each path is asked for once."""
        wanted = [meant(path) for path in self._paths]
        return (self.at(at) for at, number in enumerate(self._path) if wanted[number])

    def has(self, path: bytes, oid: bytes) -> bool:
        """Whether there is such a version, link or not."""
        number = self._numbers.get(path)
        return number is not None and any(self._key(number, oid, link) in self._keys for link in (False, True))


class Fresh(Collection[tuple[bytes, bytes]]):
    """(path, id) of versions."""

    def __init__(self, versions: Versions) -> None:
        self._versions = versions

    def __len__(self) -> int:
        return len(self._versions)

    def __iter__(self) -> Iterator[tuple[bytes, bytes]]:
        return ((entry.path, entry.oid) for _, entry in self._versions)

    def __contains__(self, version: object) -> bool:
        return isinstance(version, tuple) and self._versions.has(*version)
