"""How good a model is, so that nothing flatters: beside the constant, over folds, by slice, with the leakage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from trinity_guard.training.model import card, forest, measures
from trinity_guard.training.model.forest import Examples, Settings
from trinity_guard.training.model.measures import measure

__all__ = ["Evaluation", "baseline", "cross_validate", "evaluate", "leakage", "measure", "predictions", "slices"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
CrossValidation = dict[str, tuple[float, float]]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trinity_guard import Progress


DIGITS = 6


@dataclass(frozen=True)
class Evaluation:
    """What is known of a model. The headline is the overflow class's F1 (macro F1 of many classes).

    metrics, baseline: of the test part. cv: metric -> (mean, sd over folds). slices: a mapping for each theme and each
    strategy. confusion: (classes, classes), a row is what is. curves: see measures.curves. importance: feature -> share
    of the forest's cuts' worth, one-hot columns summed. terms: what must be equal where two models are compared.
    """

    metrics: dict[str, float]
    baseline: dict[str, float]
    cv: CrossValidation
    slices: list[dict[str, Any]]
    leakage: dict[str, float]
    confusion: Ints
    curves: dict[str, dict[str, Floats]]
    importance: dict[str, float]
    classes: list[int]
    target: str
    terms: dict[str, str]

    @property
    def headline(self) -> str:
        return measures.headline(self.target)

    @property
    def headlines(self) -> list[str]:
        """The figures to be seen first."""
        return card.headlines(self.metrics)

    @property
    def compared(self) -> tuple[str, ...]:
        """The figures in which no champion may be better."""
        return self.headline, "mcc"

    @property
    def tested(self) -> int:
        """How many rows the figures are of."""
        return int(self.confusion.sum())

    def no_better(self) -> list[str]:
        """Return a sentence where the model knows no more than how common each class is."""
        mine, constant = self.metrics, self.baseline
        bar = constant.get("f1_overflow_if_always", constant[self.headline])
        no_better = mine["brier"] >= constant["brier"] and mine[self.headline] <= bar
        if mine["mcc"] > 0 and not no_better:
            return []
        return [
            f"it is no better than a constant answer: mcc {mine['mcc']:.3f} against 0, brier {mine['brier']:.3f} "
            f"against {constant['brier']:.3f}, {self.headline} {mine[self.headline]:.3f} against {bar:.3f}."
        ]

    def to_json(self) -> dict[str, Any]:
        """Return plain values, floats rounded to 6 digits; of the curves the calibration alone (plots.write_curves)."""
        cv = {name: {"mean": mean, "sd": sd} for name, (mean, sd) in self.cv.items()}
        whole = asdict(self) | {"cv": cv, "curves": None, "calibration": self.curves["calibration"]}
        del whole["curves"]
        plain: dict[str, Any] = _plain(whole)
        return plain


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return round(value, DIGITS) if isinstance(value, float) else value


def evaluate(
    fitted: Pipeline, data: Examples, settings: Settings, train: Ints, test: Ints, cv: CrossValidation | None = None
) -> Evaluation:
    """Evaluate a fitted pipeline on the test rows.

    train: the rows that it has seen, for the baseline and the leakage; empty where the model was trained elsewhere: the
    constant then knows the test part's own shares, and nothing is said of leakage.
    """
    classes = sorted({*data.classes, *(int(c) for c in fitted.classes_)})
    p = predictions(fitted, data.X.iloc[test], classes)
    y = data.y[test]
    seen = data.y[train] if len(train) else y
    return Evaluation(
        metrics=measure(y, p, classes, data.target),
        baseline=baseline(seen, y, classes, data.target),
        cv=cv or {},
        slices=slices(y, p, classes, data.slices.iloc[test], data.target),
        leakage=leakage(data, train, test) if len(train) else {},
        confusion=measures.confusion(y, p, classes),
        curves=measures.curves(y, p, classes, data.target),
        importance=importance(fitted),
        classes=classes,
        target=data.target,
        terms=terms(data, settings, len(train) == 0),
    )


def terms(data: Examples, settings: Settings, whole: bool = False) -> dict[str, str]:
    """Return what the test rows follow from: models are compared where all of it is equal."""
    split = "every row" if whole else f"{settings.protocol}, test {settings.test_size:g}, seed {settings.seed}"
    return {"dataset_md5": data.md5, "target": data.target, "split": split}


def predictions(fitted: Pipeline, x: pd.DataFrame, classes: Sequence[int]) -> Floats:
    """Return probabilities, shape (n, classes); a class that the model has never seen gets 0."""
    return spread(fitted.predict_proba(x), fitted.classes_, classes)


def spread(found: Floats, own: Sequence[int], classes: Sequence[int]) -> Floats:
    """Return a model's probabilities of its own classes as those of all classes."""
    p = np.zeros((len(found), len(classes)))
    p[:, np.searchsorted(classes, own)] = found
    return p


