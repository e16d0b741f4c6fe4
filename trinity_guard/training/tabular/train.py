"""A training on a table of one's own: load, split, fit, evaluate, pass the gates, log, write, describe."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from trinity_guard.errors import UNUSABLE, GuardError
from trinity_guard.git import files
from trinity_guard.training import provenance
from trinity_guard.training.description import describe
from trinity_guard.training.description.describe import Described, Said
from trinity_guard.training.model import admitted, gates, seen, trials
from trinity_guard.training.model import champion as challenge
from trinity_guard.training.model import search as searching
from trinity_guard.training.model.forest import dump
from trinity_guard.training.model.kinds import Kind
from trinity_guard.training.model.probabilities import Answered
from trinity_guard.training.model.trials import Trial
from trinity_guard.training.tabular import estimator, figures, search
from trinity_guard.training.tabular.figures import Evaluation
from trinity_guard.training.tabular.options import REGRESSION, Options
from trinity_guard.training.tabular.table import Table, load
from trinity_guard.training.tabular.table import notes as notes_of
from trinity_guard.training.tracking import names, runs, session

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
    search: int = 0
    scheduler: str | None = None


@dataclass(frozen=True)
class Trained:
    """What came of it; complaints: of the gates, and then nothing was written; notes: what a person should know."""

    table: Table
    estimator: str
    evaluation: Evaluation
    complaints: list[str]
    model: str = ""
    described: Described | None = None
    url: str = ""
    version: str | None = None
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Fitted:
    """trials: of a search."""

    order: Order
    table: Table
    model: Any
    test: Any
    evaluation: Evaluation
    trials: list[Trial]


def train(
    order: Order,
    store: runs.RunStore,
    on_step: Callable[[str], None] = lambda step: None,
    on_trial: searching.OnResult | None = None,
) -> Trained:
    """Train. GuardError for a table, estimator or store that will not do; a model that falls short is not written."""
    on_step("reading the table")
    table = load(order.dataset, order.options)
    noted = notes_of(table, order.options.target)
    figures.split(table, order.options)  # one that cannot be parted is told before anything is begun
    _refuse(order, table)
    if order.search and order.scheduler:
        searching.require(order.scheduler)
    store.begin()
    try:
        if order.experiment.number or order.search:
            runs.require(store, order.experiment)  # an id of none is told before the fit
        fitted = _fit(order, table, on_step, on_trial)
        on_step("logging to MLflow")
        made = _completed(fitted, store)
        return replace(made, notes=[*noted, *made.notes])
    except BaseException:
        store.give_up()
        raise


def _refuse(order: Order, table: Table) -> None:
    """Refuse what cannot be meant of this table, before anything is begun."""
    if table.task == REGRESSION and (order.min_f1 is not None or order.min_mcc is not None):
        raise GuardError(
            f"--min-f1 and --min-mcc are of classes, and {order.options.target} is a quantity.",
            "trinity train --task classification     # if its values are classes",
            UNUSABLE,
        )
    estimator.pipeline(table, order.options)
    if order.search:
        search.space(table.task, order.options)


def _fit(order: Order, table: Table, on_step: Callable[[str], None], on_trial: searching.OnResult | None) -> _Fitted:
    tried: list[Trial] = []
    if order.search:
        on_step("searching")
        kept, how = trials.state_file(order.root), search.how(table.task)
        best = searching.search(table, order.options, order.search, order.scheduler, kept, on_trial, how)
        order, tried = replace(order, options=best.best), best.trials
    parts = figures.split(table, order.options)
    on_step("fitting")
    model = _fitted(estimator.pipeline(table, order.options), table, parts[0])
    on_step("cross-validating")
    return _Fitted(order, table, model, parts[1], figures.evaluate(model, table, order.options, parts), tried)


def _fitted(model: Any, table: Table, rows: Any) -> Any:
    try:
        return model.fit(table.X.iloc[rows], table.y.iloc[rows])
    except (ValueError, TypeError) as error:  # scikit-learn's words for parameters or data that do not fit
        words = str(error).partition("\n")[0][:200]
        raise GuardError(f"the estimator cannot be fitted: {words}.", "trinity train --set KEY=VALUE") from None


def _completed(fitted: _Fitted, store: runs.RunStore) -> Trained:
    """Pass the gates, log, write."""
    order, table, found = fitted.order, fitted.table, fitted.evaluation
    champion, notes = _champion(fitted, store)
    said = gates.check(found, order.min_f1, order.min_mcc, champion)
    dotted = estimator.name(table.task, order.options)
    data = dump(fitted.model)
    admitted.require(data, Kind(dotted))  # else nothing could ever load it
    tags = {**found.terms, **_source(order.root), "gates": " ".join(said) or "passed"}
    with session.begun(store, order.experiment, order.run_name or _name(order), tags) as run:
        run.log(_parameters(order, fitted.model, dotted), _flat(found))
        run.show(found.metrics)
        run.trials([(t.params, _of_trial(found.headline, t)) for t in fitted.trials])
        run.dataset(provenance.named(table.path, order.root), table.md5, len(table.X))
        if said:
            return Trained(table, dotted, found, said, url=run.url, notes=notes)
        made = _written(fitted, data, run, champion, tags)
    if order.stage:
        _write_metrics(order.project, found)
    return replace(made, notes=notes)


def _of_trial(headline: str, trial: Trial) -> dict[str, float]:
    return {f"{headline}_mean": trial.mean, f"{headline}_sd": trial.sd, "seconds": trial.seconds}


def _champion(fitted: _Fitted, store: runs.RunStore) -> tuple[Mapping[str, Any] | None, list[str]]:
    """Return the champion to be compared with, None where there is none or none is to be, and what to say of it."""
    order, table, test = fitted.order, fitted.table, fitted.test
    found = runs.champion(store, order.register) if order.register and order.compare else None
    if found is None:
        return None, []

    def measured(answered: Answered) -> Mapping[str, float]:
        p = answered.p if answered.p.shape[1] else None
        return figures.measured(table.task, table.y.iloc[test], np.array(answered.said), p, answered.classes)

    equal, note = challenge.on_equal_terms(found, fitted.evaluation, table.X.iloc[test], order.output, measured)
    return equal, [note] if note else []


def _written(
    fitted: _Fitted, data: bytes, run: session.Session, champion: Mapping[str, Any] | None, tags: Mapping[str, str]
) -> Trained:
    """Write the model, register it where that is asked for, and describe it."""
    order, table, found = fitted.order, fitted.table, fitted.evaluation
    path = _write(order, _name(order), data)
    md5, sha256 = provenance.md5(data), provenance.sha256(data)
    instead_of = str(champion["version"]) if champion else "" if order.compare else None
    version = run.register(
        fitted.model, table.X.head(), order.register, instead_of, {**tags, **names.of_bytes(md5, sha256)}
    )
    run.made(md5, sha256)
    where: dict[str, str | None] = {"run_id": run.run_id, "experiment": run.experiment, "tracking": run.store.shown}
    where |= {"name": order.register if version else None, "version": version}
    described = describe.describe(path, _said(fitted, where), order.stage)
    run.files([described.metadata, described.card])
    dotted = estimator.name(table.task, order.options)
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
    plain = {key: value for key, value in own.items() if not hasattr(value, "get_params")}
    return {
        "estimator": dotted,
        "target": options.target,
        "group": options.group,
        "test_size": options.test_size,
        "folds": options.folds,
        "seed": options.seed,
        **plain,
    }


def _flat(found: Evaluation) -> dict[str, float]:
    folds = {f"cv_{name}_{what}": one[i] for name, one in found.cv.items() for i, what in enumerate(("mean", "sd"))}
    constant = {f"baseline_{name}": value for name, value in found.baseline.items()}
    return {**found.metrics, **constant, **folds, **{f"leakage_{key}": value for key, value in found.leakage.items()}}


def _write(order: Order, name: str, data: bytes) -> str:
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
    files.replace(target, data, durable=True)
    return path


def _said(fitted: _Fitted, where: Mapping[str, Any]) -> Said:
    """Return what the metadata says beside what a description finds by itself."""
    order, table, found = fitted.order, fitted.table, fitted.evaluation
    given = _parameters(order, fitted.model, "")
    plain = {key: _plain(value) for key, value in given.items() if key not in ("estimator", "target")}
    train = np.setdiff1d(np.arange(len(table.X)), fitted.test)
    more = {
        "estimator": estimator.name(table.task, order.options),
        "task": table.task,
        "target": order.options.target,
        "features": list(table.X),
        "left_out": table.left_out,
        "split": found.terms["split"],
        "terms": found.terms,
        "baseline": figures.rounded(found.baseline),
        "cross_validation": {key: {"mean": round(m, 6), "sd": round(s, 6)} for key, (m, s) in found.cv.items()},
        "leakage": {**figures.rounded(found.leakage), "telling": found.telling},
        "seen": seen.recorded(table, train),
    }
    return Said(_name(order), order.dataset, figures.rounded(found.metrics), plain, where, more=more)


def _plain(value: object) -> Any:
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _write_metrics(project: str, found: Evaluation) -> None:
    """Write the figures that `dvc metrics diff` compares."""
    kept = {
        "metrics": figures.rounded(found.metrics),
        "baseline": figures.rounded(found.baseline),
        "leakage": figures.rounded(found.leakage),
    }
    target = os.fsencode(os.path.join(project, METRICS))
    files.refuse_behind_link(target)
    files.replace(target, (json.dumps(kept, indent=2) + "\n").encode(), durable=True)
