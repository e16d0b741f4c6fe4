"""One of scikit-learn's estimators by its dotted name, behind columns that any table may have."""

from __future__ import annotations

import importlib
from typing import Any

from sklearn.base import BaseEstimator, is_classifier, is_regressor
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder

from trinity_guard.errors import UNUSABLE, GuardError
from trinity_guard.training.tabular.options import CLASSIFICATION, REGRESSION, Options
from trinity_guard.training.tabular.table import Table

DEFAULTS = {
    CLASSIFICATION: "sklearn.ensemble.RandomForestClassifier",
    REGRESSION: "sklearn.ensemble.RandomForestRegressor",
}
# One-hot columns of a text; rarer values share one.
MAX_CATEGORIES = 50


def pipeline(table: Table, options: Options) -> Pipeline:
    """Return the unfitted pipeline, of scikit-learn's own classes alone: whoever has that can load the model."""
    texts = OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=MAX_CATEGORIES, sparse_output=False)
    columns = [("numbers", SimpleImputer(strategy="median"), table.numbers), ("texts", texts, table.texts)]
    return Pipeline(
        [("columns", ColumnTransformer([c for c in columns if c[2]])), ("model", made(table.task, options))]
    )


def name(task: str, options: Options) -> str:
    return options.estimator or DEFAULTS[task]


def made(task: str, options: Options) -> Any:
    """Return the estimator with its parameters and our seed. GuardError (2) for what is none of this task."""
    dotted = name(task, options)
    known = _class(dotted)
    parameters = dict(options.parameters)
    try:
        if "random_state" in known().get_params():
            parameters.setdefault("random_state", options.seed)
        built = known().set_params(**parameters)
    except (ValueError, TypeError) as error:
        raise _wrong(f"{dotted} does not take these parameters: {str(error).partition(chr(10))[0]}") from None
    fits = is_classifier(built) if task == CLASSIFICATION else is_regressor(built)
    if not fits:
        raise _wrong(f"{dotted} is made for no {task}")
    return built


def _class(dotted: str) -> type[Any]:
    """Return a class of scikit-learn's; nothing else is imported by a name that a file may hold."""
    module, _, last = dotted.rpartition(".")
    if module.partition(".")[0] != "sklearn" or any(part.startswith("_") for part in dotted.split(".")):
        raise _wrong(f"{dotted} is no estimator of scikit-learn's by its public name")
    try:
        found = getattr(importlib.import_module(module), last)
    except (ImportError, AttributeError):
        raise _wrong(f"scikit-learn has no {dotted}") from None
    if not isinstance(found, type) or not issubclass(found, BaseEstimator):
        raise _wrong(f"{dotted} is no estimator")
    return found


def _wrong(why: str) -> GuardError:
    return GuardError(f"{why}.", "trinity train --estimator sklearn.linear_model.LogisticRegression", UNUSABLE)
