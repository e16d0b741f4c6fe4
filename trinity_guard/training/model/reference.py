"""What the public project that the preset follows asks of its models and says of them: for `--protocol reference`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np

from trinity_guard.training.model.evaluation import Evaluation
from trinity_guard.training.model.forest import Examples, numbered
from trinity_guard.training.model.settings import Settings

# Its floors; it writes no model that is below one of them.
GATES = {"f1_score": 0.6, "precision": 0.5, "recall": 0.5}
DIGITS = 4
TOP = 10
PROTOCOL = "reference"
HYPERPARAMETERS = ("n_estimators", "max_depth", "min_samples_split", "min_samples_leaf")


def figures(found: Evaluation) -> dict[str, float]:
    """Return its figures by its names: of the valid pages, or of many classes each by how many rows have it."""
    counts = found.confusion.astype(np.float64)
    right, there, said = counts.diagonal(), counts.sum(axis=1), counts.sum(axis=0)
    precision, recall = _share(right, said), _share(right, there)
    f1 = _share(2 * right, there + said)
    weights = np.array([c == 1 for c in found.classes], dtype=np.float64) if found.target == "is_valid" else there
    three = {"precision": precision, "recall": recall, "f1_score": f1}
    return {name: round(float(np.average(each, weights=weights)), DIGITS) for name, each in three.items()}


def _share(part: Any, whole: Any) -> Any:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def short_of(found: Evaluation, settings: Settings) -> list[str]:
    """Return a sentence for each of its gates that the model does not pass; none under another protocol.

    Its figures of strategies are of another thing: each of its rows is a trial, and a page stands in many of them, with
    the strategy that was tried among what the model looks at. Ours are of pages, before any was tried.
    """
    if settings.protocol != PROTOCOL or found.target != "is_valid":
        return []
    mine = figures(found)
    return [
        f"{name} is {mine[name]:.4f}, below the {floor:g} of the reference's gate."
        for name, floor in GATES.items()
        if mine[name] < floor
    ]


def metadata(
    found: Evaluation, settings: Settings, data: Examples, created: datetime | None, stem: str
) -> dict[str, Any]:
    """Return the keys of its metadata, and `metrics` with its figures among ours; {} under another protocol.

    created: None where no moment may be told.
    """
    if settings.protocol != PROTOCOL:
        return {}
    plain = {name: getattr(settings, name) for name in HYPERPARAMETERS}
    worth = [{"feature": numbered(name), "importance": round(share, 4)} for name, share in found.importance.items()]
    made = {
        "metrics": found.to_json()["metrics"] | figures(found),
        "model_type": "RandomForestClassifier",
        "model_file": f"{stem}.pkl",
        "hyperparameters": {**plain, "random_seed": settings.seed},
        "feature_columns": [numbered(name) for name in data.features],
        "label_encoders": data.codes,
        "feature_importance_top10": worth[:TOP],
    }
    return made | ({"timestamp": created.strftime("%Y%m%d_%H%M%S")} if created else {})
