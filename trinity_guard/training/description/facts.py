"""Facts of the files that a description names: hashes, rows, what their pointers say, figures and settings in files."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from trinity_guard import git
from trinity_guard.convert.rows import Rows
from trinity_guard.dvcrepo import decode, odb, pointer, yaml
from trinity_guard.dvcrepo.output import Output
from trinity_guard.errors import UNUSABLE, GuardError, shown, typed
from trinity_guard.training import provenance

MAX_FILE = 1 << 22
MAX_YAML = 1 << 20  # which takes seconds
# A number as a shell's user types it and JSON does not know it: .9, 1., +3.
_POINT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")
TABLES = {".csv": "", ".tsv": "\t"}  # what parts the cells, where the name says it


def pointer_of(path: str, root: str) -> Output | None:
    """Return what PATH.dvc says of a file or folder; None where there is no such pointer."""
    try:
        data = git.read(path + ".dvc", pointer.MAX_BYTES)
    except FileNotFoundError:
        return None
    except OSError as error:
        name = shown(os.fsencode(path))
        raise GuardError(f"{name}.dvc cannot be read: {error.strerror}.", f"ls -l {name}.dvc") from None
    wanted = os.fsencode(provenance.named(path, root))
    return next((out for out in decode.outputs_of(data, wanted + b".dvc") if out.path == wanted), None)


def dataset(place: git.Place | None, path: str, root: str) -> dict[str, Any]:
    """Return what is known of the data that a model was trained on: a table, a folder, one that is only pointed to."""
    said = pointer_of(path, root)
    found: dict[str, Any] = {"path": provenance.named(path, root)}
    if os.path.lexists(path):
        of = provenance.hashed(place, path)
        found |= {"md5": of.md5, "size": of.size, "rows": rows(path), "files": of.files}
    elif said is not None:
        found |= {"md5": said.md5, "size": said.size if said.size >= 0 else None, "rows": None, "files": None}
    else:
        raise GuardError(f"there is no {shown(os.fsencode(path))}, and no pointer of it.", "ls -l", UNUSABLE)
    if said is None:
        return found | {"pointer": None, "pointer_md5": None, "matches_pointer": None}
    same = said.md5 == found["md5"] or (said.legacy and odb.says(said.name, found["md5"], os.fsencode(path)))
    return found | {"pointer": f"{found['path']}.dvc", "pointer_md5": said.md5, "matches_pointer": same}


def rows(path: str) -> int | None:
    """Return how many rows a table of text has, as `facts` counts them; None for anything else."""
    delimiter = TABLES.get(os.path.splitext(path)[1].lower())
    if delimiter is None or os.path.isdir(path):
        return None
    if not os.path.getsize(path):
        return 0
    counting = Rows(delimiter)
    for piece in odb.read_file(os.fsencode(path)):
        counting.take(piece)
    count = counting.end().get("rows")
    return count if isinstance(count, int) else None


def figures(said: Sequence[str]) -> tuple[dict[str, float], list[str]]:
    """Return metrics of JSON files, and of NAME=NUMBER; in a file, numbers below keys are named `key.key`.

    Then the names of what is no figure in a file: a text, a list of points, NaN.
    """
    found: dict[str, float] = {}
    others: list[str] = []
    for one in said:
        values = dict([_assigned(one)]) if _is_assignment(one) else _mapping(one)
        for name, value in flat(values):
            if isinstance(value, int | float) and not isinstance(value, bool):
                found[name] = value
            elif _is_assignment(one):
                raise GuardError(f"{name} is no number.", "trinity record MODEL --metrics auc=0.91", UNUSABLE)
            else:
                others.append(name)
    return found, [name for name in others if name not in found]


def settings(said: Sequence[str]) -> dict[str, Any]:
    """Return parameters of YAML or JSON files, and of NAME=VALUE, each under one name."""
    found: dict[str, Any] = {}
    for one in said:
        found |= dict(flat(dict([_assigned(one)]) if _is_assignment(one) else _mapping(one)))
    return found


def flat(values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield each value that is no mapping, named by the keys that lead to it."""
    open_ = [("", iter(values.items()))]  # however deep they lie in each other
    while open_:
        before, items = open_[-1]
        for key, value in items:
            if isinstance(value, Mapping):
                open_.append((f"{before}{key}.", iter(value.items())))
                break
            yield _text(f"{before}{key}"), _plain(value)
        else:
            open_.pop()


def _plain(value: object) -> Any:
    """Return a value as JSON can have it; what it has no word for (infinity, a list) as the text that says it."""
    if isinstance(value, int | None) or (isinstance(value, float) and math.isfinite(value)):
        return value
    try:
        return _text(str(value))
    except RecursionError:
        return "…"


def _text(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def _is_assignment(text: str) -> bool:
    return "=" in text and not os.path.lexists(text)


def _assigned(text: str) -> tuple[str, Any]:
    name, _, value = text.partition("=")
    try:
        parsed = json.loads(value)
    except ValueError:
        parsed = float(value) if _POINT.fullmatch(value.strip()) else value
    return name.strip(), parsed


def _mapping(path: str) -> dict[str, Any]:
    """Return the mapping that a JSON or YAML file holds."""
    name = shown(os.fsencode(path))
    try:
        data = git.read(path, MAX_FILE, links=True)
        found = json.loads(data) if path.endswith(".json") else yaml.parse(data, MAX_YAML)
    except FileNotFoundError:
        raise GuardError(f"there is no {name}.", "trinity record MODEL --metrics FILE.json", UNUSABLE) from None
    except (OSError, ValueError, RecursionError) as error:
        why = getattr(error, "strerror", None) or error
        raise GuardError(f"{name} cannot be read: {why}.", f"cat {typed(os.fsencode(path))}", UNUSABLE) from None
    if not isinstance(found, dict):
        raise GuardError(f"{name} holds no names with values.", f"cat {typed(os.fsencode(path))}", UNUSABLE)
    return found
