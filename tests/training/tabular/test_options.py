"""Whether a table of one's own is meant, and how: params.yaml, then --set, then the options by name."""

from __future__ import annotations

from typing import Any

import pytest

from trinity_guard.errors import GuardError
from trinity_guard.training.tabular import options
from trinity_guard.training.tabular.options import Options


@pytest.mark.parametrize(
    ("section", "said", "own"),
    [
        ({}, {}, False),
        ({"n_estimators": 7, "features": "measured"}, {"target": "is_valid"}, False),
        ({}, {"target": "price"}, True),
        ({"target": "price"}, {}, True),
        ({"target": "price"}, {"target": "is_valid"}, False),
        ({}, {"features": "a,"}, True),
        ({"features": ["a"]}, {}, True),
        ({}, {"estimator": "sklearn.svm.SVC"}, True),
        ({}, {"group": "page"}, True),
    ],
)
def test_a_table_of_ones_own_is_told_from_the_preset(section: dict[str, Any], said: dict[str, Any], own: bool) -> None:
    assert options.is_own(section, said) is own


def test_a_name_with_commas_stands_in_quotes() -> None:
    assert options.options({}, [], {"target": "y", "features": ('"a, b",c', "d")}).features == ("a, b", "c", "d")


def test_what_is_said_last_wins_and_the_rest_is_the_estimators() -> None:
    section = {"target": "a", "features": ["x", "y"], "max_depth": 3, "folds": 4, "parameters": {"n_jobs": 1}}
    found = options.options(
        section, ["max_depth=none", "seed=7", "criterion=gini"], {"target": "b", "features": ("z,x",)}
    )
    parameters = {"n_jobs": 1, "max_depth": None, "criterion": "gini"}
    assert found == Options("b", ("z", "x"), parameters=parameters, folds=4, seed=7)


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ({}, "is not said"),
        ({"target": "a", "features": 3}, "names of columns"),
        ({"target": "a", "parameters": 3}, "names with values"),
        ({"target": "a", "task": "ranking"}, "task must be one of"),
        ({"target": "a", "test_size": 2}, "test_size cannot be 2"),
    ],
)
def test_what_cannot_be_meant_is_said(section: dict[str, Any], words: str) -> None:
    with pytest.raises(GuardError, match=words):
        options.options(section, [], {})
