"""A search over any estimator's parameters: what is drawn, from what, and that the test part is never looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.training.tabular import tables
from trinity_guard.errors import UNUSABLE, GuardError
from trinity_guard.training.model import search as searching
from trinity_guard.training.tabular import figures, search, table
from trinity_guard.training.tabular.options import CLASSIFICATION, REGRESSION, Options

RIDGE = "sklearn.linear_model.Ridge"
FEATURES = ("city", "rooms", "size")


def test_the_given_settings_are_tried_first_and_a_longer_search_begins_with_them() -> None:
    given = Options("price", parameters={"alpha": 7}, estimator=RIDGE)
    found = search.candidates(REGRESSION, given, 5)
    assert found[0] == given
    assert len({one.parameters["alpha"] for one in found}) == 5
    assert len(search.candidates(REGRESSION, given, 50)) == 1 + len(search.SPACES["Ridge"]["alpha"])


@pytest.mark.parametrize("name", ["RandomForest", "ExtraTrees", "HistGradientBoosting", "DecisionTree", "KNeighbors"])
def test_what_is_known_of_an_estimator_is_of_both_tasks(name: str) -> None:
    package = {"DecisionTree": "tree", "KNeighbors": "neighbors"}.get(name, "ensemble")
    for task, end in ((CLASSIFICATION, "Classifier"), (REGRESSION, "Regressor")):
        assert search.space(task, Options("y", estimator=f"sklearn.{package}.{name}{end}")) == search.SPACES[name]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (Options("y", estimator="sklearn.linear_model.HuberRegressor"), "is to try is not said"),
        (Options("y", estimator=RIDGE, space={"nope": [1]}), "does not take these parameters"),
    ],
)
def test_what_cannot_be_searched_is_said(options: Options, words: str) -> None:
    with pytest.raises(GuardError, match=words) as refused:
        search.space(REGRESSION, options)
    assert refused.value.exit_code == UNUSABLE


@pytest.mark.slow
def test_the_best_is_taken_by_folds_of_the_training_part_and_what_is_finished_is_kept(tmp_path: Path) -> None:
    options = Options("price", FEATURES, estimator=RIDGE, space={"alpha": [1e-3, 1e5]})
    found = table.load(tables.write(tmp_path / "t.csv"), options)
    how, state = search.how(REGRESSION), str(tmp_path / "s.jsonl")
    done = searching.search(found, options, 3, None, state, how=how)
    assert done.best.parameters.get("alpha", 1.0) in (1.0, 1e-3)
    assert done.trials[0].params["alpha"] == 1.0
    part = found.only(figures.split(found, options)[0])
    assert search.attempt(part, done.best).mean == max(trial.mean for trial in done.trials)
    seen: list[int] = []
    again = searching.search(found, options, 3, "tcp://127.0.0.1:1", state, lambda *r: seen.append(r[2]), how)
    assert (again.trials, seen) == (done.trials, [1, 2, 3])
