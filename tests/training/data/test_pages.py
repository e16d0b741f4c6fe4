"""Generated pages: what is known before they are laid out, and what is measured then."""

from __future__ import annotations

from random import Random

import pytest

from trinity_guard.training.data import pages
from trinity_guard.training.data.columns import CONTRACT, OPTIONAL
from trinity_guard.training.data.themes import SLOTS, STRATEGIES, THEMES


def of_texts(text: str) -> pages.Page:
    return pages.Page(THEMES[0], 1.0, 1.0, (text,) * len(SLOTS))


def test_a_box_is_the_slot_less_its_padding_in_whole_64ths() -> None:
    theme, slot = THEMES[0], SLOTS[0]
    assert pages.box(theme, slot).width == slot.width - 2 * theme.padding
    assert pages.box(theme, slot, 1.5).width == slot.width - 3 * theme.padding
    assert pages.box(theme, slot, layout=0.97).width * 64 == int(pages.box(theme, slot, layout=0.97).width * 64)
    assert pages.box(theme, slot, layout=1.25).width < pages.box(theme, slot).width


def test_the_same_generator_draws_the_same_page_with_a_text_for_each_slot() -> None:
    first, second = pages.draw(Random(3)), pages.draw(Random(3))
    assert first == second != pages.draw(Random(4))
    assert len(first.texts) == len(SLOTS)
    assert all(first.texts)


def test_what_is_described_is_counted_from_the_texts() -> None:
    found = pages.described(of_texts("ab " + "x" * 21))
    assert found["input_char_len"] == str(24 * len(SLOTS))
    assert found["input_word_count"] == str(2 * len(SLOTS))
    assert found["longest_word"] == "21"
    assert found["pathological_score"] == f"{21 / 24:.3f}"
    assert set(found) <= {*CONTRACT, *OPTIONAL}


@pytest.mark.parametrize(("text", "holds"), [("ok", True), ("word " * 400, False)])
def test_what_is_measured_names_slots_and_reasons_under_each_strategy(text: str, holds: bool) -> None:
    found = pages.measured(of_texts(text))
    assert list(found) == list(STRATEGIES)
    assert (found["NONE"] == "") is holds
    named = {part.partition(":")[0] for part in found["NONE"].split(";") if part}
    assert named <= {slot.name for slot in SLOTS}


def test_the_style_is_one_line_that_tells_pages_apart() -> None:
    assert of_texts("a").style() == of_texts("b").style()
    assert pages.Page(THEMES[0], 1.1, 1.0, ("a",)).style() != pages.Page(THEMES[0], 1.0, 1.1, ("a",)).style()
    assert "\n" not in of_texts("a").style()
