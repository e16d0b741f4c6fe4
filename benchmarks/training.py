"""`trinity train` on 20,000 rows against the same pipeline's bare fit plus `import mlflow`; one page's prediction."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.measuring import BIN, sh, show, timed, turns

ROWS = 20_000
LIMIT = 1.5
PAGE_LIMIT = 10.0

# What a person would write without us: read, choose the columns, fit the same forest on the same rows, have MLflow.
BARE = """
import mlflow
import numpy as np, pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GroupKFold, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder
table = pd.read_csv("data/training_dataset.csv")
texts = ["theme", "active_strategy"]
numbers = ["input_char_len", "input_word_count", "css_density_spacing", "css_density_layout", "pathological_score",
           "longest_word", "slot_fill", "word_fill"]
page = table["page_id"].str.split("-").str[1].astype(int)
part = table[page % 5 != 0]
encoder = OneHotEncoder(handle_unknown="ignore")
columns = ColumnTransformer([("numbers", "passthrough", numbers), ("texts", encoder, texts)])
settings = {"max_depth": 10, "min_samples_split": 5, "min_samples_leaf": 2}
forest = RandomForestClassifier(100, **settings, random_state=42, n_jobs=JOBS)
pipeline = Pipeline([("columns", columns), ("forest", forest)]).fit(part[numbers + texts], part["is_valid"])
if FOLDS:
    cross_val_score(pipeline, table[numbers + texts], table["is_valid"], groups=page, cv=GroupKFold(5))
"""

PAGE = """
import json, sys, time
from trinity_guard.training import predict
from trinity_guard.training.model import verified
loaded = verified.load(sys.argv[1])
page = {"theme": "minimal", "input_char_len": 950, "input_word_count": 134, "css_density_spacing": 0.77,
        "css_density_layout": 0.94, "pathological_score": 0.042, "longest_word": 35, "slot_fill": 1.5, "word_fill": 1.3}
predict(loaded, [page])
times = []
for _ in range(50):
    begin = time.perf_counter()
    predict(loaded, [page])
    times.append(time.perf_counter() - begin)
print(json.dumps(sorted(times)[25] * 1000))
"""


def run(room: Path) -> None:
    project = room / "training"
    project.mkdir()
    sh("git", "init", "-q", "-b", "main", cwd=project)
    sh(BIN / "trinity", "data", "--rows", str(ROWS), cwd=project)

    def ours(_: int) -> float:
        for name in ("mlflow.db", "mlartifacts", "models"):
            path = project / name
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        return timed(lambda: sh(BIN / "trinity", "train", cwd=project))

    def again(*args: str) -> float:
        return timed(lambda: sh(BIN / "trinity", "train", *args, cwd=project))

    def bare(jobs: int, folds: bool = False) -> float:
        script = BARE.replace("JOBS", str(jobs)).replace("FOLDS", str(folds))
        return timed(lambda: sh(sys.executable, "-c", script, cwd=project))

    medians = turns(
        3,
        **{
            "bare fit, import mlflow": lambda _: bare(1),
            "with 5 folds, on all cores": lambda _: bare(-1, folds=True),
            "trinity train --set folds=0": lambda _: again("--set", "folds=0"),
            "trinity train": lambda _: again(),
            "trinity train, a new store": ours,
        },
    )
    limits = {name: LIMIT for name in medians if name.startswith("trinity")}
    show(f"trinity train, {ROWS:,} rows: 4 fits more for the folds, figures, MLflow's run", "bare fit, import mlflow",
         medians, limits)  # fmt: skip
    _page(project)
    print(f"  peak memory of trinity train {_peak(project):.0f} MB", flush=True)


def _page(project: Path) -> None:
    model = str(sorted((project / "models").glob("*.pkl"))[-1])
    done = subprocess.run([sys.executable, "-c", PAGE, model], cwd=project, capture_output=True, check=True)
    print(f"  one page, five strategies, once loaded {json.loads(done.stdout):.1f} ms   limit {PAGE_LIMIT:g}")


def _peak(project: Path) -> float:
    """Return the peak of a training's memory in MB."""
    os.chdir(project)
    nothing = os.open(os.devnull, os.O_WRONLY)
    actions = [(os.POSIX_SPAWN_DUP2, nothing, 1), (os.POSIX_SPAWN_DUP2, nothing, 2)]
    pid = os.posix_spawn(BIN / "trinity", ["trinity", "train"], os.environ, file_actions=actions)
    os.close(nothing)
    _, status, usage = os.wait4(pid, 0)
    if status:
        sys.exit("trinity train failed")
    return usage.ru_maxrss / 1024
