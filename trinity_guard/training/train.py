"""A training from its order to its record: load, split, search, fit, evaluate, pass the gates, log, write."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from trinity_guard.errors import GuardError
from trinity_guard.git import files
from trinity_guard.training import provenance, record
from trinity_guard.training.layout import Layout
from trinity_guard.training.model import champion as challenge
from trinity_guard.training.model import gates, search, trials
from trinity_guard.training.model.search import Trial
from trinity_guard.training.preset import Fitted, Order, Parts, Preset, Watch
from trinity_guard.training.record import Claim, Written
from trinity_guard.training.tabular.options import Options
from trinity_guard.training.tabular.preset import Tabular
from trinity_guard.training.tracking import names, runs, session

__all__ = ["Order", "Trained", "Watch", "train"]

EXAMPLE_ROWS = 5
METRICS = os.path.join("metrics", "train.json")


@dataclass(frozen=True)
class Logged:
    """What MLflow has of a training. url: its page; version: of the registered model; bears_alias: is it the champion.

    metadata: the model's, which names the run; {} where no model was logged.
    """

    run_id: str
    url: str
    version: str | None = None
    bears_alias: bool = False
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Trained:
    """What came of it. complaints: of the gates, and then nothing was written; notes: what a person should know.

    unlogged: why MLflow has no run of it; the model is written all the same. ignored: lines that .gitignore got.
    """

    preset: Preset
    evaluation: Any
    complaints: list[str]
    notes: list[str]
    ignored: Sequence[str] = ()
    metadata: dict[str, Any] = field(default_factory=dict)
    written: Written | None = None
    logged: Logged | None = None
    unlogged: GuardError | None = None


@dataclass(frozen=True)
class _Model:
    """A model that is about to be written. instead_of: the version that may lose the champion's alias to it."""

    claim: Claim
    instead_of: str | None


@dataclass(frozen=True)
class _Training:
    preset: Preset
    store: runs.RunStore
    begun: float
    fitted: Fitted
    trials: Sequence[Trial]


def train(order: Order, store: runs.RunStore, watch: Watch | None = None) -> Trained:
    """Train. store: where it is logged, not begun yet: a table that cannot be trained on leaves nothing behind, and no
    more does a cluster that does not answer.

    GuardError for inputs that cannot be trained on (1, 2), for a champion that cannot be asked about (2), and for a
    folder that cannot be written (2).
    """
    watch, begun = watch or Watch(), time.time()
    watch.steps("reading the table")
    preset = Tabular(order) if isinstance(order.settings, Options) else Layout(order)
    noted, parts = preset.read(), preset.split()
    if order.search and order.scheduler:
        search.require(order.scheduler)
    ignored = _ignore_store(order.root, store)
    store.begin()
    try:
        if order.experiment.number or order.search or store.unasked:
            runs.require(store, order.experiment)  # an id of none, a driver that is missing, are told before the fit
        fitted, tried = _fit(preset, parts, watch)
        watch.steps("logging to MLflow")
        made = _completed(_Training(preset, store, begun, fitted, tried))
    except BaseException:
        store.give_up()
        raise
    return replace(made, notes=[*noted, *made.notes], ignored=ignored)


def _ignore_store(root: str, store: runs.RunStore) -> list[str]:
    """Keep the runs out of Git, before there are any."""
    return runs.ignore(store.root if store.embedded else root, store) if provenance.is_git(root) else []


def _fit(preset: Preset, parts: Parts, watch: Watch) -> tuple[Fitted, Sequence[Trial]]:
    order = preset.order
    if not order.search:
        return preset.fit(order.settings, parts, watch), ()
    watch.steps("searching")
    kept = trials.state_file(order.root)
    found = search.search(preset.data, order.settings, order.search, order.scheduler, kept, watch.trials, preset.how)
    return preset.fit(found.best, parts, watch), found.trials


def _completed(one: _Training) -> Trained:
    """Pass the gates, log, write."""
    preset, order, found = one.preset, one.preset.order, one.fitted.evaluation
    champion, notes = _champion(one)
    said = gates.check(found, order.min_f1, order.min_mcc, champion) + preset.short_of(one.fitted)
    made = Trained(preset, found, said, [*notes, *preset.notes(one.fitted)])
    if said:
        logged, unlogged = _log(one, {"gates": " ".join(said)})
        return replace(made, logged=logged, unlogged=unlogged)
    instead_of = str(champion["version"]) if champion else "" if order.compare else None
    with record.claimed(order.output, order.stage, preset.name) as claim:
        claim.stage(preset.dumped(one.fitted.model))
        logged, unlogged = _log(one, {"gates": "passed"}, _Model(claim, instead_of))
        told = logged.metadata if logged else preset.metadata(one.fitted, claim, _where(one.store))
        written = claim.write(record.encoded(told), preset.card(told, claim.stem))
    if order.stage:
        _write_metrics(order.project, found)
    notes = [*made.notes, *_overtaken(order, logged)]
    return replace(made, notes=notes, metadata=told, written=written, logged=logged, unlogged=unlogged)


