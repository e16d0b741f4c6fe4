"""A run of the user's own making: begun, filled by MLflow's public functions, ended whatever happens."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import metadata as installed
from typing import Any

from trinity_guard.training.tracking import names, pages, registry, runs
from trinity_guard.training.tracking.store import RunStore, opened

# A library -> MLflow's flavour of it, where both are known to agree.
FLAVOURS = {
    "scikit-learn": "sklearn", "xgboost": "xgboost", "lightgbm": "lightgbm", "torch": "pytorch", "keras": "keras",
    "onnx": "onnx", "spacy": "spacy", "catboost": "catboost",
}  # fmt: skip


class Session:
    """An open run, which MLflow's own functions log to as well."""

    def __init__(self, store: RunStore, client: Any, experiment: str, run_id: str) -> None:
        self.store = store
        self.client = client
        self.experiment = experiment
        self.run_id = run_id

    @property
    def url(self) -> str:
        base = runs.UI if self.store.artifact_root else self.store.shown.rstrip("/")
        return pages.run(base, self.experiment, self.run_id)

    def log(self, params: Mapping[str, object], metrics: Mapping[str, float], step: int | None = None) -> None:
        runs.batches(self.client, self.run_id, params, metrics, step or 0)

    def show(self, metrics: Iterable[str]) -> None:
        """Have MLflow's page of the experiment show these metrics beside its runs, where nobody has said otherwise."""
        pages.prepare(self.client, self.experiment, metrics)

    def trials(self, tried: Sequence[runs.Trial]) -> None:
        """Log the trials of a search, each as a run below this one."""
        runs.trials(self.client, self.experiment, self.run_id, tried)

    def tag(self, tags: Mapping[str, str]) -> None:
        from mlflow.entities import RunTag

        # In one transaction: each costs as much as all of them.
        self.client.log_batch(self.run_id, tags=[RunTag(key, value) for key, value in tags.items()])

    def made(self, md5: str, sha256: str, number: int = 1, name: str = "") -> None:
        """Tell which bytes this run has made; number: of the model, where there are several."""
        self.tag({**names.of_bytes(md5, sha256, number), **({"model": name} if name and number == 1 else {})})

    def dataset(self, path: str, md5: str, rows: int | None) -> None:
        """Log a dataset by its path and md5; what is in it, nobody reads for this."""
        runs.log_dataset(self.client, self.run_id, path, md5, {} if rows is None else {"num_rows": rows})

    def files(self, paths: Sequence[str]) -> None:
        for path in paths:
            self.client.log_artifact(self.run_id, path)

    def texts(self, files: Mapping[str, bytes]) -> None:
        """Log files that are in no folder yet, by their names."""
        for name, data in files.items():
            self.client.log_text(self.run_id, data.decode(), name)

    def model(self, library: str, model: Any, path: str, example: Any) -> None:
        """Log a model: by MLflow's flavour of its library where the object is given, else its file."""
        import mlflow

        flavour = FLAVOURS.get(library)
        if model is None or flavour is None:
            log = self.client.log_artifacts if os.path.isdir(path) else self.client.log_artifact
            log(self.run_id, path, runs.MODEL)
            return
        more = {"serialization_format": "pickle"} if flavour == "sklearn" else {}
        if example is not None:
            more["input_example"] = example
        getattr(mlflow, flavour).log_model(model, name=runs.MODEL, pip_requirements=pinned(library), **more)

    def register(
        self, model: Any, example: Any, name: str | None, instead_of: str | None, tags: Mapping[str, str]
    ) -> str | None:
        """Log a model of scikit-learn, and make it a version of a registered one if one is named; return its number.

        instead_of: the version that may lose the alias to it, see registry.register.
        """
        run = runs.Run(names.Experiment(""), "", {}, {}, model=model, example=example)
        logged = runs.log_model(run)
        if not name:
            return None
        own = runs.tags(tags, own=False)
        number, _ = registry.register(self.client, name, logged, self.run_id, own, registry.CHAMPION, instead_of)
        return number


def pinned(library: str) -> list[str]:
    """Return what a model of this library needs, pinned to what is installed: MLflow would look for seconds."""
    found = []
    for package in ("mlflow", library, "numpy", "pandas"):
        with contextlib.suppress(installed.PackageNotFoundError):
            found.append(f"{package}=={installed.version(package)}")
    return found


@contextlib.contextmanager
def begun(
    store: RunStore, experiment: names.Experiment, name: str, tags: Mapping[str, str], since: float = 0.0
) -> Iterator[Session]:
    """Begin a run and end it: FINISHED, or FAILED where the caller raises. GuardError (2) where none can be begun.

    since: when what it tells of began, see runs.create.
    """
    store.ready()
    with warnings.catch_warnings(), opened(store) as client:
        warnings.simplefilter("ignore")
        found = runs.experiment_id(client, store, experiment)
        run_id = runs.create(client, found, name, tags, since)
        with runs.active(store, run_id):
            yield Session(store, client, found, run_id)
