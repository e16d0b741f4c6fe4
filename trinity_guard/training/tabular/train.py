"""A training on a table of one's own: load, split, fit, evaluate, pass the gates, log, write, describe."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from trinity_guard.errors import GuardError
from trinity_guard.git import files
from trinity_guard.training import provenance
from trinity_guard.training.description import describe
from trinity_guard.training.description.describe import Described, Said
from trinity_guard.training.model.forest import dump
from trinity_guard.training.tabular import estimator, figures
from trinity_guard.training.tabular.figures import Evaluation
from trinity_guard.training.tabular.options import Options
from trinity_guard.training.tabular.table import Table, load
from trinity_guard.training.tracking import runs, session

METRICS = os.path.join("metrics", "train.json")


@dataclass(frozen=True)
class Order:
    """Where a training is done and what becomes of it. name: the model's, "" by its target; see TrainingOptions."""

    root: str
    project: str
    dataset: str
    output: str
    options: Options
    name: str = ""
    experiment: runs.Experiment = field(default_factory=lambda: runs.Experiment("models"))
    run_name: str | None = None
    register: str | None = None
    compare: bool = True
    min_f1: float | None = None
    min_mcc: float | None = None
    stage: bool = False


@dataclass(frozen=True)
class Trained:
    """What came of it; complaints: of the gates, and then nothing was written."""

    table: Table
    estimator: str
    evaluation: Evaluation
    complaints: list[str]
    model: str = ""
    described: Described | None = None
    url: str = ""
    version: str | None = None


def train(order: Order, store: runs.RunStore, on_step: Callable[[str], None] = lambda step: None) -> Trained:
    """Train. GuardError for a table, estimator or store that will not do; a model that falls short is not written."""
    on_step("reading the table")
    table = load(order.dataset, order.options)
    parts = figures.split(table, order.options)
    model = estimator.pipeline(table, order.options)
    store.begin()
    try:
        if order.experiment.number:
            runs.require(store, order.experiment)  # an id of none is told before the fit
        on_step("fitting")
        fitted = _fitted(model, table, parts[0])
        on_step("cross-validating")
        found = figures.evaluate(fitted, table, order.options, parts)
        on_step("logging to MLflow")
        return _completed(order, store, table, fitted, found)
    except BaseException:
        store.give_up()
        raise


def _fitted(model: Any, table: Table, rows: Any) -> Any:
    try:
        return model.fit(table.X.iloc[rows], table.y.iloc[rows])
    except (ValueError, TypeError) as error:  # scikit-learn's words for parameters or data that do not fit
        words = str(error).partition("\n")[0][:200]
        raise GuardError(f"the estimator cannot be fitted: {words}.", "trinity train --set KEY=VALUE") from None


def _completed(order: Order, store: runs.RunStore, table: Table, fitted: Any, found: Evaluation) -> Trained:
    champion = runs.champion(store, order.register) if order.register and order.compare else None
    said = figures.complaints(found, table.task, order.min_f1, order.min_mcc)
    said += figures.against(champion, found, table.task)
    dotted = estimator.name(table.task, order.options)
    name = _name(order)
    tags = {**found.terms, **_source(order.root), "gates": " ".join(said) or "passed"}
    with session.begun(store, order.experiment, order.run_name or name, tags) as run:
        run.log(_parameters(order, fitted, dotted), _flat(found))
        run.dataset(provenance.named(table.path, order.root), table.md5, len(table.X))
        if said:
            return Trained(table, dotted, found, said, url=run.url)
        path = _write(order, name, fitted)
        instead_of = str(champion["version"]) if champion else "" if order.compare else None
        version = run.register(fitted, table.X.head(), order.register, instead_of, tags | {"dvc_md5": _md5(path)})
        run.tag({"dvc_md5": _md5(path)})
        where: dict[str, str | None] = {"run_id": run.run_id, "experiment": run.experiment, "tracking": store.shown}
        where |= {"name": order.register if version else None, "version": version}
        described = describe.describe(path, _said(order, name, table, fitted, found, where), order.stage)
        run.files([described.metadata, described.card])
    if order.stage:
        _write_metrics(order.project, found)
    return Trained(table, dotted, found, [], path, described, run.url, version)


def _name(order: Order) -> str:
    plain = re.sub(r"[^A-Za-z0-9]+", "-", order.options.target).strip("-") or "table"
    return order.name or f"{plain}-model"


def _source(root: str) -> dict[str, str]:
    source = provenance.commit(root)
    return {"git_commit": source.commit} if source.commit else {}


def _parameters(order: Order, fitted: Any, dotted: str) -> dict[str, object]:
    options = order.options
    own = dict(fitted.named_steps["model"].get_params(deep=False))
    return {
        "estimator": dotted, "target": options.target, "test_size": options.test_size, "folds": options.folds,
        "seed": options.seed, **{key: value for key, value in own.items() if not hasattr(value, "get_params")},
    }  # fmt: skip


def _flat(found: Evaluation) -> dict[str, float]:
    folds = {f"cv_{name}_{what}": one[i] for name, one in found.cv.items() for i, what in enumerate(("mean", "sd"))}
    constant = {f"baseline_{name}": value for name, value in found.baseline.items()}
    return {**found.metrics, **constant, **folds, **{f"leakage_{key}": value for key, value in found.leakage.items()}}


def _write(order: Order, name: str, fitted: Any) -> str:
    """Write the model's file: dated, or under --stage with its bare name."""
    stem = name.replace("-", "_")
    path = os.path.join(order.output, f"{stem}.pkl")
    while not order.stage:
        path = os.path.join(order.output, f"{stem}_{datetime.now(UTC):%Y%m%dT%H%M%SZ}.pkl")
        if not os.path.lexists(path):
            break
        time.sleep(0.2)
    target = os.path.abspath(os.fsencode(path))
    files.refuse_behind_link(target)
    files.replace(target, dump(fitted), durable=True)
    return path


def _md5(path: str) -> str:
    from trinity_guard.dvcrepo import odb

    return odb.md5_of(os.fsencode(path))


def _said(order: Order, name: str, table: Table, fitted: Any, found: Evaluation, where: Mapping[str, Any]) -> Said:
    """Return what the metadata says beside what a description finds by itself."""
    plain = {key: _plain(value) for key, value in _parameters(order, fitted, "").items() if key != "estimator"}
    more = {
        "estimator": estimator.name(table.task, order.options),
        "task": table.task,
        "target": order.options.target,
        "features": list(table.X),
        "left_out": table.left_out,
        "split": found.terms["split"],
        "baseline": _rounded(found.baseline),
        "cross_validation": {key: {"mean": round(m, 6), "sd": round(s, 6)} for key, (m, s) in found.cv.items()},
        "leakage": {**_rounded(found.leakage), "telling": found.telling},
    }
    return Said(name, order.dataset, _rounded(found.metrics), plain, where, more=more)


def _plain(value: object) -> Any:
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _rounded(values: Mapping[str, float]) -> dict[str, float]:
    return {key: round(value, 6) for key, value in values.items()}


def _write_metrics(project: str, found: Evaluation) -> None:
    """Write the figures that `dvc metrics diff` compares."""
    kept = {
        "metrics": _rounded(found.metrics),
        "baseline": _rounded(found.baseline),
        "leakage": _rounded(found.leakage),
    }
    target = os.fsencode(os.path.join(project, METRICS))
    files.refuse_behind_link(target)
    files.replace(target, (json.dumps(kept, indent=2) + "\n").encode(), durable=True)
