"""A small real model, and a training's record made of it: what the tests of tracking log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder

from trinity_guard.training.tracking.runs import Experiment, Run

MODEL = "layout-risk-predictor"
REQUIREMENTS = ["scikit-learn==1.0.2", "numpy==1.21.0"]


def table() -> pd.DataFrame:
    random = np.random.default_rng(7)
    chars = random.integers(1, 100, 120)
    words = random.integers(1, 20, 120)
    return pd.DataFrame({"theme": random.choice(["plain", "dense"], 120), "chars": chars, "words": words})


def model() -> Any:
    rows = table()
    encoder = ColumnTransformer([("theme", OneHotEncoder(handle_unknown="ignore"), ["theme"])], remainder="passthrough")
    forest = RandomForestClassifier(10, max_depth=4, random_state=1)
    return Pipeline([("encoder", encoder), ("forest", forest)]).fit(rows, (rows.chars / rows.words > 6).astype(int))


def figure() -> Figure:
    made = Figure()
    made.subplots().plot([1, 2, 3])
    return made


def record(**changes: Any) -> Run:
    """A run without a model, which costs little; `changes` name what else is in it."""
    return Run(
        **{
            "experiment": Experiment("layout"),
            "name": "first",
            "params": {"depth": 4},
            "metrics": {"f1_overflow": 0.7052},
            **changes,
        }
    )


def whole(**changes: Any) -> Run:
    """A run with all that a training logs."""
    rows = table()
    parts = {
        "params": {"depth": 4, "long": "x" * 9000, **{f"p{n}": n for n in range(230)}},
        "metrics": {"f1_overflow": 0.7052, "mcc": 0.6441, "undefined": float("nan")},
        "tags": {"git_commit": "0123abc", "dvc_md5": "d" * 32},
        "figures": {"roc": figure(), "calibration": figure()},
        "model": model(),
        "example": rows.head(3),
        "dataset_path": "data/training_dataset.csv",
        "dataset_md5": "a" * 32,
        "dataset_frame": rows,
        "register": MODEL,
        "alias": "champion",
        "files": {"card.md": b"# A card\n", "curves/roc.csv": b"fpr,tpr\n0,0\n"},
        "trials": [({"depth": d}, {"f1_overflow": 0.5 + d / 100}) for d in (2, 3)],
        "requirements": REQUIREMENTS,
    }
    return record(**{**parts, **changes})


def below(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())
