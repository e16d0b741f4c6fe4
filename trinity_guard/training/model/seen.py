"""Rows that a model was trained on, known again in any table: by a sample of their hashes in its metadata.

A figure on such rows flatters. The sample is the rows whose hash has a remainder of 0, so that it is the same rows in
whatever order or line ends they come; of a small table it is all of them.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]


class Rows(Protocol):
    """Columns (a DataFrame) and what is to be predicted of each row."""

    @property
    def X(self) -> Any: ...  # noqa: N802  # scikit-learn's name
    @property
    def y(self) -> Any: ...


# How many hashes metadata keeps, and how many bytes each has: 7 kB of text.
SAMPLE, WIDTH = 1024, 5


def recorded(data: Rows, train: Ints) -> dict[str, Any]:
    """Return what metadata keeps of the rows: a hash of all, in order, and a sample of those that were trained on."""
    every = -(-len(train) // SAMPLE) or 1
    of_all = hashes(data)
    kept = np.unique(of_all[train][of_all[train] % np.uint64(every) == 0])
    packed = b"".join(int(one).to_bytes(WIDTH, "big") for one in kept)
    return {"rows_md5": _digest(of_all), "every": every, "hashes": base64.b64encode(packed).decode()}


def is_same(data: Rows, told: object) -> bool:
    """Whether these are the rows of the table that a model was trained on, in its order, whatever the file's bytes."""
    return isinstance(told, Mapping) and told.get("rows_md5") == _digest(hashes(data))


def share(data: Rows, told: object) -> dict[str, float]:
    """Return how many of a sample of these rows are like one that was trained on; {} where metadata keeps none."""
    kept = _unpacked(told)
    if kept is None:
        return {}
    every, known = kept
    found = hashes(data)
    looked = found[found % np.uint64(every) == 0]
    again = int(np.isin(looked, known).sum())
    return {"looked_at": len(looked), "seen": again, "seen_share": again / max(1, len(looked))}


def _unpacked(told: object) -> tuple[int, Hashes] | None:
    """Return the divisor and the hashes of metadata, None for what is none of ours."""
    if not isinstance(told, Mapping):
        return None
    every, text = told.get("every"), told.get("hashes")
    if not isinstance(every, int) or isinstance(every, bool) or every < 1 or not isinstance(text, str):
        return None
    try:
        packed = base64.b64decode(text, validate=True)
    except ValueError:
        return None
    values = [int.from_bytes(packed[at : at + WIDTH], "big") for at in range(0, len(packed), WIDTH)]
    return every, np.array(values, dtype=np.uint64)


def hashes(data: Rows) -> Hashes:
    """Return a hash of each row's columns and label, shape (n,)."""
    columns = [data.X[name].tolist() for name in sorted(data.X)]
    found = [_hash(repr(row)) for row in zip(*columns, data.y.tolist(), strict=True)]
    return np.array(found, dtype=np.uint64)


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=WIDTH).digest(), "big")


def _digest(found: Hashes) -> str:
    return hashlib.md5(found.astype(">u8").tobytes(), usedforsecurity=False).hexdigest()
