"""A training on a table of one's own: load, split, fit, evaluate, pass the gates, log, write, describe."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from trinity_guard.errors import UNUSABLE, GuardError
from trinity_guard.git import files
from trinity_guard.training import provenance, record
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
    """What came of it; complaints: of the gates, and then nothing was written; notes: what a person should know.

    unlogged: why MLflow has no run of it; the model is written all the same.
    """

    table: Table
    estimator: str
    evaluation: Evaluation
    complaints: list[str]
    model: str = ""
    described: Described | None = None
    url: str = ""
    version: str | None = None
    notes: list[str] = field(default_factory=list)
    unlogged: GuardError | None = None


@dataclass(frozen=True)
class _Fitted:
    """trials: of a search. begun: when the training was."""

    order: Order
    table: Table
    model: Any
    test: Any
    evaluation: Evaluation
    trials: list[Trial]
    begun: float


@dataclass(frozen=True)
class _Model:
    """A model that is about to be written. instead_of: the version that may lose the champion's alias to it."""

    data: bytes
    claim: record.Claim
    instead_of: str | None

    @property
    def tags(self) -> dict[str, str]:
        return names.of_bytes(provenance.md5(self.data), provenance.sha256(self.data))


@dataclass(frozen=True)
class _Logged:
    """What MLflow has of a training. told: the metadata that names the run, {} where the model was not logged."""

    url: str = ""
    version: str | None = None
    told: dict[str, Any] = field(default_factory=dict)


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
    describe.checked_name(_name(order))
    if order.search:
        search.space(table.task, order.options)


def _fit(order: Order, table: Table, on_step: Callable[[str], None], on_trial: searching.OnResult | None) -> _Fitted:
    tried: list[Trial] = []
    begun = time.time()
    if order.search:
        on_step("searching")
        kept, how = trials.state_file(order.root), search.how(table.task)
        best = searching.search(table, order.options, order.search, order.scheduler, kept, on_trial, how)
        order, tried = replace(order, options=best.best), best.trials
    parts = figures.split(table, order.options)
    on_step("fitting")
    model = _fitted(estimator.pipeline(table, order.options), table, parts[0])
    on_step("cross-validating")
    return _Fitted(order, table, model, parts[1], figures.evaluate(model, table, order.options, parts), tried, begun)


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
    made = Trained(table, dotted, found, said, notes=notes)
    if said:
        logged, unlogged = _log(fitted, store, {"gates": " ".join(said)})
        return replace(made, url=logged.url, unlogged=unlogged)
    data = dump(fitted.model)
    admitted.require(data, Kind(dotted))  # else nothing could ever load it
    instead_of = str(champion["version"]) if champion else "" if order.compare else None
    with record.claimed(order.output, order.stage, re.sub("[-/]", "_", _name(order))) as claim:
        claim.stage(data)
        logged, unlogged = _log(fitted, store, {"gates": "passed"}, _Model(data, claim, instead_of))
        told = logged.told or _told(fitted, claim, _where(store))
        written = claim.write(record.encoded(told), describe.card(told))
    if order.stage:
        _write_metrics(order.project, found)
    described = Described(written.metadata, written.card, told, False)
    return replace(
        made, model=written.model, described=described, url=logged.url, version=logged.version, unlogged=unlogged
    )


def _log(
    fitted: _Fitted, store: runs.RunStore, tags: Mapping[str, str], model: _Model | None = None
) -> tuple[_Logged, GuardError | None]:
    """Log; what keeps MLflow from it is returned, since a model that is trained is not thrown away for it."""
    order, table, found = fitted.order, fitted.table, fitted.evaluation
    tags = {**found.terms, **_source(order.root), **tags, **(model.tags if model else {})}
    try:
        with session.begun(store, order.experiment, names.run(order.run_name, _name(order)), tags, fitted.begun) as run:
            run.log(_parameters(order, fitted.model, estimator.name(table.task, order.options)), _flat(found))
            run.show(found.metrics)
            run.trials([(t.params, _of_trial(found.headline, t)) for t in fitted.trials])
            run.dataset(provenance.named(table.path, order.root), table.md5, len(table.X))
            return (_log_model(fitted, run, model, tags) if model else _Logged(run.url)), None
    except Exception as error:  # noqa: BLE001  # MLflow's libraries raise anything: of SQLAlchemy, of the disk
        return _Logged(), runs.failure(store, error)


def _log_model(fitted: _Fitted, run: session.Session, model: _Model, tags: Mapping[str, str]) -> _Logged:
    """Log the model with what stands beside it, and register it where that is asked for."""
    order, claim = fitted.order, model.claim
    version = run.register(fitted.model, fitted.table.X.head(), order.register, model.instead_of, tags)
    where: dict[str, str | None] = {"run_id": run.run_id, "experiment": run.experiment}
    told = _told(
        fitted, claim, _where(run.store) | where | {"name": order.register if version else None, "version": version}
    )
    run.texts({claim.stem + record.METADATA: record.encoded(told), claim.stem + record.CARD: describe.card(told)})
    return _Logged(run.url, version, told)


def _where(store: runs.RunStore) -> dict[str, str | None]:
    """Return what metadata says of MLflow where it has no run."""
    return {"run_id": None, "experiment": None, "tracking": store.shown, "name": None, "version": None}


def _told(fitted: _Fitted, claim: record.Claim, where: Mapping[str, Any]) -> dict[str, Any]:
    return describe.metadata(claim.model, _said(fitted, where), fitted.order.stage, staged=claim.staged)


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