def baseline(
    y_train: Ints, y_test: Ints, classes: Sequence[int] | None = None, target: str = "is_valid"
) -> dict[str, float]:
    """Return the metrics of the constant: the training part's shares for everything, so always its commonest class.

    Where that is "valid" its F1 of overflow is 0, which is beaten by anything; so beside it stands what "always
    overflow" gets, as f1_overflow_if_always.
    """
    known = sorted({*y_train.tolist(), *y_test.tolist()}) if classes is None else list(classes)
    shares = np.array([(y_train == c).mean() for c in known])
    found = measure(y_test, np.tile(shares, (len(y_test), 1)), known, target)
    if target == "is_valid":
        share = float((y_test == 0).mean())
        found["f1_overflow_if_always"] = 2 * share / (1 + share)
    return found


def cross_validate(
    data: Examples,
    settings: Settings,
    on_progress: Progress | None = None,
    known: tuple[Ints, Pipeline] | None = None,
    jobs: int = -1,
) -> CrossValidation:
    """Return the mean and standard deviation (n - 1) of each metric over folds that are grouped by page.

    known: rows and the model fitted on them with these settings; a fold that trains on just these rows is not fitted
    again (as it is with 5 folds and a test part of 0.2: 5 fits in all, not 6). The forest's trees take all cores, fold
    by fold: folds side by side in threads took 14 % longer, in processes 45 %.
    """
    found: list[dict[str, float]] = []
    total = settings.folds * settings.repeats
    for repeat in range(settings.repeats if settings.folds else 0):
        for train, held in forest.folds(data, settings, repeat):
            if on_progress:
                on_progress(len(found), total)
            found.append(_fold(data, settings, train, held, known, jobs))
    if on_progress and total:
        on_progress(total, total)
    metrics = dict.fromkeys(name for one in found for name in one)
    return {name: _spread([one[name] for one in found if name in one]) for name in metrics}


def _fold(
    data: Examples, settings: Settings, train: Ints, held: Ints, known: tuple[Ints, Pipeline] | None, jobs: int
) -> dict[str, float]:
    if not len(held) or len(np.unique(data.y[train])) < 2:
        return {}
    if known is not None and np.array_equal(known[0], train):
        fitted = known[1]
    else:
        fitted = forest.fit(data, settings, train, jobs)
    return measure(data.y[held], predictions(fitted, data.X.iloc[held], data.classes), data.classes, data.target)


def _spread(values: list[float]) -> tuple[float, float]:
    return float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else 0.0


def slices(
    y: Ints, p: Floats, classes: Sequence[int], values: pd.DataFrame, target: str = "is_valid"
) -> list[dict[str, Any]]:
    """Return for each theme and each strategy: slice, value, n, the share of overflow, and the slice's figures."""
    rows = []
    for column in values.columns if target == "is_valid" else ["theme"]:
        labels = values[column].to_numpy(dtype=object).astype(str)
        for value in np.unique(labels):
            own = labels == value
            found = measures.without_areas(y[own], p[own], classes, target)
            row: dict[str, Any] = {"slice": str(column), "value": str(value), "n": int(own.sum())}
            if target == "is_valid":
                row["overflow"] = float((y[own] == 0).mean())
            rows.append(row | {name: found[name] for name in measures.OF_A_SLICE[target]})
    return rows


def leakage(data: Examples, train: Ints, test: Ints) -> dict[str, float]:
    """Return how many test rows are known from training: `content` by characters and words, `pages` by page.

    content_share is of the test rows. A split by page has no page in both, and yet pages may look alike.
    """
    seen = {tuple(pair) for pair in data.content[train].tolist()}
    content = sum(tuple(pair) in seen for pair in data.content[test].tolist())
    pages = len(np.intersect1d(data.groups[train], data.groups[test]))
    return {"rows": len(test), "content": content, "content_share": content / max(1, len(test)), "pages": pages}


def importance(fitted: Pipeline) -> dict[str, float]:
    """Return feature -> its share (sum 1), largest first: what the forest's cuts on it gained on the training rows.

    It flatters columns of many values; it costs nothing, where shuffling each column (10 times) costs 100 predictions.
    """
    worth = fitted.named_steps["forest"].feature_importances_
    found: dict[str, float] = {}
    at = 0
    for _, encoder, columns in fitted.named_steps["columns"].transformers_:
        for i, column in enumerate(columns):
            one_hot = type(encoder).__name__ == "OneHotEncoder"
            width = len(encoder.categories_[i]) if one_hot else 1
            found[str(column)] = float(worth[at : at + width].sum())
            at += width
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))
