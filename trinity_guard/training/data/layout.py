"""Text laid out as a browser does it: `white-space: normal`, real font metrics, one verdict for each box.

Widths are sums of advances in font units (DejaVu: 2048 to the em), whole numbers on any machine: hinting, kerning and
shaping, in which FreeType's and Pillow's versions differ, have no part in them. A slow test compares with Chromium.
"""

from __future__ import annotations

import functools
import math
import os
import re
from dataclasses import dataclass, field

from trinity_guard.training.data.themes import AMPLE, KEPT_BY_CUT, KEPT_BY_TRUNCATE, NOMINAL, SHRINK

EM = 2048  # DejaVu's units to the em
ELLIPSIS = "…"
# Where Chromium breaks a word by itself; it does not break behind a slash.
OPPORTUNITY = re.compile(r"(?<=[-?])(?=[A-Za-z0-9=&%_#~+(@])")

WIDE, TALL, LOST = "overflow_x", "overflow_y", "text_lost"

RAGGED = 3  # characters

# A piece is what no line break divides: (width in font units, text, whether a space stands before it).
Piece = tuple[int, str, bool]
# A line: its width in font units, and the range of the pieces on it, first to end - 1.
Line = tuple[int, int, int]


@dataclass(frozen=True)
class Face:
    """A font's advances. Words are measured once."""

    path: str
    advances: dict[str, int] = field(default_factory=dict, repr=False)
    words: dict[str, int] = field(default_factory=dict, repr=False)

    def units(self, word: str) -> int:
        """Return the width of a word in font units."""
        width = self.words.get(word)
        if width is None:
            missing = set(word) - self.advances.keys()
            if missing:
                self._measure(missing)
            width = self.words[word] = sum(map(self.advances.__getitem__, word))
        return width

    def _measure(self, characters: set[str]) -> None:
        from PIL import ImageFont  # late: what reads tables alone needs no fonts

        # At one pixel a unit the rounding of hinted advances changes nothing, whatever FreeType it is.
        font = ImageFont.truetype(self.path, EM, layout_engine=ImageFont.Layout.BASIC)
        for character in sorted(characters):
            self.advances[character] = round(font.getlength(character))

    def pieces(self, text: str) -> list[Piece]:
        """Return what line breaks may not divide, in order."""
        found: list[Piece] = []
        for word in text.split():
            found += [(self.units(part), part, number == 0) for number, part in enumerate(unbroken(word))]
        return found


def unbroken(text: str) -> list[str]:
    """Return what of a text no browser divides: its words, and the parts of words that have a place to break at."""
    words = text.split()
    if "-" not in text and "?" not in text:
        return words
    return [part for word in words for part in OPPORTUNITY.split(word)]


@functools.cache
def face(family: str) -> Face:
    """Return a font of those that matplotlib ships, by its file's name without `.ttf`."""
    return Face(os.path.join(fonts(), f"{family}.ttf"))


@functools.cache
def fonts() -> str:
    """Return the folder of matplotlib's fonts."""
    import matplotlib  # late, as above

    return os.path.join(matplotlib.get_data_path(), "fonts", "ttf")


@dataclass(frozen=True)
class Box:
    """A slot as a theme makes it. width: of its content, px; px: font size; lines: how many of them it has room for."""

    family: str
    width: float
    px: float
    lines: int

    def limit(self, shrink: float = 1.0) -> float:
        """Return how many font units a line takes."""
        return self.width * EM / (self.px * shrink)

    def across(self, advance: float = NOMINAL) -> float:
        """Return how many characters fit on a line, to one who has no font at hand. advance: of one, in em."""
        return self.width / (advance * self.px)

    def capacity(self, advance: float = NOMINAL) -> float:
        """Return how many characters fit; each line but the last loses about half a word to its ragged end."""
        return max(self.lines * self.across(advance) - RAGGED * (self.lines - 1), 1.0)


