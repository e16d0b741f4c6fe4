"""scikit-learn's estimators by their names, and nothing else is imported by a name that a file may hold."""

from __future__ import annotations

from pathlib import Path

import pytest
from sklearn.linear_model import Ridge

from tests.training.tabular import tables
from trinity_guard.errors import GuardError
from trinity_guard.training.tabular import estimator, table
from trinity_guard.training.tabular.options import CLASSIFICATION, REGRESSION, Options


def test_the_estimator_that_is_named_gets_its_parameters_and_our_seed() -> None:
    made = estimator.made(REGRESSION, Options("y", estimator="sklearn.linear_model.Ridge", parameters={"alpha": 2}))
    assert isinstance(made, Ridge)
    assert (made.alpha, made.random_state) == (2, 42)
    assert type(estimator.made(CLASSIFICATION, Options("y"))).__name__ == "RandomForestClassifier"


@pytest.mark.parametrize(
    ("name", "parameters", "words"),
    [
        ("os.system", {}, "is no estimator of scikit-learn's"),
        ("sklearn._config.get_config", {}, "is no estimator of scikit-learn's"),
        ("sklearn.linear_model.None", {}, "scikit-learn has no"),
        ("sklearn.set_config", {}, "is no estimator"),
        ("sklearn.linear_model.Ridge", {}, "is made for no classification"),
        ("sklearn.svm.SVC", {"depth": 3}, "does not take these parameters"),
    ],
)
def test_what_is_none_is_refused(name: str, parameters: dict[str, int], words: str) -> None:
    with pytest.raises(GuardError, match=words):
        estimator.made(CLASSIFICATION, Options("y", estimator=name, parameters=parameters))


def test_texts_and_missing_numbers_reach_any_estimator(tmp_path: Path) -> None:
    lines = tables.rows()
    lines[0][3] = ""
    found = table.load(tables.write(tmp_path / "t.csv", lines=lines), Options("price", ("city", "size")))
    model = estimator.pipeline(found, Options("price", estimator="sklearn.linear_model.Ridge")).fit(found.X, found.y)
    other = found.X.head(2).assign(city="a city that was never seen")
    assert model.predict(other).shape == (2,)
