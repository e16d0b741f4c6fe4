"""In which lines two texts differ, each at its place: what a line of the one is, of the other."""

from __future__ import annotations

import os

from trinity_guard import git

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import IO

    from trinity_guard.review.dialect import Dialect
    from trinity_guard.review.engine import Engine

    Unlike = tuple[int, bytes, bytes]

PIECE = 1 << 20  # bytes that are read at once
LEAST, MOST = 1 << 6, 1 << 12  # bytes that are compared at once
# Where more of the lines are others, to split a piece into lines takes less time than to look for each of these.
SCATTERED = 0.02
AT_ONCE = 10_000  # lines of which any number may be others before most have been seen
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

    def add(self, passed: int, unlike: list[Unlike], place: bytes, out: Sequence[IO[bytes]]) -> None:
        """Take the next lines of both files, as many of each. unlike: those that are others, counted from these on."""
        out[0].writelines(place % (self.before + at) + line for at, line, _ in unlike)
        out[1].writelines(place % (self.after + at) + line for at, _, line in unlike)
        self.before, self.after = self.before + passed, self.after + passed
        self.changed, self.written = self.changed + len(unlike), self.written + len(unlike)

    def end(self, one: IO[bytes], other: IO[bytes], place: bytes, out: IO[bytes]) -> None:
        """Take the lines that one file alone has, at its end."""
        self.before += sum(1 for _ in one)
        for line in other:
            out.write(place % self.after + line)
            self.after, self.written = self.after + 1, self.written + 1

    def are_many(self) -> bool:
        return self.changed > MOST_OTHERS * self.before


class Text:
    """A file that is gone through from line to line. data: what is here of it; at: where the next line begins there;

    ended: whether there is no more than that.
    """

    __slots__ = ("at", "data", "ended", "file")

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.data = b""
        self.at = 0
        self.ended = False

    def fill(self) -> bool:
        """Read on where little is left, or no whole line; return whether there is a line."""
        if not self.ended and (len(self.data) - self.at < PIECE // 2 or self.data.find(b"\n", self.at) < 0):
            piece = self.file.read(PIECE)
            self.data, self.at, self.ended = self.data[self.at :] + piece, 0, not piece
        return self.at < len(self.data)

    def end_of(self, start: int) -> int:
        """Return where the line ends that begins there, 0 where that is not known, or none does."""
        end = self.data.find(b"\n", start) + 1
        return end or (len(self.data) if self.ended and start < len(self.data) else 0)

    def lines(self) -> list[bytes]:
        """Return the lines that are here as a whole. (No carriage return stands alone.)"""
        end = len(self.data) if self.ended else self.data.rfind(b"\n") + 1
        return self.data[self.at : end].splitlines(True)

    def rest(self) -> IO[bytes]:
        """Return the file, at the next line."""
        self.file.seek(self.at - len(self.data), os.SEEK_CUR)
        return self.file


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
        texts = Text(one), Text(other)
        through = _through
        while all(text.fill() for text in texts):
            passed, unlike = through(*texts)
            through = _line_by_line if len(unlike) > SCATTERED * passed else _through
            found.add(passed, unlike, place, (old, new))
            if found.changed > AT_ONCE + MOST_OTHERS * found.before:
                return None
        found.end(texts[0].rest(), texts[1].rest(), place, new)
    return None if found.are_many() else found


def _alike(one: Dialect, other: Dialect) -> bool:
    """Whether two texts are written in one way, and read as they are."""
    same = all(getattr(one, what) == getattr(other, what) for what in ("names", "header", "delimiter", "decimal"))
    return same and one.plain and other.plain and not (one.bare_returns or other.bare_returns)


def _through(one: Text, other: Text) -> tuple[int, list[Unlike]]:
    """Go past the lines that both have here; return how many these are, and those that are others, at their places."""
    passed = 0
    unlike: list[Unlike] = []
    while True:
        at, apart = one.at, other.at - one.at
        same = _same(one.data, other.data, at, apart)
        start = one.data.rfind(b"\n", at, same) + 1 or at
        passed += one.data.count(b"\n", at, start)
        one.at, other.at = start, start + apart
        ends = one.end_of(one.at), other.end_of(other.at)
        if not all(ends):
            return passed, unlike
        lines = one.data[one.at : ends[0]], other.data[other.at : ends[1]]
        if lines[0] != lines[1]:
            unlike.append((passed, *lines))
        passed += 1
        one.at, other.at = ends


def _line_by_line(one: Text, other: Text) -> tuple[int, list[Unlike]]:
    """Do as `_through` does, in a time that does not depend on how many lines are others."""
    pair = one.lines(), other.lines()
    unlike = [(at, old, new) for at, (old, new) in enumerate(zip(*pair, strict=False)) if old != new]
    passed = min(map(len, pair))
    for text, lines in zip((one, other), pair, strict=True):
        text.at += sum(map(len, lines[:passed]))
    return passed, unlike


def _same(one: bytes, other: bytes, at: int, apart: int) -> int:
    """Return up to where two texts are the same from `at` on, less than LEAST before they differ, or one ends.

    apart: how much further the other one is.
    """
    end = min(len(one), len(other) - apart)
    size = LEAST
    while at + size <= end and other.startswith(one[at : at + size], at + apart):
        at += size
        size = min(2 * size, MOST)
    while size > LEAST:
        size //= 2
        if at + size <= end and other.startswith(one[at : at + size], at + apart):
            at += size
    return at
