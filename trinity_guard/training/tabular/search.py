"""A search over an estimator's parameters, by the search that every model has: what is drawn, and how one is tried."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from sklearn.model_selection import ParameterSampler

from trinity_guard.errors import UNUSABLE, GuardError
from trinity_guard.training.model.search import How
from trinity_guard.training.model.trials import FOLDS, SPACE, Trial
from trinity_guard.training.tabular import estimator, figures
from trinity_guard.training.tabular.options import Options
from trinity_guard.training.tabular.table import Table

_FOREST: dict[str, Sequence[Any]] = {
    key: values for key, values in SPACE.items() if key not in ("max_features", "class_weight")
}
_FOREST["max_features"] = ("sqrt", "log2", None)
_STRENGTH = (0.001, 0.01, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
# An estimator's name, without what it predicts -> of each parameter the values that a search draws from.
SPACES: dict[str, dict[str, Sequence[Any]]] = {
    "RandomForest": _FOREST,
    "ExtraTrees": _FOREST,
    "HistGradientBoosting": {
        "learning_rate": (0.02, 0.05, 0.1, 0.2), "max_leaf_nodes": (7, 15, 31, 63), "min_samples_leaf": (5, 10, 20, 40),
        "l2_regularization": (0.0, 0.1, 1.0, 10.0),
    },
    "GradientBoosting": {
        "learning_rate": (0.02, 0.05, 0.1, 0.2), "max_depth": (2, 3, 4, 6), "n_estimators": (50, 100, 200, 400),
        "subsample": (0.6, 0.8, 1.0),
    },
    "DecisionTree": {"max_depth": (3, 4, 6, 8, 12, None), "min_samples_leaf": (1, 2, 5, 10, 20)},
    "LogisticRegression": {"C": _STRENGTH},
    "Ridge": {"alpha": _STRENGTH},
    "Lasso": {"alpha": _STRENGTH},
    "ElasticNet": {"alpha": _STRENGTH, "l1_ratio": (0.1, 0.3, 0.5, 0.7, 0.9)},
    "SVC": {"C": _STRENGTH, "gamma": ("scale", "auto", 0.01, 0.1, 1.0)},
    "SVR": {"C": _STRENGTH, "gamma": ("scale", "auto", 0.01, 0.1, 1.0)},
    "KNeighbors": {"n_neighbors": (1, 3, 5, 9, 15, 25), "weights": ("uniform", "distance")},
}  # fmt: skip


def space(task: str, options: Options) -> dict[str, Sequence[Any]]:
    """Return what a search draws from; GuardError (2) where that is neither said nor known."""
    dotted = estimator.name(task, options)
    bare = dotted.rpartition(".")[2]
    known = SPACES.get(bare) or SPACES.get(bare.removesuffix("Classifier").removesuffix("Regressor"))
    found = dict(options.space or known or {})
    if not found:
        raise GuardError(
            f"which parameters of {dotted} a search is to try is not said.",
            "write below `train:` of params.yaml, for example\nspace:\n  alpha: [0.1, 1, 10]",
            UNUSABLE,
        )
    for key in found:
        estimator.made(task, replace(options, parameters={**options.parameters, key: found[key][0]}))
    return found


def how(task: str) -> How:
    return How(_part, lambda options, n: candidates(task, options, n), attempt, _facts)


def _part(table: Table, options: Options) -> Table:
    return table.only(figures.split(table, options)[0])


def candidates(task: str, options: Options, n: int) -> list[Options]:
    """Return n different settings (fewer where there are no more), the given ones first."""
    drawn_from = space(task, options)
    size = math.prod(map(len, drawn_from.values()))
    found = {_key(options): options}
    for values in ParameterSampler(drawn_from, min(size, n), random_state=options.seed):
        one = replace(options, parameters={**options.parameters, **values})
        found.setdefault(_key(one), one)
    return list(found.values())[:n]


def _key(options: Options) -> str:
    return json.dumps(options.parameters, sort_keys=True, default=str)


def attempt(part: Table, options: Options) -> Trial:
    """Try one, on the training part alone. Runs in a worker."""
    begun = time.monotonic()
    folds = replace(options, folds=min(options.folds or FOLDS, FOLDS))
    mean, sd = figures.cross_validate(estimator.pipeline(part, options), part, folds)[figures.headline(part.task)]
    given = estimator.made(part.task, options).get_params()
    params = {key: given[key] for key in space(part.task, options)}
    return Trial(params, mean, sd, round(time.monotonic() - begun, 3))


def _facts(part: Table, options: Options) -> list[object]:
    plain = json.loads(json.dumps(asdict(options), default=str))
    return [part.md5, part.groups.tolist(), list(part.X), part.task, plain]
