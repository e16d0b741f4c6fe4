"""Figures that do not flatter: groups never part, a constant stands beside, telling columns are named, gates hold."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.model_selection import GroupShuffleSplit

from tests.training.tabular import tables
from trinity_guard.errors import GuardError
from trinity_guard.training.model import gates
from trinity_guard.training.tabular import estimator, figures, table
from trinity_guard.training.tabular.figures import Evaluation
from trinity_guard.training.tabular.options import Options

FEATURES = ("city", "rooms", "size")


def judged(folder: Path, options: Options, lines: list[list[str]] | None = None) -> Evaluation:
    found = table.load(tables.write(folder / "t.csv", lines=lines), options)
    parts = figures.split(found, options)
    model = estimator.pipeline(found, options).fit(found.X.iloc[parts[0]], found.y.iloc[parts[0]])
    cv, telling = figures.cross_validate(model, found, options), figures.telling(found, *parts)
    return replace(figures.evaluate(model, found, options, *parts), cv=cv, telling=telling)


def test_a_regression_is_measured_beside_the_mean(tmp_path: Path) -> None:
    found = judged(tmp_path, Options("price", FEATURES, parameters={"n_estimators": 20}, folds=3))
    assert found.metrics["r2"] > 0.9 > 0.1 > found.baseline["r2"]
    assert found.metrics["mae"] < found.baseline["mae"]
    assert found.cv["r2"][0] > 0.9
    assert gates.check(found, None, None) == []


def test_classes_are_measured_beside_the_commonest(tmp_path: Path) -> None:
    found = judged(tmp_path, Options("sold", FEATURES, parameters={"n_estimators": 20}, folds=0))
    assert found.metrics["mcc"] > 0.5
    assert (found.baseline["mcc"], found.cv) == (0.0, {})
    assert gates.check(found, 0.5, 0.5) == []
    [short] = gates.check(found, None, 1.1)
    assert "below the 1.1 asked for" in short


def test_rows_that_are_alike_are_never_in_both_parts(tmp_path: Path) -> None:
    lines = [*tables.rows(), *tables.rows()]
    options = Options("price", FEATURES)
    found = table.load(tables.write(tmp_path / "t.csv", lines=lines), options)
    train, test = figures.split(found, options)
    assert not set(found.groups[train]) & set(found.groups[test])
    assert figures.leakage(found, train, test)["alike"] == 0
    every = np.arange(len(lines))
    assert figures.leakage(found, every[:200], every[200:])["alike"] == 200


def test_a_column_that_tells_the_answer_is_named(tmp_path: Path) -> None:
    found = judged(tmp_path, Options("sold", (*FEATURES, "price"), parameters={"n_estimators": 5}, folds=0))
    assert found.telling == ["price"]


def test_noise_is_no_better_than_a_constant(tmp_path: Path) -> None:
    rng = random.Random(3)
    lines = [[f"h{n}", "a", *(str(rng.random()) for _ in range(3)), "no"] for n in range(200)]
    found = judged(tmp_path, Options("price", ("rooms", "size"), parameters={"n_estimators": 5}, folds=0), lines)
    [said] = gates.check(found, None, None)
    assert "no better than a constant answer: r2" in said


def test_a_class_that_stands_in_one_group_is_trained_on(tmp_path: Path) -> None:
    lines = [[*row[:5], "maybe" if n == 0 else row[5]] for n, row in enumerate(tables.rows())]
    options = Options("sold", FEATURES)
    found = table.load(tables.write(tmp_path / "t.csv", lines=lines), options)
    away = next(seed for seed in range(40) if 0 in _test_rows(found, seed))
    train, test = figures.split(found, Options("sold", FEATURES, seed=away))
    assert 0 in train
    assert sorted([*train, *test]) == list(range(200))
    assert not set(found.groups[train]) & set(found.groups[test])


def test_classes_of_which_one_group_holds_all_but_one_cannot_be_parted(tmp_path: Path) -> None:
    lines = [[f"g{n}", "a", str(n), "1", "1", f"c{n % 10}"] for n in range(10) for _ in range(20)]
    found = table.load(tables.write(tmp_path / "t.csv", lines=lines), Options("sold", ("rooms",), group="id"))
    with pytest.raises(GuardError, match="leaves classes to tell apart in the training part, and test rows"):
        figures.split(found, Options("sold", ("rooms",), group="id"))


def _test_rows(found: table.Table, seed: int) -> set[int]:
    parted = GroupShuffleSplit(1, test_size=0.2, random_state=seed)
    return set(next(parted.split(found.X, groups=found.groups))[1].tolist())


@pytest.mark.parametrize(
    ("champion", "words"),
    [
        (None, ""),
        ({"metrics": {"r2": 0.99}}, "r2 is 0.500, the champion (version 3) has 0.990"),
        ({"metrics": {"r2": 0.5}}, ""),
        ({"metrics": {}}, "has no r2 to compare with"),
        ({"tags": {"target": "another"}, "metrics": {"r2": 0.1}}, "is not equal: its target is another"),
    ],
)
def test_a_champions_place_is_taken_by_who_is_no_worse_on_the_same_terms(
    champion: dict[str, Any] | None, words: str
) -> None:
    mine = Evaluation({"r2": 0.5}, {"r2": 0.0}, {}, {}, [], {"target": "price"})
    given = champion and {"version": "3", "tags": {"target": "price"}, **champion}
    said = gates.check(mine, champion=given)
    assert [words in one for one in said] == [True] * bool(words)
