"""What a model of either kind says of rows, and its figures on a table. What `predict` and `evaluate` call."""

from __future__ import annotations

import os
from types import ModuleType
from typing import Any

from trinity_guard.training.model import predict as layout
from trinity_guard.training.model import verified
from trinity_guard.training.model.verified import VerifiedModel
from trinity_guard.training.tabular import predict as tabular

Answer = dict[str, Any]
Model = str | os.PathLike[str] | VerifiedModel


def predict(path: Model, rows: Any, md5: str | None = None) -> list[Answer]:
    """Return an answer for each row: of the layout's model see advice.answers, of another tabular.predict.predict.

    path: of a model with its metadata beside it, loaded only if its md5 is theirs; md5: the one it must have instead.
    Who asks often loads once, with verified.load, and gives what that returns.
    rows: mappings of columns, or a pandas DataFrame. Raises GuardError, with what is wrong in which row.
    """
    loaded = _loaded(path, md5)
    found: list[Answer] = _of(loaded).predict(loaded, rows)
    return found


def answered(loaded: VerifiedModel, text: str, name: str) -> tuple[list[Answer], list[str]]:
    """Return the answers for a text, CSV with a header or JSON lines, and what a person should know of them.

    name: what messages call the text. GuardError for rows that will not do.
    """
    found: tuple[list[Answer], list[str]] = _of(loaded).answered(loaded, text, name)
    return found


def evaluate(path: Model, dataset: str | os.PathLike[str], md5: str | None = None) -> Any:
    """Return a model's figures on a table, an Evaluation of its kind (metrics, baseline, terms, leakage): on
    the test part of the one that it was trained on, on all rows of another, with the share of those that it has seen.

    path, md5: as in `predict`. Raises GuardError for a table or a model that will not do.
    """
    loaded = _loaded(path, md5)
    return _of(loaded).evaluate(loaded, os.fspath(dataset))


def _loaded(path: Model, md5: str | None) -> VerifiedModel:
    return path if isinstance(path, VerifiedModel) else verified.load(os.fspath(path), md5)


def _of(loaded: VerifiedModel) -> ModuleType:
    return tabular if loaded.kind.estimator else layout
