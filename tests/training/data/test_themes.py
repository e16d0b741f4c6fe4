"""The site that is laid out: strategies and their classes, themes with fonts that are there, slots with room."""

from __future__ import annotations

from trinity_guard.training.data import layout
from trinity_guard.training.data.themes import OVERRIDES, SLOTS, STRATEGIES, THEMES, UNRESOLVED
from trinity_guard.training.model import forest


def test_strategies_are_numbered_as_the_contract_has_them() -> None:
    names = ["NONE", "CSS_BREAK_WORD", "FONT_SHRINK", "CSS_TRUNCATE", "CONTENT_CUT"]
    assert dict(zip(names, range(5), strict=True)) == STRATEGIES
    assert UNRESOLVED == 99
    assert {value: name.lower() for name, value in STRATEGIES.items()} | {99: "unresolved"} == forest.STRATEGIES
    assert set(OVERRIDES) == set(STRATEGIES)


def test_each_theme_has_a_font_that_is_there_and_leaves_each_slot_some_room() -> None:
    assert len({theme.name for theme in THEMES}) == len(THEMES)
    for theme in THEMES:
        assert layout.face(theme.family).units("m") > 0
        assert all(slot.width / 1.25 - 2 * theme.padding * 1.5 > 0 for slot in SLOTS)
