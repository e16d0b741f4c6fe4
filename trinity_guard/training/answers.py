"""What a model of either kind says of rows, and its figures on a table. What `predict` and `evaluate` call."""

from __future__ import annotations

import os
from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np

from trinity_guard.errors import GuardError
from trinity_guard.training.model import predict as layout
from trinity_guard.training.model import rows as row_reader
from trinity_guard.training.model import seen, verified
from trinity_guard.training.model.verified import VerifiedModel
from trinity_guard.training.tabular import predict as tabular

Answer = dict[str, Any]
Model = str | os.PathLike[str] | VerifiedModel


def predict(path: Model, rows: Any, md5: str | None = None) -> list[Answer]:
    """Return an answer for each row: of the layout's model see advice.answers, with `page_id` first where a row has
    one; of another `prediction`, and of classes `p_CLASS` for each that the model knows, if it gives probabilities.

    path: of a model with its metadata beside it, loaded only if its md5 is theirs; md5: the one it must have instead.
    Who asks often loads once, with verified.load, and gives what that returns.
    rows: mappings of columns, or a pandas DataFrame. Raises GuardError, with what is wrong in which row.
    """
    loaded = _loaded(path, md5)
    records = rows.to_dict("records") if hasattr(rows, "to_dict") else list(rows)
    kind = _of(loaded)
    checked = kind.checked(loaded, records, [f"row {i}" for i in range(1, len(records) + 1)])
    found: list[Answer] = kind.answers(loaded, checked)
    return found


def answered(loaded: VerifiedModel, text: str, name: str) -> tuple[list[Answer], list[str]]:
    """Return the answers for a text, CSV with a header or JSON lines, and what a person should know of them: names
    that the model has never seen.

    name: what messages call the text. GuardError for rows that will not do.
    """
    kind = _of(loaded)
    records, places = row_reader.read(text, name, loaded.features)
    try:
        checked = kind.checked(loaded, records, places)
        return kind.answers(loaded, checked), kind.unseen(loaded, checked)
    except GuardError as error:
        raise GuardError(f"{name}: {error.problem}", error.remedy, error.exit_code) from None


def evaluate(path: Model, dataset: str | os.PathLike[str], md5: str | None = None) -> Any:
    """Return a model's figures on a table, an Evaluation of its kind (metrics, baseline, terms, leakage): on
    the test part of the one that it was trained on, on all rows of another, with the share of those that it has seen.

    path, md5: as in `predict`. Raises GuardError for a table or a model that will not do.
    """
    loaded = _loaded(path, md5)
    kind = _of(loaded)
    data, settings = kind.table(loaded, os.fspath(dataset))
    said, kept = loaded.metadata.get("dataset"), loaded.metadata.get("seen")
    own = (isinstance(said, dict) and said.get("md5") == data.md5) or seen.is_same(data, kept)
    every = np.arange(len(data.X))
    train, test = kind.split(data, settings) if own else (every[:0], every)
    found = kind.measured(loaded.pipeline, data, settings, train, test)
    return found if own else replace(found, leakage=seen.share(data, kept))


def _loaded(path: Model, md5: str | None) -> VerifiedModel:
    return path if isinstance(path, VerifiedModel) else verified.load(os.fspath(path), md5)


def _of(loaded: VerifiedModel) -> ModuleType:
    """Return what reads rows and tables for a model of this kind."""
    return tabular if loaded.kind.estimator else layout
