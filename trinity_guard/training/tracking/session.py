"""One run, of a training or of the user's own making: begun, filled by MLflow's public functions, ended."""

from __future__ import annotations

import contextlib
import json
import math
import os
import tempfile
import time
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from trinity_guard.training import provenance
from trinity_guard.training.tracking import names, pages, registry, runs
from trinity_guard.training.tracking.store import RunStore, opened

# A library -> MLflow's flavour of it, where both are known to agree.
FLAVOURS = {
    "scikit-learn": "sklearn", "xgboost": "xgboost", "lightgbm": "lightgbm", "torch": "pytorch", "keras": "keras",
    "onnx": "onnx", "spacy": "spacy", "catboost": "catboost",
}  # fmt: skip
# MLflow's own limits, and how many parameters or metrics it takes at once.
MAX_PARAM, MAX_DATASET, MAX_DIGEST, BATCH = 6000, 500, 36, 100
# Rows whose types are those of all: a table that is logged has been checked.
TYPICAL = 500
MODEL = "model"
# Parameters and metrics of one.
Trial = tuple[Mapping[str, object], Mapping[str, float]]


class Session:
    """An open run, which MLflow's own functions log to as well."""

    def __init__(self, store: RunStore, client: Any, experiment: Any, run_id: str) -> None:
        self.store = store
        self.client = client
        self._experiment = experiment
        self.run_id = run_id

    @property
    def experiment(self) -> str:
        """MLflow's id of it."""
        return str(self._experiment.experiment_id)

    @property
    def url(self) -> str:
        """Its page on the server, or where `trinity ui` shows it."""
        base = runs.UI if self.store.artifact_root else self.store.shown.rstrip("/")
        return pages.run(base, self.experiment, self.run_id)

    def log(self, params: Mapping[str, object], metrics: Mapping[str, float], step: int | None = None) -> None:
        """Log parameters and metrics in the pieces that a server takes at once, without metrics that are no numbers."""
        from mlflow.entities import Metric, Param

        now = runs.milliseconds(time.time())
        given = [Param(runs.key(k), runs.cut(str(v), MAX_PARAM)) for k, v in params.items()]
        measured = [Metric(runs.key(k), float(v), now, step or 0) for k, v in metrics.items() if math.isfinite(v)]
        for start in range(0, max(len(given), len(measured)), BATCH):
            self.client.log_batch(self.run_id, measured[start : start + BATCH], given[start : start + BATCH])

    def show(self, metrics: Iterable[str]) -> None:
        """Have MLflow's page of the experiment show these metrics beside its runs, where nobody has said otherwise."""
        if not pages.prepared(self._experiment.tags):
            pages.prepare(self.client, self.experiment, metrics)

    def trials(self, tried: Sequence[Trial]) -> None:
        """Log the trials of a search, each as a run below this one."""
        width = len(str(len(tried)))
        for number, (params, metrics) in enumerate(tried, 1):
            ended = time.time()
            begun = runs.milliseconds(ended - metrics.get("seconds", 0.0))
            parent = runs.tags({runs.PARENT: self.run_id})
            made = self.client.create_run(self.experiment, begun, parent, f"trial {number:0{width}d}")
            below = Session(self.store, self.client, self._experiment, made.info.run_id)
            try:
                below.log(params, metrics)
            except BaseException:
                self.client.set_terminated(below.run_id, "FAILED")
                raise
            self.client.set_terminated(below.run_id, "FINISHED", runs.milliseconds(ended))

    def tag(self, tags: Mapping[str, str]) -> None:
        from mlflow.entities import RunTag

        # In one transaction: each costs as much as all of them.
        self.client.log_batch(self.run_id, tags=[RunTag(key, value) for key, value in tags.items()])

    def made(self, md5: str, sha256: str, number: int = 1, name: str = "") -> None:
        """Tell which bytes this run has made; number: of the model, where there are several."""
        self.tag({**names.of_bytes(md5, sha256, number), **({"model": name} if name and number == 1 else {})})

    def dataset(self, path: str, md5: str, rows: int | None, frame: Any = None) -> None:
        """Log which data the run has seen by its path and md5; what is in it, nobody reads for this.

        frame: the data itself, where it is at hand: its columns are told too.
        """
        from mlflow.entities import Dataset, DatasetInput, InputTag

        path, size = names.legible(path), {} if rows is None else {"num_rows": rows}
        data = Dataset(
            name=runs.cut(os.path.basename(path), MAX_DATASET) or "dataset",
            digest=md5[:MAX_DIGEST],
            source_type="local",
            source=json.dumps({"uri": path}),
            schema=None if frame is None else _columns(frame),
            profile=json.dumps(size if frame is None else {**size, "num_elements": int(frame.size)}),
        )
        named = {"mlflow.data.context": "training", "md5": md5, "path": runs.cut(path, MAX_DATASET)}
        self.client.log_inputs(self.run_id, [DatasetInput(data, [InputTag(k, v) for k, v in named.items()])])

    def files(self, paths: Sequence[str]) -> None:
        for path in paths:
            self.client.log_artifact(self.run_id, path)

    def put(self, contents: Mapping[str, bytes]) -> None:
        """Log files that are in no folder yet: name -> bytes."""
        if not contents:
            return
        with tempfile.TemporaryDirectory(prefix="trinity-guard-") as folder:
            for name, data in contents.items():
                file = os.path.join(folder, *name.split("/"))
                os.makedirs(os.path.dirname(file), exist_ok=True)
                with open(file, "wb") as opened_file:
                    opened_file.write(data)
            self.client.log_artifacts(self.run_id, folder)

    def model(self, library: str, model: Any, path: str, example: Any, **more: Any) -> Any:
        """Log a model: by MLflow's flavour of its library where the object is given, else its file.

        Of scikit-learn as pickle. Its loader asks nothing, it takes a third of the time and of the space of skops, and
        loses no safety by it: the list of what skops trusts comes with the model. Which bytes may be loaded at all, the
        pointer and the metadata say.
        """
        import mlflow

        flavour = FLAVOURS.get(library)
        if model is None or flavour is None:
            log = self.client.log_artifacts if os.path.isdir(path) else self.client.log_artifact
            log(self.run_id, path, MODEL)
            return None
        more |= {"serialization_format": "pickle"} if flavour == "sklearn" else {}
        more |= {} if example is None else {"input_example": example}
        return getattr(mlflow, flavour).log_model(model, name=MODEL, pip_requirements=pinned(library), **more)

    def register(
        self, model: Any, example: Any, name: str | None, instead_of: str | None, tags: Mapping[str, str]
    ) -> tuple[str | None, bool]:
        """Log a model of scikit-learn, and make it a version of a registered one if one is named; return its number,
        and whether it is the champion.

        example: a few rows as it takes them. instead_of: the version that may lose the alias to it, see
        registry.register.
        """
        rows = _floats(example)
        logged = self.model("scikit-learn", model, "", rows, signature=_signature(rows, model.predict(rows)))
        if not name:
            return None, False
        own = runs.tags(tags, own=False)
        return registry.register(self.client, name, logged, self.run_id, own, registry.CHAMPION, instead_of)


