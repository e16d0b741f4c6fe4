"""A training from its options to its record: load, split, search, fit, evaluate, pass the gates, log, write."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from trinity_guard.errors import GuardError, shown
from trinity_guard.git import files
from trinity_guard.training import provenance, record
from trinity_guard.training.data import csv_file
from trinity_guard.training.data.table import contradictions, load, warnings
from trinity_guard.training.model import card, evaluation, gates, plots, reference, search, seen, trials
from trinity_guard.training.model import champion as challenge
from trinity_guard.training.model import forest as model
from trinity_guard.training.model.settings import Settings
from trinity_guard.training.provenance import Commit, Recorded
from trinity_guard.training.record import NAME, Written
from trinity_guard.training.tracking import names, runs

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

    from trinity_guard.training.data.table import Table
    from trinity_guard.training.model.evaluation import Evaluation
    from trinity_guard.training.model.forest import Examples
    from trinity_guard.training.model.search import Trial

EXAMPLE_ROWS = 5
METRICS = os.path.join("metrics", "train.json")


@dataclass(frozen=True)
class TrainingOptions:
    """What a training is told. root: the top of the work tree; dataset, output: paths as the user sees them.

    project: the folder that metrics/train.json is written in, "" for root.

    register: the registered model that gets a version, and whose champion must not be better, unless `compare` is off.
    stage: fixed names, and nothing in the outputs that the inputs do not determine. search: how many settings to try.
    """

    root: str
    dataset: str
    output: str
    settings: Settings = field(default_factory=Settings)
    experiment: runs.Experiment = field(default_factory=lambda: runs.Experiment(NAME))
    run_name: str | None = None
    register: str | None = None
    compare: bool = True
    search: int = 0
    scheduler: str | None = None
    min_f1: float | None = None
    min_mcc: float | None = None
    stage: bool = False
    project: str = ""


@dataclass(frozen=True)
class Watch:
    """Who wants to know how far it is: folds (done, total); trials (this, best so far, done, total); steps (which)."""

    folds: Callable[[int, int], None] | None = None
    trials: Callable[[Trial, Trial, int, int], None] | None = None
    steps: Callable[[str], None] = lambda which: None


@dataclass(frozen=True)
class Trained:
    """What came of it. complaints: of the gates, and then nothing was written; notes: what a person should know.

    unlogged: why MLflow has no run of it; the model is written all the same. ignored: lines that .gitignore got.
    """

    evaluation: Evaluation
    metadata: dict[str, Any]
    complaints: list[str]
    notes: list[str]
    ignored: list[str]
    written: Written | None = None
    logged: runs.Logged | None = None
    unlogged: GuardError | None = None


@dataclass(frozen=True)
class _Inputs:
    options: TrainingOptions
    source: Commit
    table: Table
    pointer: Recorded | None
    matches: bool | None
    data: Examples
    begun: float


@dataclass(frozen=True)
class _Fitted:
    model: Pipeline
    settings: Settings
    trials: list[Trial]
    evaluation: Evaluation
    train: Any
    test: Any
    pictures: Mapping[str, bytes]


def train(options: TrainingOptions, store: runs.RunStore, watch: Watch | None = None) -> Trained:
    """Train. store: where it is logged, not begun yet: a table that cannot be trained on leaves nothing
    behind, and no more does a cluster that does not answer.

    GuardError for inputs that cannot be trained on (1, 2), for a champion that cannot be asked about (2), and for a
    folder that cannot be written (2).
    """
    watch = watch or Watch()
    begun = time.time()
    watch.steps("reading the table")
    inputs = _inputs(options, begun)
    parts = model.split(inputs.data, options.settings)
    if options.search and options.scheduler:
        search.require(options.scheduler)
    ignored = _ignore_store(options.root, store)
    store.begin()
    try:
        if options.experiment.number:
            runs.require(store, options.experiment)  # an id of none is told before the fit
        fitted = _fit(inputs, parts, store, watch)
        watch.steps("logging to MLflow")
        return _completed(inputs, store, fitted, ignored)
    except BaseException:
        store.give_up()
        raise


def _completed(inputs: _Inputs, store: runs.RunStore, fitted: _Fitted, ignored: list[str]) -> Trained:
    """Pass the gates, log, write."""
    options = inputs.options
    champion, measured = _champion(inputs, store, fitted)
    instead_of = str(champion["version"]) if champion else ""
    complaints = gates.check(fitted.evaluation, options.min_f1, options.min_mcc, champion)
    complaints += reference.short_of(fitted.evaluation, fitted.settings)
    notes = [*warnings(inputs.table), *_mismatch(inputs), *measured, *_weighted(fitted.settings)]
    if complaints:
        logged, unlogged = _log(store, _run(inputs, fitted, f"{NAME} (refused)", {"gates": " ".join(complaints)}))
        return Trained(fitted.evaluation, {}, complaints, notes, ignored, None, logged, unlogged)
    with record.claimed(options.output, options.stage) as claim:
        data = model.dump(fitted.model)
        claim.stage(data)
        metadata = _metadata(inputs, fitted, claim, data)
        run = _run(inputs, fitted, claim.stem, {**_made(metadata["model"]), "gates": "passed"})
        whole = _with_model(run, inputs, fitted, metadata, claim.stem)
        logged, unlogged = _log(store, replace(whole, instead_of=instead_of if options.compare else None))
        metadata = metadata if options.stage else metadata | {"mlflow": _mlflow(store, logged, options)}
        written = claim.write(record.encoded(metadata), card.encoded(metadata, claim.stem))
    if options.stage:
        _write_metrics(options.project or options.root, fitted.evaluation)
    notes += _overtaken(options, logged)
    return Trained(fitted.evaluation, metadata, [], notes, ignored, written, logged, unlogged)


def _champion(inputs: _Inputs, store: runs.RunStore, fitted: _Fitted) -> tuple[Mapping[str, Any] | None, list[str]]:
    """Return the champion to be compared with, None where there is none or none is to be, and what to say of it."""
    options = inputs.options
    found = runs.champion(store, options.register) if options.register and options.compare else None
    if found is None:
        return None, []
    equal, note = challenge.on_equal_terms(
        found,
        fitted.evaluation,
        inputs.data.X.iloc[fitted.test],
        options.output,
        challenge.of_layout(inputs.data, fitted.test),
    )
    return equal, [note] if note else []


def _overtaken(options: TrainingOptions, logged: runs.Logged | None) -> list[str]:
    """Return what to say where another version has become champion since this one was compared with the former."""
    if not (options.register and logged and logged.registered_version) or logged.bears_alias:
        return []
    return [
        f"version {logged.registered_version} of {options.register} is registered, and is not the champion: another "
        "version became it while this one was trained. The same command again compares with that one."
    ]


def _inputs(options: TrainingOptions, begun: float) -> _Inputs:
    source = provenance.commit(options.root)
    table = load(options.dataset)
    if options.settings.target == "resolved_strategy_id":
        _refuse_contradictions(table)
    pointer = provenance.recorded(options.dataset, options.root)
    matches = None
    if pointer is not None:
        matches = pointer.md5 == table.md5
        if pointer.legacy and not matches:
            matches = pointer.agrees(csv_file.read(options.dataset))
    return _Inputs(options, source, table, pointer, matches, model.examples(table, options.settings), begun)


def _weighted(settings: Settings) -> list[str]:
    weight = settings.class_weight
    return [card.WEIGHTED.format(weight)] if weight else []


def _refuse_contradictions(table: Table) -> None:
    """Refuse to learn labels that the table's own verdicts deny."""
    found = contradictions(table.frame)
    if found:
        name = shown(os.fsencode(table.path))
        raise GuardError(
            "\n    ".join([f"{name} cannot be trained on for resolved_strategy_id:", *found]),
            "give each row the number of the mildest strategy under which its page held\n"
            "trinity train --target is_valid     # learns from the verdicts alone",
        )


