"""The record of an artifact that changed, and what of it the json format says."""

from __future__ import annotations

import json
import math

import pytest

from tests.review.conftest import Tables
from trinity_guard.dvcrepo.output import Output
from trinity_guard.review import record
from trinity_guard.review.record import MODEL, TABLE, Review
from trinity_guard.review.sides import Change, Version


def version(path: bytes, size: int) -> Version:
    return Version(path, Output(path, size=size))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (version(b"a", 1), version(b"a", 2), {"path": "a", "change": "changed", "bytes": {"before": 1, "after": 2}}),
        (None, version(b"a", 2), {"change": "added", "bytes": {"before": None, "after": 2}}),
        (version(b"a", -1), None, {"change": "removed", "bytes": {"before": None, "after": None}}),
        (version(b"a", 1), version(b"b", 1), {"path": "b", "from": "a", "change": "renamed"}),
    ],
)
def test_an_artifact_has_its_name_its_change_and_its_sizes(
    before: Version | None, after: Version | None, expected: dict[str, object]
) -> None:
    said = Review(Change(before, after), MODEL).as_dict()
    assert {key: said[key] for key in expected} == expected
    assert ("from" in said) == ("from" in expected)
    assert (said["rows"], said["columns"], said["key"], said["unavailable"]) == (None, None, None, None)


def test_of_a_table_rows_columns_and_samples_are_told(tables: Tables) -> None:
    found = Review(Change(version(b"t.csv", 1), version(b"t.csv", 2)), TABLE)
    found.table = tables.compare("id,x\n1,5\n2,6\n", "id,x,y\n1,7,0\n3,6,0\n", ["id"])
    said = found.as_dict()
    assert said["rows"] == {"before": 2, "after": 2, "added": 1, "removed": 1, "changed": 1}
    assert said["columns"]["added"] == ["y"]
    assert said["samples"]["changed"] == [{"key": {"id": 1}, "cells": {"x": {"before": 5, "after": 7}}}]
    json.dumps(said, allow_nan=False)


def test_a_table_of_one_side_alone_has_come_or_gone_whole(tables: Tables) -> None:
    for side, added, removed in (("after", 2, 0), ("before", 0, 2)):
        found = Review(Change(None, version(b"t.csv", 2)), TABLE)
        found.take_table(side, tables.load("id\n1\n2\n"))
        rows = found.as_dict()["rows"]
        assert (rows["added"], rows["removed"], rows["changed"]) == (added, removed, 0)


def test_of_two_sides_that_nobody_compared_columns_are_told_and_rows_are_not() -> None:
    found = Review(Change(version(b"t.csv", 1), version(b"t.csv", 2)), TABLE)
    found.sides = {"before": (["a", "b"], 3), "after": (["a", "c"], 4)}
    said = found.as_dict()
    assert said["rows"] == {"before": 3, "after": 4, "added": None, "removed": None, "changed": None}
    assert (said["columns"]["added"], said["columns"]["removed"]) == (["c"], ["b"])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None), (True, True), (3, 3), ("x", "x"), (1.5, 1.5), (math.inf, "inf"), ((1, math.inf), [1, "inf"]),
        ({1: math.inf}, {"1": "inf"}), (b"x", "b'x'"),
    ],
)  # fmt: skip
def test_what_json_has_not_is_a_text(value: object, expected: object) -> None:
    assert record.plain(value) == expected


def test_no_number_that_is_none_gets_into_json() -> None:
    assert record.plain(math.nan) == "nan"
