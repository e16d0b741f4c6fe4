"""One training, logged to MLflow as one run: what went in, what came out, and the model, signed."""

from __future__ import annotations

import contextlib
import getpass
import json
import math
import os
import shlex
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version as installed
from typing import Any

from trinity_guard.errors import UNUSABLE, GuardError, shown, typed
from trinity_guard.training.tracking import pages, sqlite
from trinity_guard.training.tracking.names import Experiment, legible
from trinity_guard.training.tracking.registry import champion, in_stage, mark, register, run_of, version
from trinity_guard.training.tracking.server import shown_uri
from trinity_guard.training.tracking.sqlite import artifact_uri, moved_from
from trinity_guard.training.tracking.store import RunStore, begin, opened, store

__all__ = [
    "Experiment", "Logged", "Run", "RunStore", "begin", "champion", "ignore", "ignored", "in_stage", "log", "mark",
    "require", "run_of", "shown_uri", "store", "version",
]  # fmt: skip

# MLflow's own limits, and how many of each it takes at once.
MAX_PARAM, MAX_TAG, MAX_KEY, MAX_DIGEST, BATCH = 6000, 8000, 250, 36, 100
MAX_DATASET = 500
# Where `trinity ui` shows the embedded store.
UI = "http://127.0.0.1:5000"
MODEL = "model"
# Parameters and metrics of one.
Trial = tuple[Mapping[str, object], Mapping[str, float]]
# Rows whose types are those of all: a table that is logged has been checked.
TYPICAL = 500


@dataclass(frozen=True)
class Run:
    """A training's record. example: a few rows as the model takes them; files: name -> bytes, extra artifacts.

    trials: (params, metrics) of a search, each a run below this one. requirements: lines of pip, all of them pinned.
    register: the registered model to which this one is added as a version, with the alias if one is named.
    instead_of: see registry.register. begun: when the training began, in seconds since 1970; 0: now.
    columns: the metrics to be seen first.
    """

    experiment: Experiment
    name: str
    params: Mapping[str, object]
    metrics: Mapping[str, float]
    tags: Mapping[str, str] = field(default_factory=dict)
    figures: Mapping[str, Any] = field(default_factory=dict)
    model: Any = None
    example: Any = None
    dataset_path: str = ""
    dataset_md5: str = ""
    dataset_frame: Any = None
    register: str | None = None
    alias: str | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    trials: Sequence[Trial] = ()
    requirements: Sequence[str] = ()
    begun: float = 0.0
    columns: Sequence[str] = ()
    instead_of: str | None = None


@dataclass(frozen=True)
class Logged:
    """Where a run is. url: its page on the server, or where `trinity ui` shows it."""

    run_id: str
    experiment_id: str
    url: str
    registered_version: str | None
    bears_alias: bool = False


def log(store: RunStore, run: Run) -> Logged:
    """Log a training; a run that cannot be logged whole is left as FAILED, never as RUNNING. GuardError (exit 2)."""
    store.ready()
    with warnings.catch_warnings(), opened(store) as client:
        warnings.simplefilter("ignore")
        experiment = experiment_id(client, store, run.experiment)
        run_id = create(client, experiment, run.name, run.tags, run.begun)
        with active(store, run_id):
            batches(client, run_id, run.params, run.metrics)
            pages.prepare(client, experiment, run.columns or run.metrics)
            trials(client, experiment, run_id, run.trials)
            _dataset(client, run_id, run)
            _artifacts(client, run_id, run)
            model = log_model(run) if run.model is not None else None
            number, bears = None, False
            if run.register and model is not None:
                own = tags(run.tags, own=False)
                number, bears = register(client, run.register, model, run_id, own, run.alias, run.instead_of)
    base = UI if store.artifact_root else store.shown.rstrip("/")
    return Logged(run_id, experiment, pages.run(base, experiment, run_id), number, bears)


def create(client: Any, experiment: str, name: str, given: Mapping[str, str], begun: float = 0.0) -> str:
    """Create a run and return its id: below the one that is open around it, or that MLflow's variable names.

    begun: when what it tells of began (seconds since 1970), 0 for now.
    """
    made = tags({**given, **_around(client)})
    return str(client.create_run(experiment, _milliseconds(begun or time.time()), made, legible(name)).info.run_id)


def _around(client: Any) -> dict[str, str]:
    """Return the tag by which MLflow's pages show a run below the one around it, if that is in the same store."""
    import mlflow
    from mlflow.exceptions import MlflowException

    open_now = mlflow.active_run()
    # `mlflow run` begins a run for a project's command, and tells it so.
    outer = open_now.info.run_id if open_now else os.environ.get("MLFLOW_RUN_ID", "").strip()
    if not outer:
        return {}
    try:
        client.get_run(outer)
    except MlflowException:
        return {}  # of another store
    return {"mlflow.parentRunId": outer}