def _mismatch(inputs: _Inputs) -> list[str]:
    if inputs.matches is not False or inputs.pointer is None:
        return []
    name = shown(os.fsencode(inputs.table.path))
    return [
        f"{name} is not what its pointer says (md5 {inputs.table.md5[:10]}…, the pointer has "
        f"{inputs.pointer.md5[:10]}…): trinity-guard convert {name}     # records it as it is"
    ]


def _ignore_store(root: str, store: runs.RunStore) -> list[str]:
    """Keep the runs out of Git, before there are any."""
    return runs.ignore(store.root if store.embedded else root, store) if provenance.is_git(root) else []


def _fit(inputs: _Inputs, parts: tuple[Any, Any], store: runs.RunStore, watch: Watch) -> _Fitted:
    options, data, (train, test) = inputs.options, inputs.data, parts
    settings, tried = options.settings, []
    if options.search:
        watch.steps("searching")
        runs.require(store, options.experiment)
        kept = trials.state_file(options.root)
        found = search.search(data, settings, options.search, options.scheduler, kept, watch.trials)
        settings, tried = found.best, found.trials
    watch.steps("growing the forest")
    fitted = model.fit(data, settings, train)
    judged = evaluation.evaluate(fitted, data, settings, train, test)
    # Drawn while the folds' trees grow, which need Python's lock but now and then.
    with ThreadPoolExecutor(1, "pictures") as beside:
        drawn = beside.submit(plots.pictures, judged)
        cv = evaluation.cross_validate(data, settings, watch.folds, (train, fitted))
        return _Fitted(fitted, settings, tried, replace(judged, cv=cv), train, test, drawn.result())