def wrapped(pieces: list[Piece], limit: float, space: int) -> list[Line]:
    """Break pieces into lines greedily. A piece wider than the limit has a line for itself and sticks out."""
    lines: list[Line] = []
    width, first = 0, 0
    for number, (units, _, spaced) in enumerate(pieces):
        if number == first:
            width = units
            continue
        longer = width + units + (space if spaced else 0)
        if longer <= limit:
            width = longer
        else:
            lines.append((width, first, number))
            width, first = units, number
    if pieces:
        lines.append((width, first, len(pieces)))
    return lines


def broken(face: Face, pieces: list[Piece], limit: float) -> int:
    """Return the number of lines where a piece wider than a line may break anywhere (`overflow-wrap: break-word`)."""
    space = face.units(" ")
    lines, width = 1, 0
    for units, text, spaced in pieces:
        longer = width + units + (space if spaced and width else 0)
        if longer <= limit:
            width = longer
            continue
        if width:
            lines += 1
        width = units
        if units > limit:
            width = 0
            for character in text:
                advance = face.advances[character]
                if width and width + advance > limit:
                    lines += 1
                    width = 0
                width += advance
    return lines


def verdict(box: Box, text: str, strategy: str) -> str:
    """Return what is wrong with a text in a box under a strategy (WIDE, TALL or LOST), "" when the layout holds."""
    font = face(box.family)
    if strategy == "CSS_TRUNCATE":
        return "" if visible(box, text) >= KEPT_BY_TRUNCATE else LOST
    if strategy == "CONTENT_CUT":
        left = cut(box, text)
        if _letters(left) < KEPT_BY_CUT * _letters(text):
            return LOST
        return _overflow(font, font.pieces(left), box.limit(), box.lines)
    pieces = font.pieces(text)
    if strategy == "CSS_BREAK_WORD":
        return TALL if broken(font, pieces, box.limit()) > box.lines else ""
    if strategy == "FONT_SHRINK":
        # The box keeps its height, and smaller lines are lower; the sum of floats must not lose a whole line.
        return _overflow(font, pieces, box.limit(SHRINK), int(box.lines / SHRINK + 1e-9))
    return _overflow(font, pieces, box.limit(), box.lines)


def _overflow(face: Face, pieces: list[Piece], limit: float, room: int) -> str:
    lines = wrapped(pieces, limit, face.units(" "))
    if any(width > limit for width, _, _ in lines):
        return WIDE
    return TALL if len(lines) > room else ""


def visible(box: Box, text: str) -> float:
    """Return the share of a text's characters that a truncated box shows, spaces not counted.

    A box of one line does not wrap (`white-space: nowrap`); others are clamped: lines below the last are hidden.
    A line that is too wide ends in an ellipsis, and so does the last one before hidden lines.
    """
    font = face(box.family)
    limit = box.limit()
    pieces = font.pieces(text)
    lines = wrapped(pieces, limit if box.lines > 1 else math.inf, font.units(" "))
    shown = 0
    for number, (width, first, end) in enumerate(lines[: box.lines]):
        clamped = number == box.lines - 1 and len(lines) > box.lines
        needed = width + (font.units(ELLIPSIS) if clamped else 0)
        if needed <= limit:
            shown += sum(len(text) for _, text, _ in pieces[first:end])
        else:
            shown += _fitting(font, pieces[first:end], limit - font.units(ELLIPSIS))
    return shown / max(_letters(text), 1)


def _fitting(face: Face, pieces: list[Piece], limit: float) -> int:
    """Return how many characters of a line stand before the limit."""
    width, count = 0, 0
    for number, (_, text, spaced) in enumerate(pieces):
        width += face.units(" ") if spaced and number else 0
        for character in text:
            width += face.advances[character]
            if width > limit:
                return count
            count += 1
    return count


def cut(box: Box, text: str) -> str:
    """Return a text shortened by count of characters, as is done before there is a font: long words, then the end."""
    longest = max(int(box.across(AMPLE)), 2)
    words = [w if len(w) <= longest else w[: longest - 1] + ELLIPSIS for w in text.split()]
    budget = int(box.capacity(AMPLE))
    short = " ".join(words)
    return short if len(short) <= budget else short[: max(budget - 1, 0)].rstrip() + ELLIPSIS


def _letters(text: str) -> int:
    return len(text) - text.count(" ")
