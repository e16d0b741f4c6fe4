"""`with trinity_guard.run("churn") as run:` and `trinity_guard.record(…)`: the same for any model, in Python."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from trinity_guard import git
from trinity_guard.errors import UNUSABLE, GuardError
from trinity_guard.training import extra, provenance
from trinity_guard.training.description import describe, facts
from trinity_guard.training.description.describe import Described, Said

Path = str | os.PathLike[str]
Where = tuple[str, git.Place | None]


def record(
    model: Path,
    *,
    name: str = "",
    dataset: Path = "",
    metrics: Mapping[str, float] | Path | None = None,
    params: Mapping[str, Any] | Path | None = None,
) -> dict[str, Any]:
    """Write MODEL_metadata.json and MODEL_card.md beside a model, and return the metadata.

    model: a file, or a folder, of any library; it is read, never loaded. dataset: what it was trained on, a file or a
    folder. metrics, params: mappings, or files that hold one. What is not said stays, where the model is the same.
    GuardError, with what helps, for what is not there.
    """
    said = Said(
        name,
        os.fspath(dataset),
        None if metrics is None else metrics if isinstance(metrics, Mapping) else _figures(metrics),
        None if params is None else dict(facts.flat(params)) if isinstance(params, Mapping) else _settings(params),
    )
    return describe.describe(os.fspath(model), said).told


def _figures(path: Path) -> dict[str, float]:
    found, others = facts.figures([os.fspath(path)])
    if others:
        warnings.warn(f"no figures, and left out: {', '.join(others)}", stacklevel=3)
    return found


def _settings(path: Path) -> dict[str, Any]:
    return facts.settings([os.fspath(path)])


class Run:
    """A training of yours that is under way: what you say of it goes to MLflow and, at its end, beside the models."""

    def __init__(
        self, session: Any, name: str, dataset: dict[str, Any] | None, where: Where, commit: provenance.Commit
    ) -> None:
        self._session = session
        self._name = name
        self._where = where
        self._commit = commit
        self._params: dict[str, Any] = {}
        self._metrics: dict[str, float] = {}
        self._models: list[tuple[str, str, Any, Any]] = []
        self.dataset = dataset

    @property
    def id(self) -> str:
        """MLflow's id of this run."""
        return str(self._session.run_id)

    @property
    def url(self) -> str:
        """Where MLflow shows it."""
        return str(self._session.url)

    def params(self, values: Mapping[str, Any] | None = None, /, **more: Any) -> None:
        """Say which settings are used."""
        given = dict(facts.flat({**(values or {}), **more}))
        self._params |= given
        self._session.log(given, {})

    def metrics(self, values: Mapping[str, float] | None = None, /, step: int | None = None, **more: float) -> None:
        """Say how good it is, or (step) how good it was by then; what is said last is what the metadata has."""
        given = {key: float(value) for key, value in {**(values or {}), **more}.items()}
        self._metrics |= given
        self._session.log({}, given, step)

    def record(self, path: Path, model: Any = None, *, example: Any = None, name: str = "") -> None:
        """Name a file (or folder) that the model was saved to. model: the object, for MLflow's own format of it;
        example: a few rows as it takes them. Metadata and card are written when the run ends well."""
        if not os.path.lexists(path):
            raise GuardError(f"there is no {os.fspath(path)}.", "save the model first, then record its file", UNUSABLE)
        self._models.append((os.fspath(path), name, model, example))

    def finish(self) -> list[Described]:
        """Write what is to stand beside each model, and log both."""
        if self._metrics:
            self._session.show(self._metrics)
        return [self._finish(number, *one) for number, one in enumerate(self._models, 1)]

    def _finish(self, number: int, path: str, name: str, model: Any, example: Any) -> Described:
        where = {
            "run_id": self.id, "experiment": self._session.experiment, "tracking": self._session.store.shown,
            "name": None, "version": None,
        }  # fmt: skip
        said = Said(name or self._name, "", self._metrics, self._params, where, data=self.dataset, commit=self._commit)
        made = describe.describe(path, said, where=self._where)
        told = made.told["model"]
        self._session.made(told["md5"], told["sha256"] or "", number, made.told["name"])
        self._session.model(told["library"], model, path, example)
        self._session.files([made.metadata, made.card])
        return made


@contextmanager
def run(
    name: str,
    *,
    dataset: Path = "",
    params: Mapping[str, Any] | None = None,
    experiment: str | None = None,
    offline_ok: bool = False,
) -> Iterator[Run]:
    """Begin an MLflow run for a model of this name, and end it: FINISHED, or FAILED where the block raises.

    It bears the tags that tell which commit and which data it is of; MLflow's own functions log to it too. It goes to
    the server of MLFLOW_TRACKING_URI, else beside the project (with offline_ok also where the server is away).
    """
    extra.require_mlflow("trinity_guard.run")
    from trinity_guard.training.tracking import names, runs, session

    root, place = extra.here()
    store = runs.begin(extra.store_root(root), offline_ok)
    if place:
        runs.ignore(store.root if store.embedded else root, store)
    path = os.fspath(dataset)
    data = facts.dataset(place, path, root) if path else None
    commit = provenance.commit(root)
    with session.begun(store, names.experiment(experiment, name), name, _tags(commit, data)) as opened:
        made = Run(opened, name, data, (root, place), commit)
        if data:
            opened.dataset(data["path"], data["md5"], data["rows"])
        if params:
            made.params(params)
        yield made
        made.finish()


def _tags(commit: provenance.Commit, data: Mapping[str, Any] | None) -> dict[str, str]:
    of = [data[key] or "" for key in ("md5", "pointer_md5")] if data else []
    return {"mlflow.source.name": sys.argv[0] or "python", **provenance.tags(commit, *of)}