def _metadata(inputs: _Inputs, fitted: _Fitted, claim: record.Claim, data: bytes) -> dict[str, Any]:
    """Return a model's metadata; under `stage` without what the inputs do not determine: moments, commits, machines."""
    options, table, found = inputs.options, inputs.table, fitted.evaluation.to_json()
    path = provenance.named(claim.model, options.root)
    model_facts = {"path": path, "md5": provenance.md5(data), "sha256": provenance.sha256(data), "size": len(data)}
    groups = len(set(table.groups.tolist()))
    dataset = {"path": provenance.named(table.path, options.root), "md5": table.md5, "rows": len(table.frame)}
    made = {
        "name": NAME,
        "model": model_facts,
        "dataset": dataset | {"pages": groups},
        "features": inputs.data.features,
        "target": inputs.data.target,
        "protocol": fitted.settings.protocol,
        "classes": found["classes"],
        "parameters": asdict(fitted.settings),
        "seed": fitted.settings.seed,
        "metrics": found["metrics"],
        "baseline": found["baseline"],
        "cross_validation": found["cv"],
        "slices": found["slices"],
        "leakage": found["leakage"],
        "confusion": found["confusion"],
        "calibration": found["calibration"],
        "importance": found["importance"],
        "seen": seen.recorded(inputs.data, fitted.train),
        "terms": found["terms"],
        "versions": provenance.versions(provenance.MAKERS),
    }
    created = None if options.stage else claim.created
    made |= reference.metadata(fitted.evaluation, fitted.settings, inputs.data, created, claim.stem)
    if options.stage:
        return made
    pointer = inputs.pointer
    of_pointer = {
        "pointer": pointer.name if pointer else None,
        "pointer_md5": pointer.md5 if pointer else None,
        "matches_pointer": inputs.matches,
    }
    return made | {
        "created": claim.created.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "model": model_facts | {"pointer": f"{path}.dvc"},
        "dataset": made["dataset"] | of_pointer,
        "git": inputs.source.as_dict(),
        "mlflow": None,
        "versions": provenance.all_versions(),
    }


