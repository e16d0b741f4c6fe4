"""Text in boxes: breaks, widths and verdicts that can be counted by hand. DejaVu Sans Mono is 1233/2048 em wide."""

from __future__ import annotations

import math
from random import Random

import pytest
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]  # it says nothing of its types
from hypothesis import given
from hypothesis import strategies as st

from trinity_guard.training.data import layout, texts
from trinity_guard.training.data.layout import LOST, TALL, WIDE, Box
from trinity_guard.training.data.themes import SHRINK, STRATEGIES, THEMES

CELL = 1233
MONO = layout.face("DejaVuSansMono")


def box(cells: float, lines: int) -> Box:
    """A box so many characters wide."""
    return Box("DejaVuSansMono", cells * CELL * 16 / layout.EM, 16, lines)


def shape(text: str, cells: float) -> list[str]:
    """Return a text's lines in a box so many characters wide."""
    pieces = MONO.pieces(text)
    lines = layout.wrapped(pieces, cells * CELL, MONO.units(" "))
    joined = ["".join((" " if spaced else "") + part for _, part, spaced in pieces[a:b]).strip() for _, a, b in lines]
    assert [width for width, _, _ in lines] == [len(line) * CELL for line in joined]
    return joined


@pytest.mark.parametrize(
    ("text", "cells", "lines"),
    [
        ("", 5, []),
        ("one", 5, ["one"]),
        ("one two", 7, ["one two"]),
        ("one two", 6.9, ["one", "two"]),
        ("one  two\n three", 9, ["one two", "three"]),
        ("a verylongword b", 5, ["a", "verylongword", "b"]),
        ("state-of-the-art", 9, ["state-of-", "the-art"]),
        ("a https://b.c/d/e?f=g&h", 12, ["a", "https://b.c/d/e?", "f=g&h"]),
        ("2024-01-31", 8, ["2024-01-", "31"]),
        ("ends- -begins a-", 5, ["ends-", "-", "begins", "a-"]),
        ("snake_case.and/slash", 5, ["snake_case.and/slash"]),
    ],
)
def test_lines_break_where_a_browser_breaks_them(text: str, cells: float, lines: list[str]) -> None:
    assert shape(text, cells) == lines


@pytest.mark.parametrize(
    ("text", "cells", "lines"),
    [
        ("one two", 6, 2),
        ("aaaaaaaaaa", 5, 2),
        ("aaaaaaaaaaa", 5, 3),
        ("a bbbbbbbbbb c", 5, 4),
        ("a bbbbbbbbb c", 6, 3),
        ("aaa", 0.5, 3),
    ],
)
def test_a_long_word_breaks_anywhere_once_it_stands_on_a_line_of_its_own(text: str, cells: float, lines: int) -> None:
    assert layout.broken(MONO, MONO.pieces(text), cells * CELL) == lines


@pytest.mark.parametrize(
    ("text", "cells", "room", "expected"),
    [
        # NONE, CSS_BREAK_WORD, FONT_SHRINK, CSS_TRUNCATE, CONTENT_CUT
        ("it fits", 10, 1, ["", "", "", "", ""]),
        ("a wordthatistoolong", 10, 5, [WIDE, "", WIDE, "", ""]),
        ("abcdefghijk", 10, 1, [WIDE, TALL, "", "", ""]),
        ("abcde fghijk", 10, 1, [TALL, TALL, "", "", ""]),
        ("four four four four", 8, 2, [TALL, TALL, "", "", ""]),
        ("four four four four four four four", 9, 2, [TALL, TALL, TALL, "", ""]),
        ("x" * 60, 10, 1, [WIDE, TALL, WIDE, LOST, LOST]),
        ("word " * 200, 10, 2, [TALL, TALL, TALL, LOST, LOST]),
    ],
)
def test_what_each_strategy_makes_of_a_text(text: str, cells: float, room: int, expected: list[str]) -> None:
    assert [layout.verdict(box(cells, room), text, strategy) for strategy in STRATEGIES] == expected


