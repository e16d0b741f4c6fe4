"""The model card: what a model is for, how good it is beside a constant, where it fails, and where it came from."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from trinity_guard.errors import shown, typed
from trinity_guard.training.data.themes import KEPT_BY_CUT, KEPT_BY_TRUNCATE

# What a card says first of each metric; other metrics of the target follow in the order measured.
HEADLINES = ("f1_overflow", "recall_overflow", "f1_macro", "mcc", "brier")
USE = {
    "is_valid": "Says, before a page is rendered, how likely its layout is to hold under a healing strategy.",
    "resolved_strategy_id": "Says, before a page is rendered, which is the mildest healing strategy that will hold.",
}
AREA = (
    "roc_auc is of each strategy against the rest, weighted by its rows; one that the test part lacks does not count."
)
LABELS = (
    "A table of `trinity data` is synthetic: generated text, laid out with real font metrics as a browser does it; no "
    "page of a real site is in it, and how often pages overflow there says nothing of yours. Its labels are measured, "
    "but for a rule of ours: a page that loses text holds under CSS_TRUNCATE if "
    f"{KEPT_BY_TRUNCATE:.0%} of its characters stay readable, under CONTENT_CUT if {KEPT_BY_CUT:.0%} do. "
    "A table of your own says what you measured."
)


WEIGHTED = (
    "It was trained with class_weight={}: its forecasts are not calibrated. They are shifted towards the rarer class "
    "on purpose, so a forecast of 0.5 is not one chance in two, and advice that cuts there warns more often."
)


def text(metadata: Mapping[str, Any], stem: str) -> str:
    """Return the card of a model, Markdown, from its metadata; stem: the model's file name without its ending."""
    parts = [
        f"# {stem}",
        f"{USE[metadata['target']]}\nA random forest, trained by trinity-guard; the same inputs give the same bytes.",
        "## How good it is",
        _how_good(metadata),
        _leakage(metadata),
        "## Where it is good, and where not",
        _slices(metadata["slices"]),
        "## Are its probabilities true?",
        _weighted(metadata["parameters"]),
        _calibration(metadata),
        "## What its labels mean",
        LABELS,
        "## What it looks at",
        _table(("column", ">share"), [(_cell(n), f"{s:.3f}") for n, s in metadata["importance"].items()]),
        "## Where it came from",
        _origin(metadata),
        "## How to use it",
        f"```sh\ntrinity predict {typed(os.fsencode(metadata['model']['path']))} pages.csv\n```",
        "A pickle runs when it is loaded. `trinity predict` and `trinity evaluate` load these very bytes or none: "
        "their md5 must be the one above, and the one in the pointer. That tells which bytes they are, not that they "
        "are harmless; no format does: skops trusts what the model's own file lists.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def encoded(metadata: Mapping[str, Any], stem: str) -> bytes:
    """Return the card's bytes; what is no UTF-8 in a path stands there as an escape."""
    return text(metadata, stem).encode("utf-8", "backslashreplace")


def headlines(metrics: Mapping[str, float]) -> list[str]:
    """Return the names of the metrics to be read first."""
    return [name for name in HEADLINES if name in metrics]


def _how_good(metadata: Mapping[str, Any]) -> str:
    metrics, constant, folds = metadata["metrics"], metadata["baseline"], metadata["cross_validation"]
    names = headlines(metrics)
    names += [name for name in metrics if name not in names]
    rows = [
        (
            f"**{name}**" if name in HEADLINES else name,
            f"{metrics[name]:.3f}",
            f"{constant[name]:.3f}" if name in constant else "",
            f"{folds[name]['mean']:.3f} ± {folds[name]['sd']:.3f}" if name in folds else "",
        )
        for name in names
    ]
    said = []
    if constant.get("f1_overflow_if_always") is not None:
        said.append(f"Whoever cries overflow at every page has an F1 of {constant['f1_overflow_if_always']:.3f}.")
    # The constant's answer is the commonest class.
    if constant.get("recall_valid") == 1:
        said.append("The F1 of the valid class flatters, since most pages are valid; judge by the bold ones.")
    if metadata["target"] != "is_valid" and "roc_auc" in metrics:
        said.append(AREA)
    made = _table(("metric", ">test part", ">always the commonest", ">grouped folds"), rows)
    # A line right below a table would be a row of it.
    return "\n\n".join([made, *(["\n".join(said)] if said else [])])


def _leakage(metadata: Mapping[str, Any]) -> str:
    found = metadata["leakage"]
    return leakage(found, metadata["protocol"]) if found else ""


def leakage(found: Mapping[str, float], protocol: str) -> str:
    """Return the audit of leakage as a sentence: of the layout's pages, or of rows of any table."""
    if "alike" in found:
        groups = f"{found['groups']:,} groups stand" if found["groups"] else "no group of rows stands"
        alike = f"{found['alike']:,} of {found['rows']:,} test rows are like a training row in every column"
        return f"Leakage: {alike}; {groups} in both parts."
    share = f"{found['content']:,} of {found['rows']:,} test rows ({found['content_share']:.1%})"
    pages = f"{found['pages']:,} pages stand in both parts" if found["pages"] else "no page stands in both parts"
    flattered = ", so the figures flatter." if protocol == "reference" else "."
    return f"Leakage: {share} have the characters and words of a training row; {pages}{flattered}"


def seen(found: Mapping[str, float]) -> str:
    """Return what is to be said of rows that a model was trained on, "" where it was on none of them."""
    if not found.get("seen"):
        return ""
    looked = f"{found['seen']:,} of {found['looked_at']:,} that were looked at"
    return f"Leakage: it was trained on {found['seen_share']:.1%} of these rows ({looked}), so the figures flatter."


def _slices(slices: Sequence[Mapping[str, Any]]) -> str:
    if not slices:
        return ""
    names = [name for name in slices[0] if name not in ("slice", "value")]
    rows = [(_cell(one["slice"]), _cell(one["value"]), *(_number(one.get(name)) for name in names)) for one in slices]
    return _table(("slice", "value", *(f">{name}" for name in names)), rows)


def _weighted(parameters: Mapping[str, Any]) -> str:
    weight = parameters.get("class_weight")
    return WEIGHTED.format(weight) if weight else ""


def _calibration(metadata: Mapping[str, Any]) -> str:
    rows = [
        (_cell(word), f"{forecast:.2f}", f"{observed:.2f}", f"{int(count):,}")
        for word, points in metadata["calibration"].items()
        for forecast, observed, count in points
    ]
    return _table(("class", ">forecast", ">observed", ">rows"), rows)


def _origin(metadata: Mapping[str, Any]) -> str:
    data, git, mlflow = metadata["dataset"], metadata.get("git"), metadata.get("mlflow") or {}
    settings = ", ".join(f"{key} {value}" for key, value in metadata["parameters"].items() if value is not None)
    facts = {
        "model": f"`{metadata['model']['path']}`, md5 `{metadata['model']['md5']}`",
        "dataset": f"`{data['path']}`, {data['rows']:,} rows of {data['pages']:,} pages, md5 `{data['md5']}`",
        "target": f"{metadata['target']}, split {metadata['protocol']}",
        "settings": settings,
        "commit": _commit(git) if git else "",
        "MLflow run": f"`{mlflow['run_id']}` in {mlflow['tracking']}" if mlflow.get("run_id") else "",
        "versions": ", ".join(f"{name} {number}" for name, number in metadata["versions"].items()),
    }
    return "\n".join(f"- {name}: {_line(fact)}" for name, fact in facts.items() if fact)


def _commit(git: Mapping[str, Any]) -> str:
    if not git["commit"]:
        return "none yet: it was trained on what no commit holds"
    return f"`{git['commit']}`{' with uncommitted changes' if git['dirty'] else ''}"


def _number(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    return f"{value:,}" if isinstance(value, int) else ""


def _line(text: str) -> str:
    return shown(os.fsencode(text))


def _cell(value: object) -> str:
    """Return a stranger's text for a table: on one line, with nothing in it that Markdown or HTML obeys."""
    line = shown(str(value).encode("utf-8", "surrogateescape"))
    escaped = "".join(f"\\{c}" if c in "\\`*_[]|#~" else c for c in line)
    return escaped.replace("&", "&amp;").replace("<", "&lt;")


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table; columns whose head begins with `>` are flush right."""
    lines = [[name.lstrip(">") for name in head], ["--:" if name.startswith(">") else "---" for name in head], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
