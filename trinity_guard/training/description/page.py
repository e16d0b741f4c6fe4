"""The card of any model: what it is, its figures and settings, and where it came from, in Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trinity_guard.errors import shown

PICKLE = (
    "A pickle runs when it is loaded: load it only when its sha256 is the one above, and whoever committed it is one "
    "whom you trust."
)


def text(metadata: Mapping[str, Any]) -> str:
    """Return the card that belongs to a model's metadata."""
    model = metadata["model"]
    what = " ".join(part for part in (model["library"], model["class"] or model["format"]) if part)
    parts = [
        f"# {_line(metadata['name'])}",
        f"{_line(model['path'])}: {_line(what)}.",
        *_table("How good it is said to be", "metric", metadata["metrics"]),
        *_table("What a constant answer gets", "metric", metadata.get("baseline") or {}),
        *_table("How it was made", "parameter", metadata["parameters"]),
        "## Where it came from",
        "\n".join(f"- {key}: {_line(fact)}" for key, fact in _origin(metadata).items() if fact),
        PICKLE if "pickle" in model["format"].lower() else "",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _table(title: str, what: str, values: Mapping[str, Any]) -> list[str]:
    if not values:
        return []
    lines = [f"| {_cell(name)} | {_cell(_number(value))} |" for name, value in values.items()]
    return [f"## {title}", "\n".join([f"| {what} | value |", "| --- | --: |", *lines])]


def _origin(metadata: Mapping[str, Any]) -> dict[str, str]:
    model, data, git, mlflow = (metadata[key] or {} for key in ("model", "dataset", "git", "mlflow"))
    rows = f"{data['rows']:,} rows, " if data.get("rows") is not None else ""
    dirty = " with uncommitted changes" if git.get("dirty") else ""
    return {
        "model": f"`{model['path']}`, md5 `{model['md5']}`, sha256 `{model['sha256']}`",
        "dataset": f"`{data['path']}`, {rows}md5 `{data['md5']}`" if data else "",
        "commit": f"`{git['commit']}`{dirty}" if git.get("commit") else "",
        "MLflow run": f"`{mlflow['run_id']}` in {mlflow['tracking']}" if mlflow.get("run_id") else "",
        "versions": ", ".join(f"{name} {number}" for name, number in metadata["versions"].items()),
    }


def _number(value: object) -> object:
    return f"{value:.6g}" if isinstance(value, float) else value


def _line(text: str) -> str:
    return shown(text.encode("utf-8", "surrogateescape"))


def _cell(value: object) -> str:
    """Return a text for a table: on one line, with nothing in it that Markdown or HTML obeys."""
    escaped = "".join(f"\\{c}" if c in "\\`*_[]|#~" else c for c in _line(str(value)))
    return escaped.replace("&", "&amp;").replace("<", "&lt;")
