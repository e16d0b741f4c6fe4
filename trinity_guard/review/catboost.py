"""Models of CatBoost (.cbm), told by their first bytes: a FlatBuffer of which the tables are read that are needed.

Its schema: catboost/libs/model/flatbuffers/model.fbs. Each number is the place of a field in its table there.
"""

from __future__ import annotations

import importlib.util
import json
import os
import struct

from trinity_guard import git
from trinity_guard.review.arrays import MAX_BYTES, Array
from trinity_guard.review.dialect import NoTable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    # Facts, the documents that it has of its training, arrays by their names.
    Found = tuple[dict[str, Any], dict[str, Any], dict[str, Array]]

MAGIC = b"CBM1"
START = 8  # behind the magic, and how long the FlatBuffer is
TREES, INFO = 1, 2
DIMENSION, SPLITS, SIZES, CATEGORIES, FLOATS, VALUES, WEIGHTS = 0, 1, 2, 4, 5, 8, 9
FLAT_INDEX, NAME = {FLOATS: 2, CATEGORIES: 1}, {FLOATS: 4, CATEGORIES: 2}
MAX_LISTED = 20_000
MAX_TREES = 1_000_000
MAX_TEXT = 4 << 20  # of all that is read: two fields may name the same text
# What is another one each time that a model is trained, and says nothing of it.
OWN = ("model_guid", "train_finish_time", "output_options")


def is_one(path: bytes) -> bool:
    """Whether a file is such a model."""
    with open(git.opened(path, links=True), "rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def read(path: bytes) -> Found:
    """Return what a model is made of. NoTable where that cannot be read."""
    try:
        with open(git.opened(path, links=True), "rb") as file:
            return _Core(path, file.fileno()).found()
    except (OSError, ValueError, OverflowError, RecursionError, struct.error) as error:
        raise NoTable(f"it cannot be read as a model of CatBoost: {error}") from None


class _Core:
    """The FlatBuffer of a file: positions are its own, and none leads out of it."""

    def __init__(self, path: bytes, descriptor: int) -> None:
        self._path = path
        self._file = descriptor
        self._texts = 0
        [length] = struct.unpack("<I", os.pread(descriptor, 4, len(MAGIC)))
        self._length = min(length, os.fstat(descriptor).st_size - START)

    def found(self) -> Found:
        root = _Table(self, self.number("<I", 0))
        facts, documents = self._information(root)
        trees = root.table(TREES)
        sizes = self._numbers(trees.vector(SIZES), "i") if trees.field(SIZES) else []
        facts |= {
            "features": self._features(trees),
            "outputs": self.number("<i", trees.field(DIMENSION)) if trees.field(DIMENSION) else 1,
            "trees": len(sizes),
            "depth": max(sizes, default=0),
        }
        arrays = {
            name: self._array(trees.vector(at), kind)
            for name, at, kind in (
                ("splits", SPLITS, "<i4"),
                ("leaf values", VALUES, "<f8"),
                ("leaf weights", WEIGHTS, "<f8"),
            )
            if trees.field(at)
        }
        return facts, documents, {name: array for name, array in arrays.items() if array.shape[0]}

    def _information(self, root: _Table) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return what the file says of itself: plain texts, and documents."""
        facts: dict[str, Any] = {}
        documents: dict[str, Any] = {}
        for entry in root.tables(INFO):
            name, value = entry.text(0), entry.text(1)
            if name == "catboost_version_info":
                facts["catboost version"] = _version(value)
            elif value.startswith("{") and name not in OWN:
                documents[name] = json.loads(value)
            elif name not in OWN:
                facts[name] = value
        return facts, documents

    def _features(self, trees: _Table) -> list[str]:
        """Return the names of the features in their order, or the places of those that have none."""
        names: dict[int, str] = {}
        for kind in (FLOATS, CATEGORIES):
            for feature in trees.tables(kind):
                at = self.number("<i", feature.field(FLAT_INDEX[kind])) if feature.field(FLAT_INDEX[kind]) else -1
                names[at] = feature.text(NAME[kind]) or str(at)
        return [names[at] for at in sorted(names)]

    def _numbers(self, vector: tuple[int, int], kind: str) -> list[int]:
        start, count = vector
        if count > MAX_TREES:
            raise ValueError(f"it has more than {MAX_TREES:,} trees")
        return list(struct.unpack(f"<{count}{kind}", self.bytes_at(start, count * struct.calcsize(f"<{kind}"))))

    def _array(self, vector: tuple[int, int], kind: str) -> Array:
        start, count = vector
        size, path = count * int(kind[-1]), self._path
        if start + size > self._length:
            raise ValueError("a list of it is longer than the file")

        def values() -> Any:
            import numpy as np

            with open(git.opened(path, links=True), "rb") as file:
                file.seek(START + start)
                return np.frombuffer(file.read(size), dtype=kind)

        readable = size <= MAX_BYTES and importlib.util.find_spec("numpy") is not None
        return Array((count,), {"i": "int32", "f": "float64"}[kind[1]], values if readable else None)

    def number(self, kind: str, at: int) -> int:
        return int(struct.unpack(kind, self.bytes_at(at, struct.calcsize(kind)))[0])

    def text(self, at: int, count: int) -> str:
        self._texts += count
        if self._texts > MAX_TEXT:
            raise ValueError(f"its texts are longer than {MAX_TEXT >> 20} MB")
        return self.bytes_at(at, count).decode("utf-8", "replace")

    def bytes_at(self, at: int, count: int) -> bytes:
        if not 0 <= at <= at + count <= self._length:
            raise ValueError("it leads out of the file")
        return os.pread(self._file, count, START + at)


class _Table:
    """A table of a FlatBuffer."""

    def __init__(self, core: _Core, at: int) -> None:
        self._core = core
        self._at = at
        self._fields = at - core.number("<i", at)
        self._end = core.number("<H", self._fields)

    def field(self, number: int) -> int:
        """Return where a field lies, 0 for one that has its default."""
        place = 4 + 2 * number
        offset = self._core.number("<H", self._fields + place) if place + 2 <= self._end else 0
        return offset and self._at + offset

    def table(self, number: int) -> _Table:
        at = self.field(number)
        if not at:
            raise ValueError("a part of it is not there")
        return _Table(self._core, at + self._core.number("<I", at))

    def vector(self, number: int) -> tuple[int, int]:
        """Return where a list begins, and how many items it has."""
        at = self.field(number)
        start = at + self._core.number("<I", at)
        return start + 4, self._core.number("<I", start)

    def text(self, number: int) -> str:
        if not self.field(number):
            return ""
        return self._core.text(*self.vector(number))

    def tables(self, number: int) -> list[_Table]:
        start, count = self.vector(number) if self.field(number) else (0, 0)
        if count > MAX_LISTED:
            raise ValueError(f"it has more than {MAX_LISTED:,} features")
        places = range(start, start + 4 * count, 4)
        return [_Table(self._core, at + self._core.number("<I", at)) for at in places]


def _version(said: str) -> str:
    """Return the version that the lines about a build name, else their first one."""
    lines = [line.strip() for line in said.splitlines()]
    named = [line.partition("tags/v")[2] for line in lines if "tags/v" in line]
    return (named or lines or [""])[0]
