"""Runs of MLflow's: in which experiment, begun and ended whatever happens, and what their names and tags may be."""

from __future__ import annotations

import contextlib
import getpass
import os
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from trinity_guard.errors import UNUSABLE, GuardError, shown, typed
from trinity_guard.training.tracking import pages, sqlite
from trinity_guard.training.tracking.names import Experiment, legible
from trinity_guard.training.tracking.registry import champion, in_stage, mark, run_of, version
from trinity_guard.training.tracking.server import shown_uri
from trinity_guard.training.tracking.sqlite import artifact_uri, moved_from
from trinity_guard.training.tracking.store import RunStore, begin, opened, restore, store

__all__ = [
    "Experiment", "RunStore", "begin", "champion", "ignore", "ignored", "in_stage", "mark", "require", "run_of",
    "shown_uri", "store", "version",
]  # fmt: skip

# MLflow's own limits.
MAX_TAG, MAX_KEY = 8000, 250
# The tag by which its pages show a run below another.
PARENT = "mlflow.parentRunId"
TRACKING_URI, RUN_ID = "MLFLOW_TRACKING_URI", "MLFLOW_RUN_ID"
# Where `trinity ui` shows the embedded store.
UI = "http://127.0.0.1:5000"


def _started(client: Any, experiment: str, name: str, given: Mapping[str, str], begun: float) -> Any:
    """Begin MLflow's active run: below the one that is open around it, or that MLflow's variable names."""
    import mlflow

    around = _around(client)
    how: dict[str, Any] = {"nested": True, "log_system_metrics": False}  # nested: an open one stays open, untouched
    made, name = tags({**given, **around}), legible(name)
    if begun:
        created = client.create_run(experiment, milliseconds(begun), made, name)
        return mlflow.start_run(run_id=created.info.run_id, **how)
    # Not one that is created first: it costs three questions more, and none may be in another experiment than the one
    # that `mlflow.set_experiment` has named. By the variable, MLflow goes on with another run.
    os.environ.pop(RUN_ID, None)
    run = mlflow.start_run(experiment_id=experiment, run_name=name, tags=made, **how)
    if PARENT in run.data.tags and not around:
        client.delete_tag(run.info.run_id, PARENT)  # the open one is of another store
    return run


def _around(client: Any) -> dict[str, str]:
    """Return the tag that puts a run below the one around it, {} where there is none in the same store."""
    import mlflow
    from mlflow.exceptions import MlflowException

    open_now = mlflow.active_run()
    # `mlflow run` begins a run for a project's command, and tells it so.
    outer = open_now.info.run_id if open_now else os.environ.get(RUN_ID, "").strip()
    if not outer:
        return {}
    try:
        client.get_run(outer)
    except MlflowException:
        return {}  # of another store
    return {PARENT: outer}


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
    try:
        store.ready()
    except Exception as error:
        if isinstance(error, GuardError) or not store.unasked:
            raise
        raise GuardError(
            f"MLflow cannot use {store.shown}, which MLFLOW_TRACKING_URI names: {failure(store, error).problem}.",
            "unset MLFLOW_TRACKING_URI     # logs to mlflow.db in the project's folder instead",
            UNUSABLE,
        ) from error
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


def opened_experiment(client: Any, store: RunStore, wanted: Experiment) -> Any:
    """Return MLflow's experiment, made where it is missing, with its artifacts where the store has them."""
    from mlflow.exceptions import MlflowException

    found, name = _found(client, store, wanted), legible(wanted.name)
    if found is None:
        where = artifact_uri(store.artifact_root) if store.artifact_root else None
        try:
            return client.get_experiment(client.create_experiment(name, where, pages.KIND))
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
            found = client.get_experiment_by_name(name)  # another training made it just now
    _require_usable(store, found)
    return found


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
def active(
    store: RunStore, client: Any, experiment: str, name: str, given: Mapping[str, str], begun: float = 0.0
) -> Iterator[str]:
    """Begin a run that MLflow's functions log to, and end it whatever happens: FINISHED or FAILED. Yields its id.

    begun: when what it tells of began (seconds since 1970), 0 for now.
    """
    import mlflow

    before = {name: os.environ.get(name) for name in (TRACKING_URI, RUN_ID)}
    mlflow.set_tracking_uri(store.uri)
    try:
        with _started(client, experiment, name, given, begun) as run:
            yield str(run.info.run_id)
    finally:
        # Back to the variable alone: what MLflow is told by word goes before it for good. Whoever had told it something
        # is obeyed still, since MLflow writes that into the variable itself.
        mlflow.set_tracking_uri(None)
        restore(before)


def failure(store: RunStore, error: Exception) -> GuardError:
    """Return what kept a run from being logged, without a store's secrets."""
    if isinstance(error, GuardError):
        return error
    words = store.scrubbed(str(error)).strip().partition("\n")[0][:300]
    return GuardError(f"MLflow: {type(error).__name__}: {words}")


def milliseconds(seconds: float) -> int:
    """Return a moment as MLflow counts it."""
    return int(seconds * 1000)


def tags(given: Mapping[str, str], own: bool = True) -> dict[str, str]:
    """Return tags as MLflow takes them; own: with those by which its pages tell who ran what."""
    made = {key(k): cut(str(v), MAX_TAG) for k, v in given.items()}
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


def key(name: str) -> str:
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
