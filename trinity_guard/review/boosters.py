"""Models of XGBoost (JSON and UBJSON) and LightGBM (text), told by their first bytes, whatever they are called."""

from __future__ import annotations

import array
import importlib.util
import json

from trinity_guard import git
from trinity_guard.review import ubjson
from trinity_guard.review.arrays import Array
from trinity_guard.review.dialect import NoTable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    # Their parameters, arrays by their names.
    Found = tuple[dict[str, Any], dict[str, Array]]

LIGHTGBM, UBJSON = b"tree\nversion=v", b"{L\0\0\0\0\0\0\0\x07learner{"
HEAD = 64
# Read as a whole, and about ten times as large in memory.
MAX_BYTES = 100 << 20
MAX_FEATURES = 100


def is_one(path: bytes) -> bool:
    """Whether a file is such a model."""
    return bool(_kind(path))


def _kind(path: bytes) -> str:
    with open(git.opened(path, links=True), "rb") as file:
        head = file.read(HEAD)
    if head.replace(b"\r\n", b"\n").startswith(LIGHTGBM):
        return "LightGBM"
    if head.startswith(UBJSON):
        return "UBJSON"
    return "JSON" if b"".join(head.split()).startswith(b'{"learner":{"') else ""


def read(path: bytes) -> Found:
    """Return what a model is made of. NoTable where that cannot be read."""
    kind = _kind(path)
    try:
        data = git.read(path, MAX_BYTES, links=True)
        if kind == "LightGBM":
            return _lightgbm(data.decode("utf-8", "replace").splitlines())
        return _xgboost(ubjson.loads(data) if kind == "UBJSON" else json.loads(data))
    except (OSError, ValueError, OverflowError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise NoTable(f"it cannot be read as a model of {kind}: {error}") from None


# ---- XGBoost


def _xgboost(document: dict[str, Any]) -> Found:
    learner = document["learner"]
    booster = learner["gradient_booster"]
    names = [str(name) for name in learner.get("feature_names", [])]
    found: dict[str, Any] = {
        "xgboost version": ".".join(map(str, document.get("version", []))),
        "booster": booster.get("name"),
        "objective": learner["objective"]["name"],
        "features": names,
        **{f"learner.{name}": _said(value) for name, value in learner.get("learner_model_param", {}).items()},
        **{f"attributes.{name}": _said(value) for name, value in learner.get("attributes", {}).items()},
    }
    for part, values in learner["objective"].items():
        if isinstance(values, dict):
            found |= {f"{part}.{name}": _said(value) for name, value in values.items()}
    model = booster.get("model") or booster.get("gbtree", {}).get("model", {})  # within dart as `gbtree`
    if "trees" not in model:
        return found, _floats({"weights": model.get("weights", [])})
    trees = model["trees"]
    leaves = [[child == -1 for child in tree["left_children"]] for tree in trees]
    splits = [at for tree, ends in zip(trees, leaves, strict=True) for at in _where(tree["split_indices"], ends, False)]
    found |= {
        "trees": len(trees),
        "nodes": sum(map(len, leaves)),
        "leaves": sum(map(sum, leaves)),
        "depth": max((_depth(tree["parents"]) for tree in trees), default=0),
        **_by_feature(splits, names),
    }
    told = list(zip([tree["split_conditions"] for tree in trees], leaves, strict=True))
    return found, _floats(
        {
            "thresholds": [v for values, ends in told for v in _where(values, ends, False)],
            "leaf values": [v for values, ends in told for v in _where(values, ends, True)],
        }
    )


def _where(values: Iterable[Any], ends: list[bool], wanted: bool) -> Iterator[Any]:
    return (value for value, is_end in zip(values, ends, strict=True) if is_end is wanted)


def _depth(parents: list[int]) -> int:
    """Return how many splits lie above the deepest leaf. A node's parent stands before it."""
    depths: list[int] = []
    for at, parent in enumerate(parents):
        depths.append(depths[parent] + 1 if 0 <= parent < at else 0)
    return max(depths, default=0)


# ---- LightGBM


def _lightgbm(lines: list[str]) -> Found:
    found: dict[str, Any] = {}
    trees: list[dict[str, str]] = []
    for line in lines:
        name, parted, value = line.partition("=")
        if line.startswith("Tree="):
            trees.append({})
        elif line.startswith("[") and line.endswith("]") and ": " in line:
            name, _, value = line[1:-1].partition(": ")
            found[f"parameters.{name}"] = _said(value.strip())
        elif parted and trees:
            trees[-1].setdefault(name, value)
        elif parted:
            found[name] = _said(value)
    names = str(found.pop("feature_names", "")).split(" ")
    for name in ("tree_sizes", "feature_infos"):
        found.pop(name, None)
    splits = [int(at) for tree in trees for at in tree.get("split_feature", "").split()]
    values = {
        title: [float(v) for tree in trees for v in tree.get(name, "").split()]
        for title, name in (("thresholds", "threshold"), ("leaf values", "leaf_value"))
    }
    found = {"features": names, **found, "trees": len(trees), "leaves": len(values["leaf values"])}
    return found | _by_feature(splits, names), _floats(values)


# ---- both


def _by_feature(splits: list[int], names: list[str]) -> dict[str, int]:
    """Return how many splits there are by each feature, which is what it counts in the model."""
    width = max(len(names), max(splits, default=-1) + 1)
    if width > MAX_FEATURES:
        return {}
    counts = [0] * width
    for at in splits:
        counts[at] += 1
    return {f"splits by {names[at] if at < len(names) else at}": count for at, count in enumerate(counts)}


def _floats(values: dict[str, list[float]]) -> dict[str, Array]:
    there = importlib.util.find_spec("numpy") is not None
    return {name: _numbers(listed, there) for name, listed in values.items() if listed}


def _numbers(listed: list[float], readable: bool) -> Array:
    data = array.array("d", listed)

    def read() -> Any:
        import numpy as np

        return np.frombuffer(data)

    return Array((len(data),), "float64", read if readable else None)


def _said(value: Any) -> Any:
    """Return the number that a text says, else itself."""
    if not isinstance(value, str):
        return value
    text = value.removeprefix("[").removesuffix("]")
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return value
