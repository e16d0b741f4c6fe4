"""Which kind a model is, and what its bytes may name then: never what reads files."""

from __future__ import annotations

import pytest

from trinity_guard.detect.scan import known
from trinity_guard.training.model import kinds
from trinity_guard.training.model.kinds import LAYOUT, Kind

RIDGE = "sklearn.linear_model.Ridge"


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ({"estimator": RIDGE}, Kind(RIDGE)),
        ({}, LAYOUT),
        *(({"estimator": odd}, LAYOUT) for odd in (None, 3, "os.system", "sklearn._loss.X", f"{RIDGE}.fit", "Ridge")),
    ],
)
def test_the_metadata_tells_the_kind(told: dict[str, object], kind: Kind) -> None:
    assert kinds.of(told) == kind
    assert kind.steps == ["columns", "model" if kind.estimator else "forest"]


def test_an_estimators_parts_are_of_the_list_of_what_is_known_to_be_harmless() -> None:
    names = Kind(RIDGE).names
    assert all(uses == known.uses(name) for name, uses in names.items())
    assert ("sklearn.linear_model._ridge", "Ridge") in names
    for module, name in (
        ("sklearn.feature_extraction.text", "CountVectorizer"),
        ("pandas.core.frame", "DataFrame"),
        ("builtins", "getattr"),
    ):
        assert (module, name) not in names


def test_the_layouts_names_are_its_own_alone() -> None:
    assert len(LAYOUT.names) < 30
    assert ("sklearn.linear_model._ridge", "Ridge") not in LAYOUT.names
