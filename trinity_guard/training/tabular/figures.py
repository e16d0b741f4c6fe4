"""How good a model of any table is: on rows of groups that it never saw, beside a constant, over folds, and why."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn import metrics
from sklearn.base import clone
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.model_selection import GroupKFold, GroupShuffleSplit
from sklearn.pipeline import Pipeline
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from trinity_guard.errors import GuardError
from trinity_guard.training.tabular.options import CLASSIFICATION, REGRESSION, Options
from trinity_guard.training.tabular.table import Table

Ints = NDArray[np.int64]
Figures = dict[str, float]

# A single column that gets so much of what can be had tells the answer, and is perhaps known only after it.
TELLING = 0.99
# How deep a tree of one column is.
DEPTH = 4
DIGITS = 6


@dataclass(frozen=True)
class Evaluation:
    """metrics, baseline: of the test rows. cv: metric -> (mean, sd). leakage: see `leakage`; telling: columns that
    alone nearly tell the answer. terms: what must be equal where two models are compared."""

    metrics: Figures
    baseline: Figures
    cv: dict[str, tuple[float, float]]
    leakage: Figures
    telling: list[str]
    terms: dict[str, str] = field(default_factory=dict)
    tested: int = 0

    @property
    def headline(self) -> str:
        return headline(REGRESSION if "r2" in self.metrics else CLASSIFICATION)

    @property
    def headlines(self) -> list[str]:
        """The figures to be seen first: there are few."""
        return list(self.metrics)

    @property
    def compared(self) -> tuple[str, ...]:
        """The figures in which no champion may be better."""
        return (self.headline,)

    @property
    def target(self) -> str:
        return self.terms["target"]

    def no_better(self) -> list[str]:
        """Return a sentence where the model knows no more than a constant answer does."""
        key = "r2" if "r2" in self.metrics else "mcc"
        bar = max(0.0, self.baseline[key])
        if self.metrics[key] > bar:
            return []
        return [f"it is no better than a constant answer: {key} {self.metrics[key]:.3f} against {bar:.3f}."]

    def to_json(self) -> dict[str, Any]:
        """Return plain values, floats rounded to 6 digits."""
        cv = {key: {"mean": round(mean, DIGITS), "sd": round(sd, DIGITS)} for key, (mean, sd) in self.cv.items()}
        return {
            "metrics": rounded(self.metrics), "baseline": rounded(self.baseline), "cv": cv,
            "leakage": rounded(self.leakage), "telling": self.telling, "terms": self.terms, "rows": self.tested,
        }  # fmt: skip


def rounded(values: Figures) -> Figures:
    return {key: round(value, DIGITS) for key, value in values.items()}


def headline(task: str) -> str:
    return "f1_macro" if task == CLASSIFICATION else "r2"


def split(table: Table, options: Options) -> tuple[Ints, Ints]:
    """Return (training rows, test rows): no group is in both. GuardError where nothing is left to tell apart.

    Groups of a class that would be in the test part alone are trained on, and the test does without.
    """
    parted = GroupShuffleSplit(1, test_size=options.test_size, random_state=options.seed)
    train, test = next(parted.split(table.X, groups=table.groups))
    if table.task == CLASSIFICATION:
        rare = np.setdiff1d(table.y.iloc[test], table.y.iloc[train])
        if len(rare):
            moved = np.isin(table.groups, table.groups[table.y.isin(rare).to_numpy()])
            train, test = np.union1d(train, np.flatnonzero(moved)), test[~moved[test]]
        if not len(test) or table.y.iloc[train].nunique() < 2:
            raise GuardError(
                f"no split by {table.grouped_by} leaves classes to tell apart in the training part, and test rows.",
                "trinity train --set test_size=0.3     # or another --seed, or more rows of it",
            )
    return train, test


def evaluate(fitted: Pipeline, table: Table, options: Options, train: Ints, test: Ints) -> Evaluation:
    """Evaluate a fitted pipeline on the test rows, without folds.

    train: the rows that it has seen, for the constant and the leakage; empty where it was trained elsewhere: the
    constant then knows the test rows, and nothing is said of leakage.
    """
    known = len(train) > 0
    return Evaluation(
        measure(fitted, table, test),
        measure(constant(table, train if known else test), table, test),
        {},
        leakage(table, train, test) if known else {},
        [],
        terms(table, options, whole=not known),
        len(test),
    )


def terms(table: Table, options: Options, whole: bool = False) -> dict[str, str]:
    """Return what the test rows follow from: models are compared where all of it is equal."""
    split = f"by {table.grouped_by}, test {options.test_size:g}, seed {options.seed}"
    return {"dataset_md5": table.md5, "target": options.target, "split": "every row" if whole else split}


def constant(table: Table, rows: Ints) -> Any:
    """Return what answers the same for every row: the shares of the classes, or the mean."""
    made = DummyClassifier(strategy="prior") if table.task == CLASSIFICATION else DummyRegressor()
    return made.fit(table.X.iloc[rows], table.y.iloc[rows])


def measure(model: Any, table: Table, rows: Ints) -> Figures:
    """Return the figures of a fitted model on these rows."""
    x = table.X.iloc[rows]
    p = model.predict_proba(x) if hasattr(model, "predict_proba") else None
    classes = model.classes_ if table.task == CLASSIFICATION else ()
    return measured(table.task, table.y.iloc[rows], np.ravel(model.predict(x)), p, classes)


def measured(task: str, y: pd.Series, said: Any, p: Any, classes: Any) -> Figures:
    """Return the figures of predictions; p: probabilities (n, classes), None where there are none."""
    if task != CLASSIFICATION:
        return {
            "r2": float(metrics.r2_score(y, said)),
            "mae": float(metrics.mean_absolute_error(y, said)),
            "rmse": math.sqrt(metrics.mean_squared_error(y, said)),
        }
    found = {
        "f1_macro": float(metrics.f1_score(y, said, average="macro", zero_division=0)),
        "mcc": float(metrics.matthews_corrcoef(y, said)),
        "accuracy": float(metrics.accuracy_score(y, said)),
        "balanced_accuracy": float(metrics.recall_score(y, said, average="macro", zero_division=0)),
    }
    if p is not None:
        truth = (np.asarray(y)[:, None] == np.asarray(classes)[None, :]).astype(float)
        found["brier"] = float(((p - truth) ** 2).sum(axis=1).mean() / 2)
    return found


def cross_validate(fitted: Pipeline, table: Table, options: Options) -> dict[str, tuple[float, float]]:
    """Return the mean and standard deviation of each figure over folds by group."""
    count = min(options.folds, len(np.unique(table.groups)))
    found = []
    for train, held in GroupKFold(count).split(table.X, groups=table.groups) if count > 1 else ():
        if table.y.iloc[train].nunique() > 1:
            model = clone(fitted).fit(table.X.iloc[train], table.y.iloc[train])
            found.append(measure(model, table, held))
    return {name: _spread([one[name] for one in found]) for name in (found[0] if found else {})}


def _spread(values: list[float]) -> tuple[float, float]:
    return float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else 0.0


def leakage(table: Table, train: Ints, test: Ints) -> Figures:
    """Return how many test rows are like a training row in every column, and how many groups are in both parts."""
    alike = pd.util.hash_pandas_object(table.X, index=False).to_numpy()
    again = int(np.isin(alike[test], alike[train]).sum())
    both = len(np.intersect1d(table.groups[train], table.groups[test]))
    return {"rows": len(test), "alike": again, "alike_share": again / max(1, len(test)), "groups": both}


def telling(table: Table, train: Ints, test: Ints) -> list[str]:
    """Return the columns of which each alone nearly tells the answer: they may be known only after it."""
    found = []
    for name in table.X:
        codes = table.X[name] if name in table.numbers else pd.Series(pd.factorize(table.X[name])[0], dtype=float)
        one = codes.to_numpy(dtype=np.float64)[:, None]
        kind = DecisionTreeClassifier if table.task == CLASSIFICATION else DecisionTreeRegressor
        tree = kind(max_depth=DEPTH, random_state=0).fit(one[train], table.y.iloc[train])
        y, said = table.y.iloc[test], tree.predict(one[test])
        score = metrics.matthews_corrcoef if table.task == CLASSIFICATION else metrics.r2_score
        if score(y, said) >= TELLING:
            found.append(str(name))
    return found