def _mlflow(store: runs.RunStore, logged: runs.Logged | None, options: TrainingOptions) -> dict[str, object]:
    """Return where the run is; name: of the registered model, as MLflow calls it, which has this version."""
    version = logged.registered_version if logged else None
    return {
        "run_id": logged.run_id if logged else None,
        "experiment": logged.experiment_id if logged else None,
        "tracking": store.shown,
        "name": options.register if version else None,
        "version": version,
    }


def _run(inputs: _Inputs, fitted: _Fitted, name: str, tags: Mapping[str, str]) -> runs.Run:
    """Return what MLflow gets of any training, of a refused one too: all but the model."""
    options, found, table = inputs.options, fitted.evaluation, inputs.table
    mean, sd = f"{found.headline}_mean", f"{found.headline}_sd"
    return runs.Run(
        experiment=options.experiment,
        name=names.run(options.run_name, name),
        params=asdict(fitted.settings) | {"columns": " ".join(inputs.data.features), "rows": len(table.frame)},
        metrics=_flat(found),
        tags=_tags(inputs, found) | dict(tags),
        files={f"plots/{picture}": data for picture, data in fitted.pictures.items()},
        dataset_path=provenance.named(table.path, options.root),
        dataset_md5=table.md5,
        dataset_frame=table.frame,
        begun=inputs.begun,
        columns=card.headlines(found.metrics),
        trials=[(t.params, {mean: t.mean, sd: t.sd, "seconds": t.seconds}) for t in fitted.trials],
    )


def _made(model: Mapping[str, Any]) -> dict[str, str]:
    return names.of_bytes(model["md5"], model["sha256"])


def _with_model(run: runs.Run, inputs: _Inputs, fitted: _Fitted, metadata: Mapping[str, Any], stem: str) -> runs.Run:
    return replace(
        run,
        model=model.with_names(fitted.model),
        example=inputs.data.X.iloc[fitted.test[:EXAMPLE_ROWS]],
        register=inputs.options.register,
        alias="champion" if inputs.options.register else None,
        files={
            **run.files,
            stem + record.METADATA: record.encoded(metadata),
            stem + record.CARD: card.encoded(metadata, stem),
        },
    )


def _flat(found: Evaluation) -> dict[str, float]:
    """Return an evaluation's figures under one name each."""
    folds = {f"cv_{name}_{what}": one[i] for name, one in found.cv.items() for i, what in enumerate(("mean", "sd"))}
    constant = {f"baseline_{name}": value for name, value in found.baseline.items()}
    leakage = {f"leakage_{name}": float(value) for name, value in found.leakage.items()}
    return {**found.metrics, **constant, **folds, **leakage}


def _tags(inputs: _Inputs, found: Evaluation) -> dict[str, str]:
    source = inputs.source
    known = {
        "git_commit": source.commit,
        "git_branch": source.branch,
        "git_dirty": str(source.dirty).lower() if source.as_dict() else "",
        "dataset_pointer_md5": inputs.pointer.md5 if inputs.pointer else "",
    }
    return {name: value for name, value in known.items() if value} | found.terms


def _log(store: runs.RunStore, run: runs.Run) -> tuple[runs.Logged | None, GuardError | None]:
    """Log; what keeps MLflow from it is returned, since a model that is trained is not thrown away for it."""
    try:
        return runs.log(store, run), None
    except Exception as error:  # noqa: BLE001  # MLflow's libraries raise anything: of SQLAlchemy, of the disk
        return None, runs.failure(store, error)


def _write_metrics(root: str, found: Evaluation) -> None:
    """Write the figures that `dvc metrics diff` compares."""
    plain = found.to_json()
    kept = {name: plain[name] for name in ("metrics", "baseline", "cv", "leakage")}
    text = json.dumps(kept, indent=2) + "\n"
    files.refuse_behind_link(os.fsencode(os.path.join(root, METRICS)))
    files.replace(os.fsencode(os.path.join(root, METRICS)), text.encode(), durable=True)
