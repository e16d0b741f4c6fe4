"""params.yaml: what `trinity train` and the pipeline are told, and `dvc params diff` compares."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from trinity_guard import git
from trinity_guard.dvcrepo import yaml
from trinity_guard.errors import UNUSABLE, GuardError, shown
from trinity_guard.training.model.settings import Settings

FILE = "params.yaml"
SECTION = "train"
MAX_BYTES = 1 << 18
EXAMPLE = "train:\n  n_estimators: 100\n  max_depth: 10"


def settings(
    root: str, path: str | None = None, assignments: Sequence[str] = (), named: Mapping[str, object] | None = None
) -> Settings:
    """Return the settings of params.yaml's `train:`, over them those of --set key=value, over them options by name.

    path: another file than root's params.yaml, which may be missing. GuardError (2) for what cannot be meant.
    """
    values: dict[str, object] = {}
    if path is not None or os.path.lexists(os.path.join(root, FILE)):
        values |= section(path or os.path.relpath(os.path.join(root, FILE)))
    values |= dict(map(assigned, assignments))
    return Settings.of(values | {key: value for key, value in (named or {}).items() if value is not None})


def raw(root: str, path: str | None = None) -> dict[str, object]:
    """Return what stands below `train:` of the file of parameters, whatever its keys; {} where there is none."""
    if path is None and not os.path.lexists(os.path.join(root, FILE)):
        return {}
    return _section(path or os.path.relpath(os.path.join(root, FILE)))


def section(path: str) -> dict[str, object]:
    """Return the mapping below `train:` of a file of parameters; other sections are other stages' business."""
    found = _section(path)
    try:
        Settings.of(found)
    except GuardError as error:
        name = shown(os.fsencode(path))
        raise GuardError(f"{name}, {SECTION}: {error.problem}", error.remedy, UNUSABLE) from None
    return found


def _section(path: str) -> dict[str, object]:
    name = shown(os.fsencode(path))
    try:
        parsed = yaml.parse(git.read(path, MAX_BYTES, links=True), MAX_BYTES)
    except OSError as error:
        raise GuardError(f"{name} cannot be read: {error.strerror}.", "trinity train --params FILE", UNUSABLE) from None
    except ValueError as error:
        raise GuardError(f"{name}: {error}.", f"write it as\n{EXAMPLE}", UNUSABLE) from None
    found = (parsed or {}).get(SECTION) if isinstance(parsed, dict | None) else parsed
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise GuardError(f"{name}: `{SECTION}` must hold keys and values.", f"write it as\n{EXAMPLE}", UNUSABLE)
    return found


def assigned(text: str) -> tuple[str, str]:
    """Return the key and the value of `key=value`."""
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise GuardError(f"--set takes key=value, not '{text}'.", "trinity train --set max_depth=12", UNUSABLE)
    return key.strip(), value.strip()
