"""A small real model, and a training's record made of it: what the tests of tracking log."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder

from trinity_guard.training.tracking import session
from trinity_guard.training.tracking.runs import Experiment, RunStore

MODEL = "layout-risk-predictor"


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


@dataclass(frozen=True)
class Logged:
    """Where a run is."""

    run_id: str
    experiment_id: str
    url: str
    registered_version: str | None


def log(store: RunStore, **given: Any) -> Logged:
    """Log a training as the trainer does; without a model it costs little. dataset: its path, md5 and table."""
    name, experiment = given.get("name", "first"), given.get("experiment", Experiment("layout"))
    params, metrics = given.get("params", {"depth": 4}), given.get("metrics", {"f1_overflow": 0.7052})
    register, tags = given.get("register"), given.get("tags", {})
    with session.begun(store, experiment, name, tags) as run:
        run.log(params, metrics)
        run.show(metrics)
        run.trials(given.get("trials", ()))
        if "dataset" in given:
            path, md5, rows = given["dataset"]
            run.dataset(path, md5, len(rows), rows)
        for picture, one in given.get("figures", {}).items():
            run.client.log_figure(run.run_id, one, f"plots/{picture}.png")
        run.put(given.get("files", {}))
        made = given.get("model")
        version = run.register(made, table().head(3), register, None, tags)[0] if made is not None else None
    return Logged(run.run_id, run.experiment, run.url, version)


def log_whole(store: RunStore, **changes: Any) -> Logged:
    """Log all that a training logs."""
    parts = {
        "params": {"depth": 4, "long": "x" * 9000, **{f"p{n}": n for n in range(230)}},
        "metrics": {"f1_overflow": 0.7052, "mcc": 0.6441, "undefined": float("nan")},
        "tags": {"git_commit": "0123abc", "dvc_md5": "d" * 32},
        "figures": {"roc": figure(), "calibration": figure()},
        "model": model(),
        "dataset": ("data/training_dataset.csv", "a" * 32, table()),
        "register": MODEL,
        "files": {"card.md": b"# A card\n", "curves/roc.csv": b"fpr,tpr\n0,0\n"},
        "trials": [({"depth": d}, {"f1_overflow": 0.5 + d / 100}) for d in (2, 3)],
    }
    return log(store, **{**parts, **changes})


def below(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())
