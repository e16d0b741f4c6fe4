"""Rows that a model was trained on are known again, in whatever file, order or share they come."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.training import samples
from trinity_guard.training.model import forest, seen
from trinity_guard.training.model.forest import Examples


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Examples:
    return samples.sample(tmp_path_factory.mktemp("seen"))


def test_the_same_rows_in_order_are_the_same_table_and_others_are_not(data: Examples) -> None:
    told = json.loads(json.dumps(seen.recorded(data, forest.split(data, samples.SMALL)[0])))
    rows = np.arange(len(data.y))
    assert seen.is_same(data, told)
    assert not seen.is_same(data.only(rows[::-1]), told)
    assert not seen.is_same(data.only(rows[1:]), told)


@pytest.mark.parametrize("order", [1, -1])
def test_the_share_of_rows_that_were_trained_on_is_told_in_any_order(data: Examples, order: int) -> None:
    train, test = forest.split(data, samples.SMALL)
    told = seen.recorded(data, train)
    whole = seen.share(data.only(np.arange(len(data.y))[::order]), told)
    assert (whole["looked_at"], whole["seen"]) == (len(data.y), len(train))
    assert seen.share(data.only(test), told)["seen"] == 0


def test_of_a_larger_table_a_sample_tells_nearly_the_share(data: Examples, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen, "SAMPLE", 100)
    train, _ = forest.split(data, samples.SMALL)
    told = seen.recorded(data, train)
    assert told["every"] == 5
    found = seen.share(data, told)
    assert 60 < found["looked_at"] < 180
    assert found["seen_share"] == pytest.approx(0.8, abs=0.15)


@pytest.mark.parametrize(
    "told", [None, "x", {}, {"every": 0, "hashes": ""}, {"every": 1, "hashes": "?"}, {"every": True}]
)
def test_metadata_that_keeps_none_tells_nothing(data: Examples, told: object) -> None:
    assert seen.share(data, told) == {}
    assert not seen.is_same(data, told)


def test_the_hashes_are_those_of_every_machine(tmp_path: Path) -> None:
    first, again = (samples.sample(folder) for folder in (tmp_path, tmp_path))
    assert (seen.hashes(first) == seen.hashes(again)).all()
    assert int(seen.hashes(first).max()) < 2 ** (8 * seen.WIDTH)
