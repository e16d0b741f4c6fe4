"""Generated pages: what is known of one before it is rendered, and what is measured when it is laid out."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from trinity_guard.training.data import texts
from trinity_guard.training.data.layout import Box, unbroken, verdict
from trinity_guard.training.data.themes import SLOTS, STRATEGIES, THEMES, Slot, Theme

# The moods of pages, chosen so that verdicts are neither rare nor foregone.
SHORT = 0.72  # the share of pages whose texts were written for their slots
FILLED = (0.15, 0.65)  # how full those are, as a share of a slot's capacity in the plainest theme
PASTED = (0.7, 1.6)  # and how full the others
JITTER = 0.1  # the texts of a page are as long as its mood says, give or take
CLEAN = 0.25  # the share of pages without pathological words; in others each slot has one with a chance of its own
ODDEST = 0.75  # the highest such chance


@dataclass(frozen=True)
class Page:
    """A theme, its densities (of padding, and of columns: 1 is the theme's own), and a text for each slot."""

    theme: Theme
    spacing: float
    layout: float
    texts: tuple[str, ...]

    def boxes(self) -> list[Box]:
        return [box(self.theme, slot, self.spacing, self.layout) for slot in SLOTS]

    def style(self) -> str:
        """Return all that sets its boxes, as one line."""
        theme = self.theme
        sizes = f"{theme.scale}|{theme.spacing}|{theme.padding}"
        return f"{theme.name}|{theme.family}|{sizes}|{self.spacing:.2f}|{self.layout:.2f}"


def box(theme: Theme, slot: Slot, spacing: float = 1.0, layout: float = 1.0) -> Box:
    """Return the box that a theme makes of a slot. Widths are whole 64ths of a pixel, as a browser's are."""
    width = slot.width / layout - 2 * theme.padding * spacing
    return Box(theme.family, int(width * 64) / 64, slot.px * theme.scale, slot.lines)


def draw(rng: Random) -> Page:
    """Draw a page. Its texts share a mood: a page whose title is long has long cards too."""
    theme = texts.pick(rng, THEMES)
    spacing = texts.between(rng, 50, 150) / 100
    layout = texts.between(rng, 85, 125) / 100
    low, high = FILLED if rng.random() < SHORT else PASTED
    fill = low + (high - low) * rng.random()
    oddity = 0.0 if rng.random() < CLEAN else ODDEST * rng.random()
    contents = []
    for slot in SLOTS:
        room = box(THEMES[0], slot)
        length = int(room.capacity() * fill * (1 - JITTER + 2 * JITTER * rng.random()))
        contents.append(texts.text(rng, length, int(room.across()), oddity))
    return Page(theme, spacing, layout, tuple(contents))


def described(page: Page) -> dict[str, str]:
    """Return what is known of a page before it is rendered and healed: the columns that a prediction may see."""
    words = [word for text in page.texts for word in text.split()]
    characters = sum(map(len, page.texts))
    odd = sum(len(word) for word in words if len(word) > 20)
    boxes = page.boxes()
    fills = [len(text) / b.capacity() for text, b in zip(page.texts, boxes, strict=True)]
    longest = [max(map(len, unbroken(text))) for text in page.texts]
    word_fills = [count / b.across() for count, b in zip(longest, boxes, strict=True)]
    return {
        "theme": page.theme.name,
        "input_char_len": str(characters),
        "input_word_count": str(len(words)),
        "css_density_spacing": f"{page.spacing:.2f}",
        "css_density_layout": f"{page.layout:.2f}",
        "pathological_score": f"{odd / characters:.3f}",
        "longest_word": str(max(longest)),
        "slot_fill": f"{max(fills):.3f}",
        "word_fill": f"{max(word_fills):.3f}",
    }


def measured(page: Page) -> dict[str, str]:
    """Return strategy -> what was found wrong with the page under it, `slot:reason` by `;`, "" where it holds."""
    found = {}
    for strategy in STRATEGIES:
        reasons = (verdict(b, text, strategy) for b, text in zip(page.boxes(), page.texts, strict=True))
        found[strategy] = ";".join(
            f"{slot.name}:{reason}" for slot, reason in zip(SLOTS, reasons, strict=True) if reason
        )
    return found
