"""`trinity train`: the model, its record in MLflow, its metadata and card; `git commit` does the rest."""

from __future__ import annotations

import os

from trinity_guard import console
from trinity_guard.commands.terminal import arguments, progress, shells, trials
from trinity_guard.detect.patterns import size_text
from trinity_guard.errors import BLOCKED, FINE, UNUSABLE, GuardError, shown, typed
from trinity_guard.report import status
from trinity_guard.training import extra, provenance
from trinity_guard.training.model import card
from trinity_guard.training.tracking import names as naming

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from trinity_guard.commands.terminal.arguments import Parser
    from trinity_guard.training.tracking.runs import RunStore
    from trinity_guard.training.train import Order, Trained

NAME = "layout_risk_predictor"
MAX_SHOWN = 40
DATASET, OUTPUT = ("data", "training_dataset.csv"), "models"
DESCRIPTION = """\
Train a model on a table: check it, split it by group, fit, evaluate beside a constant, log the run to MLflow, and write
the model with its metadata and card. With --target COLUMN the table is one of your own, and any of scikit-learn's
estimators learns from it; without, it is the layout_risk_predictor's. The same table and settings give the same bytes.
"""
EXAMPLE = """\
example:
  trinity train --dataset data/homes.csv --target price --estimator sklearn.linear_model.Ridge --set alpha=2
  trinity train --set max_depth=12 --register layout-risk-predictor
  git add -A && git commit -m "A deeper forest"

The settings come from `train:` in params.yaml, from --set, and from --target, --protocol and --seed, the last one wins.
Runs go to mlflow.db in the project's folder, or to the server that MLFLOW_TRACKING_URI names; `trinity ui` shows them.
"""


def configure(p: Parser) -> None:
    p.description, p.epilog = DESCRIPTION, EXAMPLE
    dataset = f"the table (default: {'/'.join(DATASET)} of the project)"
    arguments.add_value(p, "--dataset", "FILE", dataset, shells.FILE, ("--dataset-path", "-d"))
    output = f"where the model goes (default: {OUTPUT} of the project)"
    arguments.add_value(p, "--output", "FOLDER", output, shells.FOLDER, ("--output-dir", "-o"))
    target = "the column that is predicted; of the layout's own: auto, is_valid, resolved_strategy_id"
    arguments.add_value(p, "--target", "COLUMN", target)
    features = "columns to learn from, of a table of your own (default: all others)"
    p.add_argument("--features", metavar="A,B", action="append", default=[], help=features)
    arguments.add_value(p, "--group", "COLUMN", "rows alike in it never part (default: rows that are alike)")
    p.add_argument("--task", choices=("classification", "regression"), help="(default: by the target's values)")
    estimator = "one of scikit-learn's by its dotted name (default: a random forest); --set gives its parameters"
    arguments.add_value(p, "--estimator", "sklearn.NAME", estimator)
    arguments.add_value(p, "--name", "NAME", "of the model of a table of your own (default: by its target)")
    p.add_argument("--protocol", choices=("grouped", "reference"), help="the split: by page, or the reference's 80/20")
    params = "settings (default: params.yaml of the project, if any)"
    arguments.add_value(p, "--params", "FILE", params, shells.FILE)
    p.add_argument("--set", metavar="KEY=VALUE", action="append", default=[], help="one setting; may be repeated")
    arguments.add_value(p, "--seed", "N", "of split and forest (default: 42)")
    p.add_argument("--search", metavar="N", type=_count, default=0, help="try N settings and take the best; goes on")
    arguments.add_value(p, "--scheduler", "tcp://HOST:PORT", "search on this Dask cluster")
    p.add_argument("--min-f1", metavar="X", type=_figure, help="write nothing if the overflow class's F1 is below X")
    p.add_argument("--min-mcc", metavar="X", type=_figure, help="write nothing if Matthews' correlation is below X")
    experiment = f"MLflow's experiment (default: MLFLOW_EXPERIMENT_NAME or _ID, else {NAME})"
    p.add_argument("--experiment", metavar="NAME", type=_experiment, help=experiment)
    p.add_argument(
        "--run-name",
        metavar="NAME",
        type=_run_name,
        help="MLflow's run (default: MLFLOW_RUN_NAME, else the model's file name)",
    )
    register = "make it a version of this registered model, and its champion, if no worse than that"
    p.add_argument("--register", metavar="NAME", type=_registered, help=register)
    p.add_argument("--no-champion", action="store_true", help="with --register: take the champion's place uncompared")
    p.add_argument("--offline-ok", action="store_true", help="log beside the project where the server does not answer")
    p.add_argument("--stage", action="store_true", help="for dvc.yaml: fixed names, no dates, metrics/train.json")


