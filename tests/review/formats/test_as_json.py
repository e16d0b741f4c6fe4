"""The json format: artifacts and what cannot be read, and nothing that JSON has not."""

from __future__ import annotations

import json
import math

from trinity_guard.dvcrepo.output import Output
from trinity_guard.review.formats import as_json
from trinity_guard.review.record import MODEL, Review
from trinity_guard.review.review import Reviews
from trinity_guard.review.sides import Change, Version


def refuse(text: str) -> float:
    raise AssertionError(text)


def test_every_artifact_is_told_and_what_is_broken() -> None:
    name = "m\u00e9.pkl".encode()
    found = Review(Change(None, Version(name, Output(name, size=2))), MODEL)
    found.parameters = {"rate": (math.nan, math.inf), "é": (1, None)}
    text = as_json.render(Reviews([found], {"x.dvc": "is no pointer"}))
    said = json.loads(text, parse_constant=refuse)
    assert said["broken"] == {"x.dvc": "is no pointer"}
    assert said["artifacts"] == [found.as_dict()]
    assert said["artifacts"][0]["parameters"]["rate"] == {"before": "nan", "after": "inf"}
    assert "é" in text, "names are told as they are"


def test_where_nothing_changed_both_are_empty() -> None:
    assert json.loads(as_json.render(Reviews([], {}))) == {"artifacts": [], "broken": {}}
