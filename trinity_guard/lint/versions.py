"""Versions of files that the commits of a range bring along, packed: of a million commits there are three million."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Set

from trinity_guard.git.ids import Hexes
from trinity_guard.git.index import SYMLINK, Entry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Version = tuple[bytes, Entry]


# Versions are found by a table of this many places at first; two thirds of it are taken at most.
FEWEST = 1 << 8


class Versions:
    """(commit, file), each version once, in the order in which they came; as a symbolic link it is another one."""

    def __init__(self, versions: Iterable[Version] = ()) -> None:
        self._oids = Hexes()
        self._commits = Hexes()
        self._places = array("I", bytes(4 * FEWEST))  # the number of a version, from 1
        self._last = b""
        self._count = 0  # of commits
        self._of = array("I")  # the number of its commit
        self._numbers: dict[bytes, int] = {}
        self._paths: list[bytes] = []
        self._path = array("I")
        self._modes: list[bytes] = []
        self._links: list[bool] = []
        self._mode = array("B")
        for commit, entry in versions:
            self.add(commit, entry)

    def add(self, commit: bytes, entry: Entry) -> None:
        """Take a version, if it is new."""
        number = self._numbers.setdefault(entry.path, len(self._paths))
        if number == len(self._paths):
            self._paths.append(entry.path)
        is_link = entry.mode == SYMLINK
        place = self._place(number, entry.oid, is_link)
        if self._places[place]:
            return
        if commit != self._last:
            self._last = commit
            self._commits.append(commit)
            self._count += 1
        if entry.mode not in self._modes:
            self._modes.append(entry.mode)
            self._links.append(is_link)
        self._of.append(self._count - 1)
        self._path.append(number)
        self._oids.append(entry.oid)
        self._mode.append(self._modes.index(entry.mode))
        self._places[place] = len(self)
        if len(self) * 3 > len(self._places) * 2:
            self._grow()

    def _place(self, number: int, oid: bytes, is_link: bool) -> int:
        """Return where in the table a version stands, or would."""
        places, mask = self._places, len(self._places) - 1
        at = hash((number, oid)) & mask
        while found := places[at]:
            found -= 1
            if self._path[found] == number and self._links[self._mode[found]] == is_link and self._oids[found] == oid:
                return at
            at = (at + 1) & mask
        return at

    def _grow(self) -> None:
        self._places = places = array("I", bytes(8 * len(self._places)))
        mask = len(places) - 1
        for found, (number, oid) in enumerate(zip(self._path, self._oids, strict=True), 1):
            at = hash((number, oid)) & mask
            while places[at]:
                at = (at + 1) & mask
            places[at] = found

    def __len__(self) -> int:
        return len(self._path)

    def __iter__(self) -> Iterator[Version]:
        return map(self.at, range(len(self)))

    def at(self, number: int) -> Version:
        """Return a version by its number."""
        entry = Entry(self._modes[self._mode[number]], self._oids[number], self._paths[self._path[number]])
        return self._commits[self._of[number]], entry

    def batches(self, size: int) -> Iterator[list[Version]]:
        """Yield all of them, so many at once."""
        for start in range(0, len(self), size):
            yield [self.at(number) for number in range(start, min(start + size, len(self)))]

    def named(self, meant: Callable[[bytes], bool]) -> Iterator[Version]:
        """Yield those whose path is meant, which each path is asked for once."""
        wanted = [meant(path) for path in self._paths]
        return (self.at(at) for at, number in enumerate(self._path) if wanted[number])

    def paths(self) -> Set[bytes]:
        return self._numbers.keys()

    def has(self, path: bytes, oid: bytes) -> bool:
        """Whether there is such a version, link or not."""
        number = self._numbers.get(path)
        return number is not None and any(self._places[self._place(number, oid, link)] for link in (False, True))


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