def ignore(root: str, store: RunStore) -> list[str]:
    """Let Git ignore the store's files where they lie in root's work tree, before there are any; return the new lines.

    Those of the project's own store whatever the store: the next training may go there, and a commit of all would have
    its runs then.
    """
    return sqlite.ignore(root, sqlite.lines_for(root, store.uri, store.artifact_root))


def ignored(root: str) -> list[str]:
    """Return the lines that root's .gitignore lacks for the project's own store."""
    return sqlite.ignored(root)


def require(store: RunStore, experiment: Experiment) -> None:
    """Refuse a store that cannot be used, or an experiment that no run can be logged to; GuardError (exit 2)."""
    store.ready()
    with opened(store) as client:
        found = _found(client, store, experiment)
        if found is not None:
            _require_usable(store, found)


def _found(client: Any, store: RunStore, experiment: Experiment) -> Any:
    """Return MLflow's experiment, None where there is none of the name; GuardError (2) for an id of none."""
    from mlflow.exceptions import MlflowException

    if not experiment.number:
        return client.get_experiment_by_name(legible(experiment.name))
    try:
        return client.get_experiment(experiment.number)
    except MlflowException:
        raise GuardError(
            f"{store.shown} has no experiment {legible(experiment.number)}, which MLFLOW_EXPERIMENT_ID names.",
            "unset MLFLOW_EXPERIMENT_ID     # or name one: trinity train --experiment NAME",
            UNUSABLE,
        ) from None


def experiment_id(client: Any, store: RunStore, wanted: Experiment) -> str:
    """Return the id of an experiment, made where it is missing, with its artifacts where the store has them."""
    from mlflow.exceptions import MlflowException

    found, name = _found(client, store, wanted), legible(wanted.name)
    if found is None:
        where = artifact_uri(store.artifact_root) if store.artifact_root else None
        try:
            return str(client.create_experiment(name, artifact_location=where, tags=pages.KIND))
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
            found = client.get_experiment_by_name(name)  # another training made it just now
    _require_usable(store, found)
    return str(found.experiment_id)


def _require_usable(store: RunStore, found: Any) -> None:
    """Refuse an experiment that was deleted, or whose artifacts are kept where the project is no more."""
    name = found.name
    if found.lifecycle_stage != "active":
        raise GuardError(
            f"the experiment '{name}' of {store.shown} was deleted.",
            f"MLFLOW_TRACKING_URI={store.shown} mlflow experiments restore --experiment-id {found.experiment_id}",
            UNUSABLE,
        )
    old = moved_from(store.root, found.artifact_location) if store.embedded else ""
    if old:
        another = shlex.quote(f"{name} ({found.experiment_id})")
        here, there = (typed(os.fsencode(path)) for path in (os.path.abspath(store.root), os.path.dirname(old)))
        raise GuardError(
            f"the experiment '{name}' of {store.shown} keeps its artifacts in {shown(os.fsencode(old))}: this project "
            "was moved or copied, and MLflow cannot take them along.",
            f"MLFLOW_TRACKING_URI={store.shown} mlflow experiments rename --experiment-id {found.experiment_id} "
            f"--new-name {another}     # in the project's folder; the next training begins a new one here\n"
            f"ln -s {here} {there}     # if it was moved: earlier artifacts are found again",
            UNUSABLE,
        )


@contextlib.contextmanager
def active(store: RunStore, run_id: str) -> Iterator[None]:
    """Make a run the one that MLflow's functions log to, and end it whatever happens: FINISHED or FAILED."""
    import mlflow

    before = os.environ.get("MLFLOW_TRACKING_URI")
    mlflow.set_tracking_uri(store.uri)
    try:
        # nested: one that the caller has open stays open, and is not touched.
        with mlflow.start_run(run_id=run_id, nested=True, log_system_metrics=False):
            yield
    finally:
        # Back to the variable alone: what MLflow is told by word goes before it for good. Whoever had told it something
        # is obeyed still, since MLflow writes that into the variable itself.
        mlflow.set_tracking_uri(None)
        os.environ.pop("MLFLOW_TRACKING_URI", None)
        if before is not None:
            os.environ["MLFLOW_TRACKING_URI"] = before


def failure(store: RunStore, error: Exception) -> GuardError:
    """Return what kept a run from being logged, without a store's secrets."""
    if isinstance(error, GuardError):
        return error
    words = store.scrubbed(str(error)).strip().partition("\n")[0][:300]
    return GuardError(f"MLflow: {type(error).__name__}: {words}")


def batches(
    client: Any, run_id: str, params: Mapping[str, object], metrics: Mapping[str, float], step: int = 0
) -> None:
    """Log parameters and metrics in the pieces that a server takes at once, without metrics that are no numbers."""
    from mlflow.entities import Metric, Param

    now = int(time.time() * 1000)
    given = [Param(_key(k), cut(str(v), MAX_PARAM)) for k, v in params.items()]
    measured = [Metric(_key(k), float(v), now, step) for k, v in metrics.items() if math.isfinite(v)]
    for start in range(0, max(len(given), len(measured)), BATCH):
        client.log_batch(run_id, measured[start : start + BATCH], given[start : start + BATCH])


