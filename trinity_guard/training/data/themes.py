"""The site that is laid out: themes, slots, and the strategies that heal a page that does not fit."""

from __future__ import annotations

from dataclasses import dataclass

# The strategies and their classes in `resolved_strategy_id`, in the order in which a page tries them.
STRATEGIES = {"NONE": 0, "CSS_BREAK_WORD": 1, "FONT_SHRINK": 2, "CSS_TRUNCATE": 3, "CONTENT_CUT": 4}
UNRESOLVED = 99

SHRINK = 0.8  # font-size under FONT_SHRINK
# What must stay readable of a slot's characters for a loss to count as healing.
KEPT_BY_TRUNCATE = 0.4
KEPT_BY_CUT = 0.25
# em: the width of a character, to one who has no font at hand; and one that few texts exceed, for cutting.
NOMINAL = 0.6
AMPLE = 0.8

OVERRIDES = {
    "NONE": "",
    "CSS_BREAK_WORD": "overflow-wrap: break-word",
    "FONT_SHRINK": f"font-size: {SHRINK}em",
    "CSS_TRUNCATE": "overflow: hidden; text-overflow: ellipsis; display: -webkit-box; -webkit-box-orient: vertical",
    "CONTENT_CUT": f"--advance: {AMPLE}em",
}


@dataclass(frozen=True)
class Theme:
    """family: a font file of matplotlib's, without `.ttf`; scale: of font sizes; spacing: line height in em;
    padding: of a slot's sides, px."""

    name: str
    family: str
    scale: float
    spacing: float
    padding: int


@dataclass(frozen=True)
class Slot:
    """px: font size before the theme's scale; width: of the box with its padding, px; lines: what it has room for."""

    name: str
    px: int
    width: int
    lines: int


THEMES = (
    Theme("minimal", "DejaVuSans", 1.0, 1.5, 8),
    Theme("corporate", "DejaVuSans-Bold", 0.9375, 1.4, 12),
    Theme("editorial", "DejaVuSerif", 1.0625, 1.6, 10),
    Theme("terminal", "DejaVuSansMono", 0.875, 1.35, 4),
    Theme("magazine", "DejaVuSerif-Bold", 1.0, 1.3, 16),
    Theme("playful", "DejaVuSans-Oblique", 1.125, 1.5, 14),
)

SLOTS = (
    Slot("badge", 12, 190, 1),
    Slot("title", 32, 760, 2),
    Slot("lead", 20, 700, 4),
    Slot("nav", 14, 240, 2),
    Slot("card", 16, 300, 6),
    Slot("footer", 13, 420, 3),
)
