"""Grouped, stratified parts: no page in two of them, and every class in all of them as evenly as pages allow."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


def parts(y: Ints, groups: Ints, count: int, seed: int) -> Ints:
    """Return the part (0 to count-1) of each row, shape (n,).

    y, groups: shape (n,). Pages that look alike (so many rows of each class) are dealt out like cards after a shuffle,
    which is exact and takes no loop; what is left of each kind goes, largest first, to where it is wanted most.
    scikit-learn's StratifiedGroupKFold does the second for every page, in Python: 0.4 s for 4,000 of them.
    RandomState, because its stream is frozen for good: the same seed splits alike under any NumPy.
    """
    classes, codes = np.unique(y, return_inverse=True)
    names, pages = np.unique(groups, return_inverse=True)
    counts = np.zeros((len(names), len(classes)), dtype=np.int64)
    np.add.at(counts, (pages, codes), 1)
    order = np.random.RandomState(seed).permutation(len(names))
    _, kinds = np.unique(counts[order], axis=0, return_inverse=True)
    order = order[np.argsort(kinds.reshape(-1), kind="stable")]
    part_of = np.full(len(names), -1, dtype=np.int64)
    _deal(part_of, order, np.sort(kinds.reshape(-1)), count)
    _place(part_of, counts, order, count)
    return np.asarray(part_of[pages], dtype=np.int64)


def fraction(share: float) -> tuple[int, int]:
    """Return (a, b): a parts of b come nearest to this share, 0.2 -> (1, 5)."""
    near = Fraction(share).limit_denominator(20)
    return near.numerator, near.denominator


def _deal(part_of: Ints, order: Ints, kinds: Ints, count: int) -> None:
    """Deal the pages of each kind (order: shuffled, kind by kind) to all parts, as far as they go round."""
    begins = np.flatnonzero(np.r_[True, kinds[1:] != kinds[:-1]])
    sizes = np.diff(np.r_[begins, len(kinds)])
    place = np.arange(len(kinds)) - np.repeat(begins, sizes)
    dealt = place < np.repeat(sizes // count * count, sizes)
    part_of[order[dealt]] = place[dealt] % count


def _place(part_of: Ints, counts: Ints, order: Ints, count: int) -> None:
    """Give each page that was not dealt to the part where its classes weigh least; counts: (pages, classes)."""
    share = counts / counts.sum(axis=0)
    load = np.zeros((count, counts.shape[1]))
    placed = part_of >= 0
    np.add.at(load, part_of[placed], share[placed])
    rest = order[part_of[order] < 0]
    for page in rest[np.argsort(-share[rest].sum(axis=1), kind="stable")]:
        worse = ((load + share[page]) ** 2 - load**2).sum(axis=1)
        chosen = int(np.argmin(worse))
        part_of[page] = chosen
        load[chosen] += share[page]
