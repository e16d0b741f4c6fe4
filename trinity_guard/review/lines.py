"""In which lines two texts differ, each at its place: what a line of the one is, of the other."""

from __future__ import annotations

import itertools
import operator

from trinity_guard import git

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import IO

    from trinity_guard.review.dialect import Dialect
    from trinity_guard.review.engine import Engine

AT_ONCE = 10_000  # lines that are looked at in one go
# Where more of the lines are others, what is read twice takes less time.
MOST_OTHERS = 0.25


class Others:
    """The lines that are not at their place in the other file. before, after: how many lines each file has below its
    header; changed: how many places have another line; written: with what is added at the end.

    old, new: files of these lines, each behind its place; `new` has what is added too.
    """

    __slots__ = ("after", "before", "changed", "new", "old", "written")

    def __init__(self, old: str, new: str) -> None:
        self.old = old
        self.new = new
        self.before = self.after = self.changed = self.written = 0

    def add(self, one: list[bytes], other: list[bytes], place: bytes, out: Sequence[IO[bytes]]) -> None:
        """Take the next lines of both files, as many of each, but at an end."""
        if one != other:
            at_all = [at for at, unlike in enumerate(map(operator.ne, one, other)) if unlike]
            out[0].writelines(place % (self.before + at) + one[at] for at in at_all)
            self.changed += len(at_all)
            at_all += range(len(one), len(other))
            out[1].writelines(place % (self.after + at) + other[at] for at in at_all)
            self.written += len(at_all)
        self.before, self.after = self.before + len(one), self.after + len(other)


def find(engine: Engine, paths: Sequence[bytes], hows: Sequence[Dialect]) -> Others | None:
    """Find the lines in which two files differ; None for many of them, and for files that are not written alike."""
    if not _alike(*hows):
        return None
    found = Others(engine.scratch_file("lines"), engine.scratch_file("lines"))
    place = b"%d" + hows[0].delimiter.encode()
    with (
        open(git.opened(paths[0], links=True), "rb") as one,
        open(git.opened(paths[1], links=True), "rb") as other,
        open(found.old, "wb") as old,
        open(found.new, "wb") as new,
    ):
        if hows[0].header:
            old.write(place % 0 + one.readline())
            new.write(place % 0 + other.readline())
        for pair in _pieces(one, other):
            found.add(*pair, place, (old, new))
            if found.changed > AT_ONCE + MOST_OTHERS * found.before:
                return None
    return found if found.changed <= MOST_OTHERS * found.before else None


def _alike(one: Dialect, other: Dialect) -> bool:
    """Whether two texts are written in one way, and read as they are."""
    same = all(getattr(one, what) == getattr(other, what) for what in ("names", "header", "delimiter", "decimal"))
    return same and one.plain and other.plain and not (one.bare_returns or other.bare_returns)


def _pieces(one: IO[bytes], other: IO[bytes]) -> Iterator[tuple[list[bytes], list[bytes]]]:
    while True:
        pair = list(itertools.islice(one, AT_ONCE)), list(itertools.islice(other, AT_ONCE))
        if not any(pair):
            return
        yield pair
