"""What `trinity train` does and says where the table is one of the user's own."""

from __future__ import annotations

import os

from trinity_guard import console
from trinity_guard.commands.terminal import progress, trials
from trinity_guard.detect.patterns import size_text
from trinity_guard.errors import BLOCKED, FINE, GuardError, shown, typed
from trinity_guard.report import status
from trinity_guard.training import provenance
from trinity_guard.training.model import card

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trinity_guard.training.tabular.train import Order, Trained
    from trinity_guard.training.tracking.runs import RunStore


def run(order: Order, store: RunStore) -> int:
    """Train and report; GuardError (1) for a model that the gates do not let through."""
    from trinity_guard.training.tabular import train  # noqa: PLC0415  # scikit-learn may be missing
    from trinity_guard.training.tracking import runs  # noqa: PLC0415  # not for --help

    ignored = runs.ignore(store.root if store.embedded else order.root, store) if provenance.is_git(order.root) else []
    with progress.Progress() as line:
        trained = train.train(order, store, line.say, trials.said(line))
    if ignored:
        console.note(f".gitignore: {' '.join(ignored)} added; runs stay out of Git.")
    for note in trained.notes:
        console.note(note)
    for name in trained.evaluation.telling:
        console.note(f"{name} alone tells {order.options.target}: is it known before that is?")
    console.say(_figures(trained))
    if trained.unlogged:
        console.warn(f"MLflow has no run of this training: {trained.unlogged.problem}", trained.unlogged.remedy)
    if trained.complaints:
        remedy = "" if trained.unlogged else "trinity ui     # the run is logged, tagged with what it fell short of"
        raise GuardError("\n    ".join(["no model was written:", *trained.complaints]), remedy, BLOCKED)
    console.say(_where(order, trained, ignored))
    return BLOCKED if trained.unlogged else FINE


def _figures(trained: Trained) -> str:
    found = trained.evaluation
    rows = []
    for name, value in found.metrics.items():
        mean, sd = found.cv.get(name, (None, None))
        folds = "" if mean is None else f"{mean:.3f} ± {sd:.3f}"
        rows.append([name, f"{value:.3f}", f"{found.baseline[name]:.3f}", folds])
    return "\n".join(
        [
            f"{trained.table.task} by {trained.estimator}, {len(trained.table.X.columns)} columns",
            console.table(["metric", ">test part", ">constant", ">grouped folds"], rows),
            card.leakage(found.leakage, "grouped"),
        ]
    )


def _where(order: Order, trained: Trained, ignored: list[str]) -> str:
    if trained.described is None:
        raise AssertionError("a training without complaints wrote its model")
    paths = [os.fsencode(path) for path in (trained.model, trained.described.metadata, trained.described.card)]
    version = f", version {trained.version} of {order.register}" if trained.version else ""
    lines = [
        "",
        f"model     {shown(paths[0])} ({size_text(os.path.getsize(paths[0]))})",
        f"beside    {', '.join(shown(os.path.basename(path)) for path in paths[1:])}",
        *([f"MLflow    {trained.url}{version}"] if trained.url else []),
    ]
    if not order.stage and provenance.is_git(order.root):
        beside = [".gitignore"] if ignored else []
        beside += [name for name in provenance.unrecorded(order.dataset, order.root) if name not in beside]
        ours = [os.path.relpath(os.path.join(order.root, name)) for name in beside]
        if "pre-commit" not in status.installed_hooks():
            lines.append("next      trinity-guard init     # else Git gets the bytes")
        lines.append(f"next      git add {' '.join(map(typed, [*map(os.fsencode, ours), *paths]))} && git commit")
    return "\n".join(lines)