def run(args: list[str]) -> int:
    asked = arguments.parse("trinity train", configure, args)
    if asked.scheduler and not asked.search:
        raise asked.parser.wrong("--scheduler is where a search runs: say --search N too.")
    extra.prepare("trinity train")
    from trinity_guard.training.model import params  # noqa: PLC0415  # not for --help
    from trinity_guard.training.tracking import store as stores  # noqa: PLC0415  # not for --help

    root = extra.root()
    project = extra.project(root)
    own = _own(asked, params.raw(project, asked.params))
    chosen = {"target": asked.target, "protocol": asked.protocol, "seed": asked.seed}
    settings = params.settings(project, asked.params, asked.set, chosen) if own is None else own
    experiment = naming.experiment(asked.experiment, NAME if own is None else asked.name or f"{own.target} model")
    _require_name(experiment)
    # Before scikit-learn is loaded: a server that is not there is said within seconds.
    store = stores.store(extra.store_root(root), asked.offline_ok)
    if store.fallback:
        console.warn(f"{store.fallback.rstrip('.')}; --offline-ok: this run is logged to mlflow.db instead.")
    with progress.Progress() as line:
        line.say("loading the libraries")
        from trinity_guard.training import train  # noqa: PLC0415  # scikit-learn may be missing

        order = train.Order(
            root, project, asked.dataset or _ours(project, *DATASET), asked.output or _ours(project, OUTPUT), settings,
            asked.name or "", experiment, asked.run_name, asked.register, not asked.no_champion,
            asked.min_f1, asked.min_mcc, asked.stage, asked.search, asked.scheduler,
        )  # fmt: skip
        folds = line.bar("cross-validation", 1, "folds")
        trained = train.train(order, store, train.Watch(folds=folds, trials=trials.said(line), steps=line.say))
    return _report(order, store, trained)


def _own(asked: Any, section: dict[str, object]) -> Any:
    """Return the options of a table of the user's own, None where the layout's preset is meant."""
    from trinity_guard.training.tabular import options  # noqa: PLC0415  # not for --help

    said = {"target": asked.target, "group": asked.group, "task": asked.task, "estimator": asked.estimator}
    said |= {"features": tuple(asked.features), "seed": asked.seed}
    if not options.is_own(section, {**said, "features": ",".join([*asked.features, ""])}):
        return None
    if asked.protocol:
        raise asked.parser.wrong("--protocol is the layout's preset's; --group COLUMN says which rows never part.")
    return options.options(section, asked.set, said)


def _require_name(experiment: naming.Experiment) -> None:
    """Refuse a name of MLflow's variable that MLflow will not take, as the option's is refused."""
    reason = naming.objection(naming.EXPERIMENT, experiment.name)
    if reason:
        raise GuardError(
            f"MLFLOW_EXPERIMENT_NAME {reason}.",
            "trinity train --experiment NAME     # goes before the variable",
            UNUSABLE,
        )


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= 10_000):
        raise _no_such(text, "a whole number from 1 to 10000")
    return int(text)


