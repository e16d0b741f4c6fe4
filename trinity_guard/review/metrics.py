"""The figures that Git itself has of a model: its metadata beside it, and the JSON files of `metrics/`."""

from __future__ import annotations

import json
import os

from trinity_guard import git
from trinity_guard.detect.modelfiles import metadata_path
from trinity_guard.errors import shown
from trinity_guard.review.models import flat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from trinity_guard.review.sides import Side

MAX_BYTES = 4 << 20
MAX_FILES = 50


def of(place: git.Place, before: Side, after: Side, path: bytes, former: bytes) -> dict[str, tuple[Any, Any]]:
    """Return the values that changed of a model's metadata (`metadata: metrics.accuracy`) and of `metrics/*.json`."""
    names = metadata_path(former or path), metadata_path(path)
    found = {f"metadata: {name}": pair for name, pair in _changed(place, before, after, names).items()}
    for name in _metric_files(before, after)[:MAX_FILES]:
        for key, pair in _changed(place, before, after, (name, name)).items():
            found[f"{shown(name)}: {key}"] = pair
    return found


def _metric_files(before: Side, after: Side) -> list[bytes]:
    names = before.entries.keys() | after.entries.keys()
    return sorted(n for n in names if n.endswith(b".json") and os.path.basename(os.path.dirname(n)) == b"metrics")


def _changed(place: git.Place, before: Side, after: Side, names: tuple[bytes, bytes]) -> dict[str, tuple[Any, Any]]:
    one, other = before.entries.get(names[0]), after.entries.get(names[1])
    if after.commit and one and other and one.oid == other.oid:
        return {}
    sides = [_values(place, side, name) for side, name in zip((before, after), names, strict=True)]
    keys = [*sides[0], *(k for k in sides[1] if k not in sides[0])]
    pairs = {k: (sides[0].get(k), sides[1].get(k)) for k in keys}
    return {k: (a, b) for k, (a, b) in pairs.items() if a != b}


def _values(place: git.Place, side: Side, name: bytes) -> dict[str, Any]:
    """Return the plain values of a JSON file by their paths; none of one that is not there, or is no JSON."""
    entry = side.entries.get(name)
    try:
        if entry is None:
            return {}
        data = git.run("cat-file", "blob", entry.oid) if side.commit else git.read(place.file(name), MAX_BYTES)
        return flat(json.loads(data), "") if len(data) <= MAX_BYTES else {}
    except (OSError, ValueError, RecursionError):
        return {}
