"""Advice: the mildest strategy that will probably do, in whatever order the model knows them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from trinity_guard.training.model import advice, forest
from trinity_guard.training.model.verified import VerifiedModel

MILDEST_FIRST = ["NONE", "CSS_BREAK_WORD", "FONT_SHRINK", "CSS_TRUNCATE", "CONTENT_CUT"]


def model_of(target: str, classes: list[int], strategies: list[str]) -> VerifiedModel:
    """Return what advice looks at of a model: its classes, and the names that it was trained on."""
    encoder = SimpleNamespace(categories_=[["minimal"], strategies])
    columns = SimpleNamespace(transformers_=[("texts", encoder, ["theme", "active_strategy"])])
    pipeline = SimpleNamespace(classes_=classes, named_steps={"columns": columns})
    return cast("VerifiedModel", SimpleNamespace(target=target, pipeline=pipeline))


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """Strategy -> how likely a page holds under it; what a forest would answer."""
    holds: dict[str, float] = {}

    def predicted(_: object, rows: list[dict[str, Any]]) -> np.ndarray[Any, Any]:
        p = np.array([holds[row["active_strategy"]] for row in rows])
        return np.column_stack([1 - p, p])

    monkeypatch.setattr(forest, "fast_predict", predicted)
    return holds


@pytest.mark.parametrize(
    ("p", "advised"),
    [
        ([0.9, 0.9, 0.9, 0.9, 0.9], "NONE"),
        ([0.5, 0.51, 0.9, 0.9, 0.9], "CSS_BREAK_WORD"),
        ([0.1, 0.2, 0.3, 0.4, 0.6], "CONTENT_CUT"),
        ([0.5, 0.5, 0.5, 0.5, 0.5], "UNRESOLVED"),
    ],
)
def test_the_mildest_that_holds_more_often_than_not_is_advised(
    says: dict[str, float], p: list[float], advised: str
) -> None:
    says.update(zip(MILDEST_FIRST, p, strict=True))
    [answer] = advice.answers(model_of("is_valid", [0, 1], sorted(MILDEST_FIRST)), [{"theme": "minimal"}])
    assert answer["advice"] == advised
    assert answer["p_advice"] == says.get(advised)
    assert list(answer)[:5] == [f"p_{name.lower()}" for name in MILDEST_FIRST]


def test_only_what_the_model_was_trained_on_is_tried_and_a_named_strategy_is_told_of(says: dict[str, float]) -> None:
    says.update({"NONE": 0.2, "FONT_SHRINK": 0.8, "PRE_EMPTIVE": 0.7})
    rows = [{"active_strategy": "PRE_EMPTIVE"}, {}]
    first, second = advice.answers(model_of("is_valid", [0, 1], ["FONT_SHRINK", "NONE", "PRE_EMPTIVE"]), rows)
    assert first == {
        "active_strategy": "PRE_EMPTIVE", "p_valid": 0.7, "p_none": 0.2, "p_font_shrink": 0.8,
        "advice": "FONT_SHRINK", "p_advice": 0.8,
    }  # fmt: skip
    assert "p_valid" not in second


def test_of_a_model_of_strategies_the_likeliest_is_advised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forest, "fast_predict", lambda *_: np.array([[0.2, 0.3, 0.5], [0.4, 0.4, 0.2]]))
    found = advice.answers(model_of("resolved_strategy_id", [0, 2, 99], []), [{}, {}])
    assert [(one["advice"], one["p_advice"]) for one in found] == [("UNRESOLVED", 0.5), ("NONE", 0.4)]


def test_many_rows_are_answered_in_their_order(says: dict[str, float]) -> None:
    says.update(dict.fromkeys(MILDEST_FIRST, 0.1))
    rows = [{"active_strategy": MILDEST_FIRST[i % 5]} for i in range(advice.CHUNK + 3)]
    found = advice.answers(model_of("is_valid", [0, 1], MILDEST_FIRST), rows)
    assert [one["active_strategy"] for one in found] == [row["active_strategy"] for row in rows]
