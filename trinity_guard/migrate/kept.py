"""The trees of a history that hold artifacts or DVC's files, at any depth: some thousand paths, millions of trees."""

from __future__ import annotations

from array import array

from trinity_guard.git.catfile import ENTRY, TREE
from trinity_guard.git.ids import FEW, Ids

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterator


class Kept:
    """What is known of such a tree. mask: the bits of the labels of all artifacts below; dvc: whether there are files
    of DVC's."""

    __slots__ = ("dvc", "mask")

    def __init__(self, mask: int, dvc: bool) -> None:
        self.mask = mask
        self.dvc = dvc


class KeptTrees:
    """Path -> tree -> Kept, packed."""

    def __init__(self) -> None:
        self._trees: dict[bytes, Ids] = {}
        self._count = 0
        # Which of the kinds each tree is of; there are few.
        self._which: dict[bytes, array[int]] = {}
        self._numbers: dict[tuple[int, bool], int] = {}
        self._kinds: list[Kept] = []

    def get(self, path: bytes, oid: bytes) -> Kept | None:
        """Return what is known of a tree at a path, None where nothing in it is of interest."""
        trees = self._trees.get(path)
        number = trees.find(oid) if trees is not None else -1
        return self._kinds[self._which[path][number]] if number >= 0 else None

    def add(self, path: bytes, oid: bytes, mask: int, dvc: bool) -> None:
        kind = self._numbers.setdefault((mask, dvc), len(self._kinds))
        if kind == len(self._kinds):
            self._kinds.append(Kept(mask, dvc))
        if path not in self._trees:
            self._trees[path], self._which[path] = Ids(few=self._count < FEW), array("I")
        if self._trees[path].add(oid) == len(self._which[path]):
            self._which[path].append(kind)
            self._count += 1
            if self._count == FEW:  # of all paths together
                for trees in self._trees.values():
                    trees.pack()

    def with_artifacts(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield (path, tree) of those that hold artifacts, the deepest paths first."""
        for path in sorted(self._trees, key=lambda p: -p.count(b"/")):
            for oid, kind in zip(self._trees[path], self._which[path], strict=True):
                if self._kinds[kind].mask:
                    yield path, oid


class Alike:
    """Tells roots that differ from one (its bytes) in nothing but folders of no worth: where nothing is of interest, at
    any time."""

    __slots__ = ("_parts", "_size")

    def __init__(self, raw: bytes, worth: Container[bytes]) -> None:
        import re

        self._size = len(raw)
        # What has to be the same: all but the ids of these folders.
        self._parts: list[tuple[int, int, bytes]] = []
        start = 0
        for entry in re.finditer(ENTRY, raw, re.DOTALL):
            mode, name, _ = entry.groups()
            if mode == TREE and name != b".dvc" and name + b"/" not in worth:
                self._add(raw, start, entry.start(3))
                start = entry.end(3)
        self._add(raw, start, len(raw))

    def _add(self, raw: bytes, start: int, end: int) -> None:
        self._parts.append((start, end, raw[start:end]))

    def fits(self, raw: bytes) -> bool:
        """Whether other bytes are such a root."""
        return len(raw) == self._size and all(raw[start:end] == part for start, end, part in self._parts)
