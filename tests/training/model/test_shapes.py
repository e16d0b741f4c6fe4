"""Trees inside any estimator that look at columns which the rows do not have are found, wherever they stand."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import (
    BaggingRegressor,
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
)
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

from trinity_guard.errors import GuardError
from trinity_guard.training.model import shapes

X = np.random.RandomState(0).rand(60, 3)
Y = X[:, 0] * 3 + X[:, 1]


def fitted(estimator: Any) -> Pipeline:
    return Pipeline([("columns", StandardScaler()), ("model", estimator)]).fit(X, Y)


def wide() -> Any:
    return DecisionTreeRegressor(max_depth=2).fit(np.hstack([X] * 3), Y).tree_


def _a_tree(model: Any) -> None:
    model.tree_ = wide()


def _one_of_a_forest(model: Any) -> None:
    model.estimators_[1].tree_ = wide()
    model.estimators_[1].n_features_in_ = 9


def _one_of_an_array(model: Any) -> None:
    model.estimators_[1, 0].tree_ = wide()
    model.estimators_[1, 0].n_features_in_ = 9


def _one_in_a_bag(model: Any) -> None:
    model.estimators_[0].tree_ = wide()


def _far(model: Any) -> None:
    model._predictors[0][0].nodes["left"][0] = 10**6


def _back(model: Any) -> None:
    model._predictors[0][0].nodes["right"][0] = 0


def _column(model: Any) -> None:
    model._predictors[0][0].nodes["feature_idx"][0] = 40


def _category(model: Any) -> None:
    model._predictors[0][0].nodes["is_categorical"][0] = 1


def _no_nodes(model: Any) -> None:
    model._predictors[0][0].nodes = np.zeros(0)


@pytest.mark.parametrize(
    ("estimator", "spoil"),
    [
        (DecisionTreeRegressor(max_depth=2), _a_tree),
        (RandomForestRegressor(3, max_depth=2), _one_of_a_forest),
        (GradientBoostingRegressor(n_estimators=3), _one_of_an_array),
        (BaggingRegressor(n_estimators=2), _one_in_a_bag),
        *((HistGradientBoostingRegressor(max_iter=2), how) for how in (_far, _back, _column, _category, _no_nodes)),
    ],
)
def test_a_tree_that_does_not_fit_is_refused(estimator: Any, spoil: Callable[[Any], None]) -> None:
    model = fitted(copy.deepcopy(estimator))
    shapes.require(model, layout=False)
    spoil(model.named_steps["model"])
    with pytest.raises(GuardError, match="its trees are of other columns"):
        shapes.require(model, layout=False)
