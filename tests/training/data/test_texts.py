"""Generated text: about as long as asked for, pathological where it should be, and the same everywhere."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_guard.training.data import texts

SEEDS = st.integers(0, 2**32)


@given(SEEDS, st.integers(-5, 5), st.integers(0, 9))
def test_a_number_is_drawn_with_both_ends_included(seed: int, low: int, more: int) -> None:
    rng = Random(seed)
    drawn = {texts.between(rng, low, low + more) for _ in range(200)}
    assert drawn <= set(range(low, low + more + 1))
    assert more > 3 or drawn == set(range(low, low + more + 1))


@given(SEEDS, st.integers(-10, 400))
def test_prose_is_about_as_long_as_asked_for_and_begins_with_a_capital(seed: int, length: int) -> None:
    words = texts.prose(Random(seed), length)
    assert words
    assert words[0][0].isupper()
    assert abs(len(" ".join(words)) - max(length, 0)) <= max(map(len, texts.WORDS)) + 0.3 * len(words) + 2
    assert {word.strip(",.!?").lower() for word in words} <= set(texts.WORDS)


@given(SEEDS, st.integers(12, 200))
def test_a_text_without_oddity_is_plain_and_one_with_it_has_one_pathological_word(seed: int, length: int) -> None:
    known = set(texts.WORDS)
    plain, odd = (texts.text(Random(seed), length, 60, oddity) for oddity in (0.0, 1.0))
    assert all(word.strip(",.!?").lower() in known for word in plain.split())
    strange = [word for word in odd.split() if word.strip(",.!?").lower() not in known]
    assert len(strange) <= 1
    assert max(map(len, odd.split())) >= 12


@pytest.mark.parametrize("kind", texts.KINDS, ids=lambda kind: kind.__name__)
def test_only_random_is_drawn_from(kind: object) -> None:
    """Of the generator's methods it is the one whose stream Python promises to keep."""

    class Only:
        def __init__(self) -> None:
            self.rng = Random(1)

        def random(self) -> float:
            return self.rng.random()

    assert kind(Only(), 30) == kind(Random(1), 30)  # type: ignore[operator]
