"""How a repository grew, and who makes it grow: pure, from its history."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from trinity_guard.report.history import DVC, GIT, History, Version

POINTS = 200
# What a pointer and its line in .gitignore take of Git.
POINTER_BYTES = 250
MONTH = 30 * 86400
YEAR = 365 * 86400


@dataclass(slots=True)
class Curves:
    """Bytes at each of the times (seconds since 1970): of Git as it is, with every artifact in Git, with none."""

    times: list[int]
    actual: list[int]
    inside: list[int]
    outside: list[int]


class Row:
    """An artifact over time. size: of its newest version; total: of all versions; both in bytes, unpacked.

    home: where its newest version lies; monthly: bytes that the last year of the history added, a month.
    """

    def __init__(self, path: bytes, versions: Sequence[Version], last: int) -> None:
        self.path = path
        self.sizes = [v.size for v in versions]
        self.home = versions[-1].home
        self.size = versions[-1].size
        self.total = sum(self.sizes)
        self.when = versions[-1].when
        recent = [v.size for v in versions if v.when > last - YEAR]
        span = min(YEAR, max(last - versions[0].when, MONTH))
        # The first version of all is no growth: there was nothing before.
        self.monthly = (sum(recent) - (recent[0] if len(recent) == len(versions) else 0)) * MONTH // span


def curves(history: History) -> Curves:
    """Return what Git took over time, and what it would have taken with and without a migration."""
    raw = [(v.when, v.packed) for v in history.once(GIT)]
    pointers = [(v.when, POINTER_BYTES) for v in history.once(GIT)]
    held = [(v.when, v.size) for v in history.once(DVC)]
    times = _times(history)
    return Curves(
        times,
        _summed([*history.other, *raw], times),
        _summed([*history.other, *raw, *held], times),
        _summed([*history.other, *pointers], times),
    )


def _times(history: History) -> list[int]:
    if not history.commits:
        return []
    span = history.last - history.first
    steps = min(POINTS, max(span, 1))
    return sorted({history.first + span * i // steps for i in range(steps + 1)})


def _summed(steps: Iterable[tuple[int, int]], times: Sequence[int]) -> list[int]:
    ordered = sorted(steps)
    marks = [when for when, _ in ordered]
    sums = [0, *accumulate(size for _, size in ordered)]
    return [sums[bisect_right(marks, when)] for when in times]


def rows(history: History) -> list[Row]:
    """Return all artifacts, those with the most bytes in all their versions first."""
    found = [Row(path, versions, history.last) for path, versions in history.versions.items()]
    return sorted(found, key=lambda r: (-r.total, r.path))


def growing(found: Iterable[Row]) -> list[Row]:
    """Return those that the last year added to, the fastest first."""
    return sorted((r for r in found if r.monthly > 0), key=lambda r: (-r.monthly, r.path))
