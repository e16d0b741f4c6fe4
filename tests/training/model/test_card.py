"""The model card says of each model what is true of that one, in Markdown that shows it so."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from tests.helpers.support import PROJECT
from trinity_guard.training.model import card

STEM = "layout_risk_predictor"
FLATTERS = "The F1 of the valid class flatters"


@pytest.fixture
def metadata() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((PROJECT / "models" / f"{STEM}_metadata.json").read_bytes())
    return found


def test_the_committed_card_follows_from_the_committed_metadata(metadata: dict[str, Any]) -> None:
    said = card.text(metadata, STEM)
    assert said.encode() == (PROJECT / "models" / f"{STEM}_card.md").read_bytes()
    assert FLATTERS in said


def test_of_many_classes_it_says_nothing_of_the_valid_one(metadata: dict[str, Any]) -> None:
    figures = {"f1_macro": 0.7, "mcc": 0.8, "brier": 0.2, "f1_none": 0.9}
    metadata |= {"target": "resolved_strategy_id", "metrics": figures, "baseline": dict.fromkeys(figures, 0.1)}
    assert FLATTERS not in card.text(metadata, STEM)


def test_where_most_pages_overflow_the_valid_class_does_not_flatter(metadata: dict[str, Any]) -> None:
    metadata["baseline"] |= {"recall_valid": 0.0, "recall_overflow": 1.0, "f1_overflow": 0.8}
    assert FLATTERS not in card.text(metadata, STEM)


def test_no_sentence_becomes_a_row_of_the_table_above_it(metadata: dict[str, Any]) -> None:
    for baseline in ({}, {"f1_overflow_if_always": None}):
        lines = card.text(metadata | {"baseline": metadata["baseline"] | baseline}, STEM).splitlines()
        behind = [after for line, after in itertools.pairwise(lines) if line.startswith("|")]
        assert [line for line in behind if line and not line.startswith("|")] == []


def test_forecasts_that_class_weights_shifted_are_called_what_they_are(metadata: dict[str, Any]) -> None:
    assert "not calibrated" not in card.text(metadata, STEM)
    metadata["parameters"]["class_weight"] = "balanced"
    assert "class_weight=balanced: its forecasts are not calibrated" in card.text(metadata, STEM)
