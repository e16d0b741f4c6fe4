"""Figures of one set of predictions: scikit-learn's, under the names of the classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import (
    confusion_matrix,
    log_loss,
    matthews_corrcoef,
    precision_recall_curve,
    precision_recall_fscore_support,
    roc_auc_score,
    roc_curve,
)

from trinity_guard.training.model.forest import STRATEGIES, VERDICTS

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

POINTS = 201
BINS = 10
# What a slice is described by, of the figures of its target.
OF_A_SLICE = {
    "is_valid": ("f1_overflow", "recall_overflow", "mcc", "brier"),
    "resolved_strategy_id": ("f1_macro", "accuracy", "mcc", "brier"),
}


def headline(target: str) -> str:
    """Return the metric that a model is judged by: of the class that matters, not of the one that flatters."""
    return "f1_overflow" if target == "is_valid" else "f1_macro"


def names(classes: Sequence[int], target: str) -> list[str]:
    """Return the classes in words."""
    words = VERDICTS if target == "is_valid" else STRATEGIES
    return [words.get(c, str(c)) for c in classes]


def measure(y: Ints, p: Floats, classes: Sequence[int], target: str = "is_valid") -> dict[str, float]:
    """Return the metrics of probabilities p, shape (n, classes), for labels y, shape (n,).

    Per class precision, recall and F1 (0 where undefined), accuracy, MCC, Brier, ROC AUC (see roc_auc; left out where y
    has one class); of more than two verdicts also macro F1 and log loss. The predicted class is the likeliest, of
    equals the first.
    """
    found = without_areas(y, p, classes, target)
    if target != "is_valid":
        found["log_loss"] = float(log_loss(y, p, labels=classes))
    return found | ({"roc_auc": roc_auc(y, p, classes, target)} if len(np.unique(y)) > 1 else {})


def without_areas(y: Ints, p: Floats, classes: Sequence[int], target: str = "is_valid") -> dict[str, float]:
    """Return what `measure` returns but ROC AUC and log loss, which need more than a few rows."""
    said = np.asarray(classes)[p.argmax(axis=1)]
    found = {"accuracy": float((y == said).mean()), "mcc": mcc(y, said)}
    each = precision_recall_fscore_support(y, said, labels=classes, zero_division=0.0)[:3]
    for word, *figures in zip(names(classes, target), *(column.tolist() for column in each), strict=True):
        found |= dict(zip((f"precision_{word}", f"recall_{word}", f"f1_{word}"), figures, strict=True))
    found["brier"] = brier(y, p, classes, target)
    if target != "is_valid":
        found["f1_macro"] = float(np.mean([found[f"f1_{name}"] for name in _present(y, classes, target)]))
    return found


def _present(y: Ints, classes: Sequence[int], target: str) -> list[str]:
    """Return the classes that y has; one that it lacks says nothing of the model."""
    return names([c for c in classes if (y == c).any()], target)


def confusion(y: Ints, p: Floats, classes: Sequence[int]) -> Ints:
    """Return counts, shape (classes, classes): a row is what is, a column what was predicted."""
    said = np.asarray(classes)[p.argmax(axis=1)]
    return np.asarray(confusion_matrix(y, said, labels=classes), dtype=np.int64)


def mcc(y: Ints, said: Ints) -> float:
    """Return Matthews' correlation, -1 to 1; 0 where one class alone is there or is predicted."""
    # Not asked for these: scikit-learn says 0 too, and warns.
    one = len(np.unique(y)) == 1 or len(np.unique(said)) == 1
    return 0.0 if one else float(matthews_corrcoef(y, said))


def brier(y: Ints, p: Floats, classes: Sequence[int], target: str = "is_valid") -> float:
    """Return the mean squared error of the probabilities, lower is better.

    Of two verdicts in [0, 1], of more the sum over classes, in [0, 2]. Source: Brier 1950.
    """
    total = float(((p - (y[:, None] == np.asarray(classes))) ** 2).sum(axis=1).mean())
    return total / 2 if target == "is_valid" else total


def roc_auc(y: Ints, p: Floats, classes: Sequence[int], target: str) -> float:
    """Return the ROC AUC; of many classes of each against the rest, weighted by how many rows of y have it.

    0.5 is chance. A class that y lacks has no area, and no weight. For y with two classes or more. scikit-learn's own
    mean refuses such classes. Source: Provost and Domingos 2000.
    """
    if target == "is_valid":
        return float(roc_auc_score(y, p[:, list(classes).index(1)]))
    shares = [(i, float((y == c).mean())) for i, c in enumerate(classes) if (y == c).any()]
    return sum(share * float(roc_auc_score(y == classes[i], p[:, i])) for i, share in shares)


def curves(y: Ints, p: Floats, classes: Sequence[int], target: str) -> dict[str, dict[str, Floats]]:
    """Return roc (false, true positive rate), pr (recall, precision) and calibration by class, shape (points, 2 or 3).

    Of two verdicts of the overflow alone (the other's say the same), of more of each against the rest. At most 201
    points, evenly taken. Calibration: mean forecast, share that came true, and count of each tenth that has rows.
    """
    found: dict[str, dict[str, Floats]] = {"roc": {}, "pr": {}, "calibration": {}}
    for i, (value, word) in enumerate(zip(classes, names(classes, target), strict=True)):
        own = y == value
        if (target == "is_valid" and word != "overflow") or own.all() or not own.any():
            continue
        false, true, _ = roc_curve(own, p[:, i])
        precision, recall, _ = precision_recall_curve(own, p[:, i])
        found["roc"][word] = _sampled(np.column_stack([false, true]))
        found["pr"][word] = _sampled(np.column_stack([recall, precision])[::-1])
        found["calibration"][word] = calibration(own, p[:, i])
    return found


def calibration(own: NDArray[np.bool_], p: Floats) -> Floats:
    """Return (mean forecast, share that came true, count) of each tenth of [0, 1] that has forecasts."""
    tenth = np.minimum((p * BINS).astype(np.int64), BINS - 1)
    count = np.bincount(tenth, minlength=BINS)
    some = count > 0
    said = np.bincount(tenth, weights=p, minlength=BINS)
    came = np.bincount(tenth, weights=own, minlength=BINS)
    return np.column_stack([said[some] / count[some], came[some] / count[some], count[some]])


def _sampled(points: Floats) -> Floats:
    chosen = np.unique(np.linspace(0, len(points) - 1, POINTS).round().astype(np.int64))
    return points[chosen]