def trials(client: Any, experiment: str, parent: str, tried: Sequence[Trial]) -> None:
    """Log the trials of a search, each as a run below its parent."""
    width = len(str(len(tried)))
    for number, (params, metrics) in enumerate(tried, 1):
        name = f"trial {number:0{width}d}"
        ended = time.time()
        begun = _milliseconds(ended - metrics.get("seconds", 0.0))
        run_id = client.create_run(experiment, begun, tags({"mlflow.parentRunId": parent}), name).info.run_id
        try:
            batches(client, run_id, params, metrics)
        except BaseException:
            client.set_terminated(run_id, "FAILED")
            raise
        client.set_terminated(run_id, "FINISHED", _milliseconds(ended))


def _milliseconds(seconds: float) -> int:
    """Return a moment as MLflow counts it."""
    return int(seconds * 1000)


def _dataset(client: Any, run_id: str, run: Run) -> None:
    if run.dataset_frame is None:
        return
    from mlflow.models import infer_signature

    # Of a few rows: to look at each cell of 20,000 rows takes MLflow half a second.
    columns = infer_signature(run.dataset_frame.head(TYPICAL)).inputs.to_dict()
    size = {"num_rows": len(run.dataset_frame), "num_elements": int(run.dataset_frame.size)}
    log_dataset(client, run_id, run.dataset_path, run.dataset_md5, size, json.dumps({"mlflow_colspec": columns}))


def log_dataset(
    client: Any, run_id: str, path: str, md5: str, size: Mapping[str, int], schema: str | None = None
) -> None:
    """Log which data a run has seen: its path, its md5, and how much of it there is."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    path = legible(path)
    data = Dataset(
        name=cut(os.path.basename(path), MAX_DATASET) or "dataset",
        digest=md5[:MAX_DIGEST],
        source_type="local",
        source=json.dumps({"uri": path}),
        schema=schema,
        profile=json.dumps(size),
    )
    named = {"mlflow.data.context": "training", "md5": md5, "path": cut(path, 500)}
    client.log_inputs(run_id, [DatasetInput(data, [InputTag(key, value) for key, value in named.items()])])


def _artifacts(client: Any, run_id: str, run: Run) -> None:
    for name, figure in run.figures.items():
        client.log_figure(run_id, figure, f"plots/{name}.png")
    if not run.files:
        return
    with tempfile.TemporaryDirectory(prefix="trinity-guard-") as folder:
        for name, data in run.files.items():
            file = os.path.join(folder, *name.split("/"))
            os.makedirs(os.path.dirname(file), exist_ok=True)
            with open(file, "wb") as opened_file:
                opened_file.write(data)
        client.log_artifacts(run_id, folder)


def log_model(run: Run) -> Any:
    """Log the model, signed, as pickle.

    Its loader asks nothing, it takes a third of the time and of the space of skops, and loses no safety by it: the list
    of what skops trusts comes with the model. Which bytes may be loaded at all, the pointer and the metadata say.
    """
    import mlflow.sklearn

    example = _floats(run.example)
    return mlflow.sklearn.log_model(
        run.model,
        name=MODEL,
        serialization_format="pickle",
        signature=_signature(example, run.model.predict(example)),
        input_example=example,
        pip_requirements=list(run.requirements or requirements()),
    )


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


def requirements() -> list[str]:
    """Return what a trainer's model needs to be loaded, pinned to what is installed here."""
    return [f"{package}=={installed(package)}" for package in ("mlflow", "scikit-learn", "numpy", "pandas")]


def tags(given: Mapping[str, str], own: bool = True) -> dict[str, str]:
    """Return tags as MLflow takes them; own: with those by which its pages tell who ran what."""
    made = {_key(k): cut(str(v), MAX_TAG) for k, v in given.items()}
    if not own:
        return made
    known = {"mlflow.source.name": "trinity train", "mlflow.source.type": "LOCAL", "mlflow.user": _user()}
    if given.get("git_commit"):
        known["mlflow.source.git.commit"] = str(given["git_commit"])
    return {**known, **made}


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"  # a container's number without a name


def _key(name: str) -> str:
    """Return a name that MLflow takes: letters, digits, and _ - . / space and colon."""
    made = "".join(c if c.isalnum() or c in "_-./ :" else "_" for c in name[:MAX_KEY])
    return made.strip("/.") or "_"


def cut(text: str, limit: int) -> str:
    """Return a text that is at most `limit` characters long, and says so where it was longer."""
    text = legible(text)
    if len(text) <= limit:
        return text
    mark = f" [cut: {len(text)} characters]"
    return text[: limit - len(mark)] + mark
