"""`with trinity_guard.run(…)` against the same logged by MLflow's own functions: what it costs beside them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from benchmarks.measuring import sh

ROUNDS = int(os.environ.get("ROUNDS", "15"))
LIMIT = 0.1  # seconds more than MLflow itself

# Both log parameters, a metric, scikit-learn's model and two files beside it to one SQLite file, in turn. Ours writes
# those two files, too, and hashes model and dataset, asks Git for the commit and reads what the pickle is of.
BOTH = """
import json, statistics, sys, time
import joblib, mlflow, numpy as np
from sklearn.linear_model import LogisticRegression
import trinity_guard
x = np.arange(2000.0).reshape(-1, 4)
model = LogisticRegression().fit(x, np.arange(500) > 250)
settings, store = {"C": 1.0, "solver": "lbfgs"}, f"sqlite:///{sys.argv[1]}/mlflow.db"
needed = [f"{m.__name__}=={m.__version__}" for m in (mlflow, np)]
joblib.dump(model, "models/churn.pkl")
for name in ("metadata.json", "card.md"):
    open(name, "w").write("x" * 1500)

def mlflow_itself():
    mlflow.set_tracking_uri(store)
    mlflow.set_experiment("churn")
    with mlflow.start_run(run_name="churn", tags={"git_commit": "0" * 40}):
        mlflow.log_params(settings)
        mlflow.log_metric("auc", 0.9)
        mlflow.sklearn.log_model(model, name="model", pip_requirements=needed, serialization_format="pickle")
        mlflow.log_artifact("metadata.json")
        mlflow.log_artifact("card.md")
    mlflow.set_tracking_uri(None)

def ours():
    with trinity_guard.run("churn", dataset="data/t.csv", params=settings) as run:
        run.metrics(auc=0.9)
        run.record("models/churn.pkl", model)

ours(), mlflow_itself()  # what is loaded once, and the tables
times = {"MLflow itself": [], "trinity_guard.run": []}
for _ in range(int(sys.argv[2])):
    for name, way in zip(times, (mlflow_itself, ours)):
        begin, spent = time.perf_counter(), time.process_time()
        way()
        times[name].append((time.perf_counter() - begin, time.process_time() - spent))
json.dump({name: [statistics.median(one) for one in zip(*each)] for name, each in times.items()}, sys.stdout)
"""


def run(room: Path) -> None:
    project = room / "runs"
    for folder in ("data", "models"):
        (project / folder).mkdir(parents=True)
    (project / "data" / "t.csv").write_text("a,b,c,d,y\n" + "1,2,3,4,0\n" * 20_000)
    sh("git", "init", "-q", "-b", "main", cwd=project)
    sh("git", "add", "data", cwd=project)
    sh("git", "commit", "-q", "-m", "data", cwd=project)
    argv = [sys.executable, "-c", BOTH, str(project), str(ROUNDS)]
    # What MLflow says on the way is no figure.
    done = subprocess.run(argv, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    print(f"\nwith trinity_guard.run(…), medians of {ROUNDS} in one process: clock, processor")
    for name, (clock, processor) in found.items():
        print(f"  {name:<34} {clock * 1000:9.1f} ms {processor * 1000:9.1f} ms", flush=True)
    clock, processor = (found["trinity_guard.run"][at] - found["MLflow itself"][at] for at in (0, 1))
    print(f"  {'more than MLflow itself':<34} {clock * 1000:9.1f} ms {processor * 1000:9.1f} ms   limit {LIMIT} s")
