"""What a training on a table of one's own is told, from `train:` in params.yaml and from the command line."""

from __future__ import annotations

import contextlib
import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from trinity_guard.errors import UNUSABLE, GuardError
from trinity_guard.training.model import params
from trinity_guard.training.model.settings import CHECKS

CLASSIFICATION, REGRESSION = "classification", "regression"
TASKS = ("auto", CLASSIFICATION, REGRESSION)
# What the trainer's own preset predicts; every other target is a column of the user's.
PRESET = (None, "auto", "is_valid", "resolved_strategy_id")
# Keys that only a table of one's own has.
OWN = ("estimator", "group", "task", "parameters", "space")


@dataclass(frozen=True)
class Options:
    """target: a column. features: columns, () for all others. group: a column whose rows never part, "" none.

    task: "auto" is told by the target. estimator: a dotted name of scikit-learn, "" a random forest; parameters: its;
    space: the values that a search tries of each.
    """

    target: str
    features: tuple[str, ...] = ()
    group: str = ""
    task: str = "auto"
    estimator: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    space: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    test_size: float = 0.2
    folds: int = 5
    seed: int = 42


KEYS = tuple(one.name for one in fields(Options))
# What metadata keeps among the parameters of the estimator.
KEPT = ("group", "test_size", "folds", "seed")


def recorded(told: Mapping[str, Any]) -> Options:
    """Return what a model was trained by, as its metadata has it: whatever in it cannot be meant is the default."""
    parameters = told.get("parameters")
    given = dict(parameters) if isinstance(parameters, dict) else {}
    features = told.get("features")
    names = tuple(one for one in features if isinstance(one, str)) if isinstance(features, list) else ()
    kept: dict[str, Any] = {"group": str(given.get("group") or "")}
    for key in ("test_size", "folds", "seed"):
        with contextlib.suppress(GuardError):
            kept |= {key: CHECKS[key](key, given[key])} if key in given else {}
    task = told.get("task") if told.get("task") in TASKS else CLASSIFICATION
    return Options(str(told.get("target")), names, task=str(task), estimator=str(told.get("estimator") or ""), **kept)


def is_own(section: Mapping[str, object], said: Mapping[str, object]) -> bool:
    """Whether a table of one's own is meant, and not the preset's: by its target, or by what only such a one has."""
    told = {**section, **{key: value for key, value in said.items() if value}}
    own = told.get("target") not in PRESET or any(told.get(key) for key in OWN)
    return own or not isinstance(told.get("features", ""), str) or "," in str(told.get("features", ""))


def options(section: Mapping[str, object], assignments: Sequence[str], said: Mapping[str, object]) -> Options:
    """Return what is meant: options by name go before --set KEY=VALUE, that before the section of params.yaml.

    A key that is none of ours is a parameter of the estimator. GuardError (2) for what cannot be meant.
    """
    assigned = {key: _value(text) for key, text in map(params.assigned, assignments)}
    known = {**section, **assigned}
    parameters = {**_mapping(section.get("parameters")), **{k: v for k, v in known.items() if k not in KEYS}}
    told = {key: value for key, value in known.items() if key in KEYS}
    told |= {key: value for key, value in said.items() if value not in (None, "", (), [])}
    if not isinstance(told.get("target"), str):
        raise _wrong("the column that is to be predicted is not said")
    told["features"] = _names(told.get("features", ()))
    if told.get("task", "auto") not in TASKS:
        raise _wrong(f"task must be one of {', '.join(TASKS)}")
    told["space"] = _space(told.get("space"))
    for key in ("test_size", "folds", "seed"):
        if key in told:
            told[key] = CHECKS[key](key, told[key])
    return Options(**{**told, "parameters": parameters})


def _names(value: object) -> tuple[str, ...]:
    """Return names of columns: a list, or one text with commas between them; a name with commas stands in quotes."""
    texts = [value] if isinstance(value, str) else _list(value)
    parts = [part for line in csv.reader(texts, skipinitialspace=True) for part in line]
    return tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))


def _list(value: object) -> list[str]:
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
        raise _wrong("features must be names of columns")
    return list(value)


def _mapping(value: object) -> dict[str, Any]:
    if value is not None and not isinstance(value, dict):
        raise _wrong("parameters must be names with values")
    return dict(value or {})


def _space(value: object) -> dict[str, list[Any]]:
    """Return the values of each parameter that a search may try."""
    found = _mapping(value)
    for key, values in found.items():
        if not isinstance(values, list) or not values:
            raise _wrong(f"space must hold a list of values for each parameter, and not {key}: {values}")
    return found


def _value(text: str) -> Any:
    """Return what a word of the command line means: a number, true, null …, else the word."""
    if text.lower() in ("none", "null"):
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text


def _wrong(why: str) -> GuardError:
    return GuardError(f"{why}.", "trinity train --dataset FILE.csv --target COLUMN --features A,B", UNUSABLE)