def _figure(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise _no_such(text, "a number from -1 to 1") from None
    if not -1 <= number <= 1:
        raise _no_such(text, "a number from -1 to 1")
    return number


def _experiment(text: str) -> str:
    return _named(naming.EXPERIMENT, text)


def _run_name(text: str) -> str:
    return _named(naming.RUN, text)


def _registered(text: str) -> str:
    return _named(naming.REGISTERED, text)


def _named(kind: str, text: str) -> str:
    """Return a name that MLflow will take; what it would refuse, it would tell when all is trained."""
    import argparse

    reason = naming.objection(kind, arguments.given(text))
    if reason:
        start = text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"
        raise argparse.ArgumentTypeError(f"'{start}' {reason}")
    return text


def _no_such(text: str, wanted: str) -> Exception:
    import argparse

    return argparse.ArgumentTypeError(f"'{text}' is not {wanted}")


def _ours(root: str, *names: str) -> str:
    return os.path.relpath(os.path.join(root, *names))


def _report(order: Order, store: RunStore, trained: Trained) -> int:
    for note in trained.notes:
        console.note(note)
    if trained.ignored:
        console.note(f".gitignore: {' '.join(trained.ignored)} added; runs stay out of Git.")
    console.say(_figures(trained))
    if trained.unlogged:
        console.warn(f"MLflow has no run of this training: {trained.unlogged.problem}", trained.unlogged.remedy)
    if trained.complaints:
        raise GuardError(
            "\n    ".join(["no model was written:", *trained.complaints]),
            "trinity ui     # the run is logged, tagged with what it fell short of" if trained.logged else "",
            BLOCKED,
        )
    console.say(_where(order, store, trained))
    return BLOCKED if trained.unlogged else FINE


def _figures(trained: Trained) -> str:
    """Return the headline figures beside the constant's, and the audit of leakage."""
    found = trained.evaluation
    rows = []
    for name in found.headlines:
        mean, sd = found.cv.get(name, (None, None))
        folds = "" if mean is None else f"{mean:.3f} ± {sd:.3f}"
        rows.append([name, f"{found.metrics[name]:.3f}", f"{found.baseline.get(name, 0.0):.3f}", folds])
    lines = [trained.preset.summary] if trained.preset.summary else []
    lines.append(console.table(["metric", ">test part", ">constant", ">grouped folds"], rows))
    if found.leakage:
        lines.append(card.leakage(found.leakage, "reference" if found.terms["split"].startswith("ref") else "grouped"))
    return "\n".join(lines)


def _where(order: Order, store: RunStore, trained: Trained) -> str:
    """Return where everything is, and what comes next."""
    written, logged = trained.written, trained.logged
    if written is None:
        raise AssertionError("a training without complaints wrote its model")
    size = size_text(os.path.getsize(written.model))
    lines = [
        "",
        f"model     {shown(os.fsencode(written.model))} ({size})",
        f"beside    {', '.join(shown(os.fsencode(os.path.basename(p))) for p in (written.metadata, written.card))}",
    ]
    if logged:
        version = f", version {logged.version} of {order.register}" if logged.version else ""
        lines.append(f"MLflow    run {logged.run_id}{version}")
        lines.append(f"          {'trinity ui     # ' if store.artifact_root else ''}{logged.url}")
    if not order.stage:
        lines += [
            f"next      {step}" for step in _next(order, trained, (written.model, written.metadata, written.card))
        ]
    return "\n".join(lines)


def _next(order: Order, trained: Trained, files: Sequence[str]) -> list[str]:
    """Return the commands that bring the model into Git, pointer, metadata and card, and a table that is not there."""
    if not provenance.is_git(order.root):
        return []
    guard = [] if "pre-commit" in status.installed_hooks() else ["trinity-guard init     # else Git gets the bytes"]
    ours = [".gitignore"] if trained.ignored else []
    ours += [name for name in provenance.unrecorded(order.dataset, order.root) if name not in ours]
    # Of one's own, what else is in the folder may be anybody's.
    made = [order.output] if trained.preset.name == NAME else files
    names = [typed(os.fsencode(name)) for name in (*(_ours(order.root, name) for name in ours), *made)]
    return [*guard, f'git add {" ".join(names)} && git commit -m "Train the {trained.preset.name}"']