def _champion(one: _Training) -> tuple[Mapping[str, Any] | None, list[str]]:
    """Return the champion to be compared with, None where there is none or none is to be, and what to say of it."""
    order, fitted = one.preset.order, one.fitted
    found = runs.champion(one.store, order.register) if order.register and order.compare else None
    if found is None:
        return None, []
    rows, measured = one.preset.data.X.iloc[fitted.test], one.preset.measured(fitted)
    equal, note = challenge.on_equal_terms(found, fitted.evaluation, rows, order.output, measured)
    return equal, [note] if note else []


def _overtaken(order: Order, logged: Logged | None) -> list[str]:
    """Return what to say where another version has become champion since this one was compared with the former."""
    if logged is None or logged.version is None or logged.bears_alias:
        return []
    return [
        f"version {logged.version} of {order.register} is registered, and is not the champion: another "
        "version became it while this one was trained. The same command again compares with that one."
    ]


def _log(
    one: _Training, tags: Mapping[str, str], model: _Model | None = None
) -> tuple[Logged | None, GuardError | None]:
    """Log; what keeps MLflow from it is returned, since a model that is trained is not thrown away for it."""
    preset, order, found = one.preset, one.preset.order, one.fitted.evaluation
    name = names.run(order.run_name, model.claim.stem if model else f"{preset.name} (refused)")
    made = names.of_bytes(model.claim.made.md5, model.claim.made.sha256) if model else {}
    pointer = preset.pointer.md5 if preset.pointer else ""
    tags = {**provenance.tags(preset.source, "", pointer), **found.terms, **made, **tags}
    try:
        with session.begun(one.store, order.experiment, name, tags, one.begun) as run:
            run.log(preset.parameters(one.fitted), _flat(found))
            run.show(found.headlines)
            run.trials([(t.params, _of_trial(found.headline, t)) for t in one.trials])
            run.dataset(provenance.named(order.dataset, order.root), preset.data.md5, preset.rows, preset.frame)
            run.put({f"plots/{picture}": data for picture, data in one.fitted.pictures.items()})
            return (_log_model(one, run, model, tags) if model else Logged(run.run_id, run.url)), None
    except Exception as error:  # noqa: BLE001  # MLflow's libraries raise anything: of SQLAlchemy, of the disk
        return None, runs.failure(one.store, error)


def _log_model(one: _Training, run: session.Session, model: _Model, tags: Mapping[str, str]) -> Logged:
    """Log the model with what stands beside it, and register it where that is asked for."""
    preset, order, stem = one.preset, one.preset.order, model.claim.stem
    example = preset.data.X.iloc[one.fitted.test[:EXAMPLE_ROWS]]
    served = preset.served(one.fitted.model)
    version, bears = run.register(served, example, order.register, model.instead_of, tags)
    where = _where(one.store) | {"run_id": run.run_id, "experiment": run.experiment}
    where |= {"name": order.register, "version": version} if version else {}
    told = preset.metadata(one.fitted, model.claim, where)
    run.put({stem + record.METADATA: record.encoded(told), stem + record.CARD: preset.card(told, stem)})
    return Logged(run.run_id, run.url, version, bears, told)


def _where(store: runs.RunStore) -> dict[str, str | None]:
    """Return what metadata says of MLflow where it has no run. name: of the registered model that got the version."""
    return {"run_id": None, "experiment": None, "tracking": store.shown, "name": None, "version": None}


def _of_trial(headline: str, trial: Trial) -> dict[str, float]:
    return {f"{headline}_mean": trial.mean, f"{headline}_sd": trial.sd, "seconds": trial.seconds}


def _flat(found: Any) -> dict[str, float]:
    """Return an evaluation's figures under one name each."""
    folds = {f"cv_{name}_{what}": one[i] for name, one in found.cv.items() for i, what in enumerate(("mean", "sd"))}
    constant = {f"baseline_{name}": value for name, value in found.baseline.items()}
    leakage = {f"leakage_{name}": float(value) for name, value in found.leakage.items()}
    return {**found.metrics, **constant, **folds, **leakage}


def _write_metrics(project: str, found: Any) -> None:
    """Write the figures that `dvc metrics diff` compares."""
    plain = found.to_json()
    kept = {name: plain[name] for name in ("metrics", "baseline", "cv", "leakage")}
    target = os.fsencode(os.path.join(project, METRICS))
    files.refuse_behind_link(target)
    files.replace(target, (json.dumps(kept, indent=2) + "\n").encode(), durable=True)