def _columns(frame: Any) -> str:
    """Return a table's columns as MLflow keeps them: to look at each cell of 20,000 rows takes it half a second."""
    from mlflow.models import infer_signature

    return json.dumps({"mlflow_colspec": infer_signature(frame.head(TYPICAL)).inputs.to_dict()})


def _signature(example: Any, answers: Any) -> Any:
    """Return a signature by the columns' names alone.

    With types it refuses the very table that the model was trained on: what is 1 in one table is 1.0 in the next, and
    MLflow takes no whole number for a float. The model itself tells what it cannot read.
    """
    from mlflow.models import ModelSignature, infer_signature
    from mlflow.types import ColSpec, Schema
    from mlflow.types.schema import AnyType

    columns = Schema([ColSpec(AnyType(), str(name)) for name in example.columns])
    return ModelSignature(inputs=columns, outputs=infer_signature(example, answers).outputs)


def _floats(example: Any) -> Any:
    """Return the rows with all numbers as float64: MLflow would refuse a missing value in a column of integers."""
    numbers = example.select_dtypes("number").columns
    return example.astype(dict.fromkeys(numbers, "float64"))


def pinned(library: str) -> list[str]:
    """Return what a model of this library needs, pinned to what is installed: MLflow would look for seconds."""
    found = provenance.versions(("mlflow", library, "numpy", "pandas"))
    return [f"{package}=={version}" for package, version in found.items()]


@contextlib.contextmanager
def begun(
    store: RunStore, experiment: names.Experiment, name: str, tags: Mapping[str, str], since: float = 0.0
) -> Iterator[Session]:
    """Begin a run and end it: FINISHED, or FAILED where the caller raises. GuardError (2) where none can be begun.

    since: when what it tells of began, see runs.active.
    """
    store.ready()
    with warnings.catch_warnings(), opened(store) as client:
        warnings.simplefilter("ignore")
        found = runs.opened_experiment(client, store, experiment)
        with runs.active(store, client, found.experiment_id, name, tags, since) as run_id:
            yield Session(store, client, found, run_id)
