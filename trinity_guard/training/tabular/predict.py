"""Rows in, predictions out; and a model's figures on a table: of models of tables of one's own."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from trinity_guard.errors import GuardError
from trinity_guard.training.data.cells import quoted
from trinity_guard.training.model import rows as row_reader
from trinity_guard.training.model import seen
from trinity_guard.training.model.verified import VerifiedModel
from trinity_guard.training.tabular import figures
from trinity_guard.training.tabular.figures import Evaluation
from trinity_guard.training.tabular.options import recorded
from trinity_guard.training.tabular.table import MISSING, Learnt, load_for

MAX_NAMED = 5

Answer = dict[str, Any]
Row = dict[str, Any]


def predict(loaded: VerifiedModel, rows: Any) -> list[Answer]:
    """Return an answer for each row: `prediction`, and of classes `p_CLASS` for each that the model knows, if it gives
    probabilities. A number that is missing is taken as in training, a text that was never seen as none at all."""
    records = rows.to_dict("records") if hasattr(rows, "to_dict") else list(rows)
    return _answers(loaded, _checked(loaded, records, [f"row {i}" for i in range(1, len(records) + 1)]))


def answered(loaded: VerifiedModel, text: str, name: str) -> tuple[list[Answer], list[str]]:
    """Return the answers for a text, and what a person should know of them: texts that the model has never seen."""
    records, places = row_reader.read(text, name, loaded.features)
    try:
        frame = _checked(loaded, records, places)
    except GuardError as error:
        raise GuardError(f"{name}: {error.problem}", error.remedy, error.exit_code) from None
    return _answers(loaded, frame), _unseen(loaded, frame)


def learnt(loaded: VerifiedModel) -> Learnt:
    """Return what a model has learnt from, by its own parts."""
    parts = {name: list(columns) for name, _, columns in loaded.pipeline.named_steps["columns"].transformers_}
    classes = loaded.pipeline.classes_.tolist() if hasattr(loaded.pipeline, "classes_") else ()
    return Learnt(parts.get("numbers", []), parts.get("texts", []), classes)


def _checked(loaded: VerifiedModel, records: Sequence[Mapping[str, Any]], places: Sequence[str]) -> pd.DataFrame:
    """Return the model's columns alone, numbers as numbers; GuardError lists what is wrong, by place and column."""
    known = learnt(loaded)
    complaints: dict[str, list[str]] = {}
    found: dict[str, list[Any]] = {name: [] for name in loaded.features}
    for record, place in zip(records, places, strict=True):
        for name, cells in found.items():
            try:
                cells.append(_cell(name, record, name in known.numbers))
            except ValueError as error:
                complaints.setdefault(f"{name}: {error}", []).append(place)
    row_reader.refuse(complaints, records, loaded.features)
    numbers = dict.fromkeys(known.numbers, np.float64)
    return pd.DataFrame(found).astype(numbers | dict.fromkeys(known.texts, object))


def _cell(name: str, record: Mapping[str, Any], number: bool) -> float | str:
    """Return a cell as the model takes it; ValueError says what is wrong."""
    if name not in record:
        raise ValueError("missing")
    value = record[name]
    if isinstance(value, bool) or not (value is None or isinstance(value, str | int | float | np.number)):
        raise ValueError(f"{quoted(str(value))} is no {'number' if number else 'text'}")
    text = "" if value is None or value != value else str(value).strip()
    if not number:
        return text
    try:
        found = math.nan if text.lower() in MISSING else float(text)
    except ValueError:
        raise ValueError(f"{quoted(text)} is no number") from None
    if math.isinf(found):
        raise ValueError(f"{quoted(text)} is no number")
    return found


def _answers(loaded: VerifiedModel, frame: pd.DataFrame) -> list[Answer]:
    if frame.empty:
        return []
    model = loaded.pipeline
    said = [{"prediction": one} for one in np.ravel(model.predict(frame)).tolist()]
    if not hasattr(model, "predict_proba"):
        return said
    names = [f"p_{one}" for one in model.classes_.tolist()]
    shares = model.predict_proba(frame).tolist()
    return [answer | dict(zip(names, p, strict=True)) for answer, p in zip(said, shares, strict=True)]


def _unseen(loaded: VerifiedModel, frame: pd.DataFrame) -> list[str]:
    """Return a sentence for each column of texts with one that the model was not trained on."""
    notes = []
    for name, encoder, columns in loaded.pipeline.named_steps["columns"].transformers_:
        for column, known in zip(columns, encoder.categories_, strict=True) if name == "texts" else ():
            new = sorted(set(frame[column]) - set(map(str, known)))
            more = f" and {len(new) - MAX_NAMED} more" * (len(new) > MAX_NAMED)
            said = ", ".join(map(quoted, new[:MAX_NAMED])) + more
            notes += [f"the model was not trained on {column} {said}; it judges these rows by the rest."] if new else []
    return notes


def evaluate(loaded: VerifiedModel, dataset: str) -> Evaluation:
    """Return a model's figures on a table: on the test part of the one that it was trained on, on all rows of another,
    with the share of those that it was trained on. GuardError for a table that will not do."""
    told, options = loaded.metadata, recorded(loaded.metadata)
    table = load_for(learnt(loaded), dataset, options)
    said = told.get("dataset")
    own = (isinstance(said, dict) and said.get("md5") == table.md5) or seen.is_same(table, told.get("seen"))
    every = np.arange(len(table.X))
    train, test = figures.split(table, options) if own else (every[:0], every)
    return Evaluation(
        figures.measure(loaded.pipeline, table, test),
        figures.measure(figures.constant(table, train if own else test), table, test),
        {},
        figures.leakage(table, train, test) if own else seen.share(table, told.get("seen")),
        [],
        figures.terms(table, options, whole=not own),
        len(test),
    )
