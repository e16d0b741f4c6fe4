"""Models of XGBoost (JSON and UBJSON) and LightGBM (text), told by their first bytes, whatever they are called."""

from __future__ import annotations

import array
import importlib.util
import io
import json
import os
import re
from collections import Counter

from trinity_guard import git
from trinity_guard.review import ubjson
from trinity_guard.review.arrays import Array
from trinity_guard.review.dialect import NoTable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import IO, Any

    # Their parameters, arrays by their names.
    Found = tuple[dict[str, Any], dict[str, Array]]

LIGHTGBM, UBJSON = b"tree\nversion=v", b"{L\0\0\0\0\0\0\0\x07learner{"
HEAD = 64
# A gigabyte takes half a minute. Of it are held its numbers, and one tree, about ten times as large in memory.
MAX_BYTES = 1 << 30
MAX_HELD = 32 << 20
PIECE = 1 << 20
MAX_FEATURES = 100
TREES, BETWEEN = re.compile(r'"trees"\s*:\s*\['), re.compile(r"[\s,]*")


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
        with open(git.opened(path, links=True), "rb") as file:
            if os.fstat(file.fileno()).st_size > MAX_BYTES:
                raise ValueError(f"its trees are looked into up to {MAX_BYTES >> 30} GB")
            return _lightgbm(file) if kind == "LightGBM" else _xgboost(file, kind)
    except (OSError, ValueError, OverflowError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise NoTable(f"it cannot be read as a model of {kind}: {error}") from None


class _Trees:
    """What is kept of trees, one after the other: how many, how deep, where they split, and what their leaves say."""

    def __init__(self) -> None:
        self.count = self.nodes = self.depth = 0
        self.splits: Counter[int] = Counter()
        self.thresholds = array.array("d")
        self.leaves = array.array("d")

    def of_xgboost(self, tree: dict[str, Any]) -> None:
        ends = [child == -1 for child in tree["left_children"]]
        self.count += 1
        self.nodes += len(ends)
        self.depth = max(self.depth, _depth(tree["parents"]))
        self.splits.update(_where(tree["split_indices"], ends, False))
        self.thresholds.extend(_where(tree["split_conditions"], ends, False))
        self.leaves.extend(_where(tree["split_conditions"], ends, True))

    def by_feature(self, names: list[str]) -> dict[str, int]:
        """Return how many splits there are by each feature, which is what it counts in the model."""
        if min(self.splits, default=0) < 0:
            raise ValueError("it splits by a feature below the first one")
        width = max(len(names), max(self.splits, default=-1) + 1)
        if width > MAX_FEATURES:
            return {}
        return {f"splits by {names[at] if at < len(names) else at}": self.splits[at] for at in range(width)}

    @property
    def arrays(self) -> dict[str, Array]:
        return _floats({"thresholds": self.thresholds, "leaf values": self.leaves})


# ---- XGBoost


def _xgboost(file: IO[bytes], kind: str) -> Found:
    trees = _Trees()
    document = ubjson.load(file, {"trees": trees.of_xgboost}) if kind == "UBJSON" else _json(file, trees)
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
        return found, _floats({"weights": array.array("d", model.get("weights", []))})
    found |= {
        "trees": trees.count,
        "nodes": trees.nodes,
        "leaves": len(trees.leaves),
        "depth": trees.depth,
        **trees.by_feature(names),
    }
    return found, trees.arrays


def _where(values: list[Any], ends: list[bool], wanted: bool) -> Iterator[Any]:
    return (value for value, is_end in zip(values, ends, strict=True) if is_end is wanted)


def _depth(parents: list[int]) -> int:
    """Return how many splits lie above the deepest leaf. A node's parent stands before it."""
    depths: list[int] = []
    for at, parent in enumerate(parents):
        depths.append(depths[parent] + 1 if 0 <= parent < at else 0)
    return max(depths, default=0)


def _json(file: IO[bytes], trees: _Trees) -> Any:
    """Return a document of which the trees were taken, one after the other, so that no more than one is held."""
    text = io.TextIOWrapper(file, "utf-8", "replace", newline="")
    held, begun = "", None
    while begun is None and (piece := text.read(PIECE)):
        held = _checked(held + piece)
        begun = TREES.search(held)
    if begun is None:
        return json.loads(held)
    head, at = held[: begun.end()], begun.end()
    decoder = json.JSONDecoder()
    while not held.startswith("]", at := _next(held, at)):
        try:
            tree, at = decoder.raw_decode(held, at)
        except ValueError:
            piece = text.read(max(PIECE, len(held) - at))
            if not piece:
                raise
            held, at = _checked(held[at:] + piece), 0
        else:
            trees.of_xgboost(tree)
    return json.loads(head + _checked(held[at:] + text.read(MAX_HELD)))


def _next(text: str, at: int) -> int:
    """Return where the next item begins, or the list ends."""
    found = BETWEEN.match(text, at)
    return found.end() if found else at


def _checked(text: str) -> str:
    """Return a text that takes no more than some ten times of itself in memory; ValueError for any other."""
    if len(text) > MAX_HELD:
        raise ValueError(f"a part of it is larger than {MAX_HELD >> 20} MB")
    if text.count("[") + text.count("{") > ubjson.FEWEST + len(text) // ubjson.BYTES_EACH:
        raise ValueError("it has more lists than it can have data for")
    return text


# ---- LightGBM


def _lightgbm(file: IO[bytes]) -> Found:
    found: dict[str, Any] = {}
    trees = _Trees()
    takers: dict[str, tuple[Callable[[Iterable[Any]], object], type]] = {
        "split_feature": (trees.splits.update, int),
        "threshold": (trees.thresholds.extend, float),
        "leaf_value": (trees.leaves.extend, float),
    }
    is_tree = False
    for line in _lines(file):
        name, parted, value = line.partition("=")
        if line.startswith("Tree="):
            trees.count += 1
            is_tree = True
        elif line.startswith("[") and line.endswith("]") and ": " in line:
            name, _, value = line[1:-1].partition(": ")
            found[f"parameters.{name}"] = _said(value.strip())
        elif is_tree and name in takers:
            take, kind = takers[name]
            take(map(kind, value.split()))
        elif parted and not trees.count:
            found[name] = _said(value)
        is_tree = is_tree and line != "end of trees"
    names = str(found.pop("feature_names", "")).split(" ")
    for name in ("tree_sizes", "feature_infos"):
        found.pop(name, None)
    found = {"features": names, **found, "trees": trees.count, "leaves": len(trees.leaves)}
    return found | trees.by_feature(names), trees.arrays


def _lines(file: IO[bytes]) -> Iterator[str]:
    while line := file.readline(MAX_HELD):
        if len(line) == MAX_HELD:
            raise ValueError(f"a line of it is longer than {MAX_HELD >> 20} MB")
        yield line.decode("utf-8", "replace").rstrip("\r\n")


# ---- both


def _floats(values: dict[str, array.array[float]]) -> dict[str, Array]:
    there = importlib.util.find_spec("numpy") is not None
    return {name: _numbers(listed, there) for name, listed in values.items() if listed}


def _numbers(data: array.array[float], readable: bool) -> Array:
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