@pytest.mark.parametrize(
    ("text", "cells", "room", "share"),
    [
        ("it fits", 10, 1, 1.0),
        ("abcdefghijkl", 6, 1, 5 / 12),  # the sixth is the ellipsis
        ("abc defghijk", 6, 1, 4 / 11),  # one line does not wrap
        ("abc defghijk", 6, 2, 8 / 11),
        ("ab cd ef gh", 5, 1, 3 / 8),
        ("ab cd ef gh ij", 5, 2, 7 / 10),
        ("abcd efgh ijkl", 5, 2, 8 / 12),  # there is room for the ellipsis
    ],
)
def test_how_much_of_a_truncated_text_is_seen(text: str, cells: float, room: int, share: float) -> None:
    assert layout.visible(box(cells, room), text) == pytest.approx(share)


def test_content_is_cut_by_count_without_a_font() -> None:
    narrow, wide = Box("DejaVuSans", 200, 16, 2), Box("DejaVuSansMono", 200, 16, 2)
    long = "one two three four five six seven eight nine ten"
    assert layout.cut(narrow, long) == layout.cut(wide, long)
    assert layout.cut(narrow, long).endswith("…")
    assert long.startswith(layout.cut(narrow, long)[:-1])
    assert layout.cut(narrow, "short") == "short"
    assert layout.cut(narrow, "A" * 40) == "A" * 14 + "…"


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_advances_are_those_in_the_font_file(theme: object) -> None:
    family = getattr(theme, "family")  # noqa: B009
    font = TTFont(f"{layout.fonts()}/{family}.ttf")
    glyphs, advances = font.getBestCmap(), font["hmtx"]
    assert font["head"].unitsPerEm == layout.EM
    face = layout.face(family)
    characters = [chr(c) for c in range(0x20, 0x180) if c in glyphs]
    assert len(characters) > 250
    for character in characters:
        assert face.units(character) == advances[glyphs[ord(character)]][0]


WORDS = st.lists(st.text("aWi-?.é/", min_size=1, max_size=12), max_size=12).map(" ".join)


@given(text=WORDS, cells=st.floats(1, 30))
def test_lines_lose_nothing_and_stick_out_only_where_nothing_breaks(text: str, cells: float) -> None:
    pieces = MONO.pieces(text)
    lines = layout.wrapped(pieces, cells * CELL, MONO.units(" "))
    assert [n for _, first, end in lines for n in range(first, end)] == list(range(len(pieces)))
    assert all(width <= cells * CELL or end - first == 1 for width, first, end in lines)
    assert "".join(part for _, part, _ in pieces) == "".join(text.split())


@given(text=WORDS, cells=st.floats(1, 30), room=st.integers(1, 5))
def test_more_room_never_breaks_a_layout(text: str, cells: float, room: int) -> None:
    for strategy in ("NONE", "CSS_BREAK_WORD", "FONT_SHRINK"):
        if not layout.verdict(box(cells, room), text, strategy):
            assert not layout.verdict(box(cells, room + 1), text, strategy)
            assert not layout.verdict(box(cells * 1.5, room), text, strategy)
    if not layout.verdict(box(cells, room), text, "NONE"):
        assert not layout.verdict(box(cells, room), text, "CSS_BREAK_WORD")
        assert not layout.verdict(box(cells, room), text, "FONT_SHRINK")
        assert layout.visible(box(cells, room), text or "a") == 1.0


def test_smaller_lines_fill_the_same_height() -> None:
    assert [math.floor(lines / SHRINK + 1e-9) for lines in (1, 2, 3, 4, 6)] == [1, 2, 3, 5, 7]
    text = " ".join(["abcdefgh"] * 5)
    assert layout.verdict(box(9, 4), text, "NONE") == TALL
    assert layout.verdict(box(9, 4), text, "FONT_SHRINK") == ""
    assert layout.verdict(box(9, 3), text, "FONT_SHRINK") == TALL


@pytest.mark.parametrize("kind", texts.KINDS, ids=lambda kind: kind.__name__)
def test_a_pathological_word_is_one_word_of_about_the_size_asked_for(kind: object) -> None:
    assert callable(kind)
    sizes = [len(kind(Random(seed), 40)) for seed in range(50)]
    assert all(not set(kind(Random(seed), 40)) & set(" ,\n") for seed in range(50))
    assert min(sizes) >= 38
    assert max(sizes) < 110
