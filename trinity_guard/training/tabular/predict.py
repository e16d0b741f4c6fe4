"""Rows in, predictions out; and what a model is measured on: of a table of one's own (answers.py asks)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from trinity_guard.training.data.cells import quoted
from trinity_guard.training.model import rows as row_reader
from trinity_guard.training.model.rows import Row
from trinity_guard.training.model.verified import VerifiedModel
from trinity_guard.training.tabular import figures
from trinity_guard.training.tabular.options import Options, recorded
from trinity_guard.training.tabular.table import MISSING, Learnt, Table, load_for

Answer = dict[str, Any]
split, measured = figures.split, figures.evaluate


def learnt(loaded: VerifiedModel) -> Learnt:
    """Return what a model has learnt from, by its own parts."""
    parts = {name: list(columns) for name, _, columns in loaded.pipeline.named_steps["columns"].transformers_}
    classes = loaded.pipeline.classes_.tolist() if hasattr(loaded.pipeline, "classes_") else ()
    return Learnt(parts.get("numbers", []), parts.get("texts", []), classes)


def checked(loaded: VerifiedModel, records: Sequence[Mapping[str, Any]], places: Sequence[str]) -> pd.DataFrame:
    """Return the model's columns alone, numbers as numbers; GuardError lists what is wrong, by place and column.

    A number that is missing is taken as in training, a text that was never seen as none at all.
    """
    known = learnt(loaded)

    def cell(name: str, record: Mapping[str, Any]) -> Row:
        number = name in known.numbers
        return row_reader.cell(name, record, number, _number if number else str)

    found = pd.DataFrame(row_reader.checked(records, places, loaded.features, cell), columns=loaded.features)
    return found.astype(dict.fromkeys(known.numbers, np.float64) | dict.fromkeys(known.texts, object))


def _number(text: str) -> float:
    if text.lower() in MISSING:
        return math.nan
    try:
        found = float(text)
    except ValueError:
        found = math.inf
    if math.isinf(found):
        raise ValueError("is no number")
    return found


def answers(loaded: VerifiedModel, frame: pd.DataFrame) -> list[Answer]:
    """Return an answer for each row: `prediction`, and of classes `p_CLASS`, if the model gives probabilities."""
    if frame.empty:
        return []
    model = loaded.pipeline
    said = [{"prediction": one} for one in np.ravel(model.predict(frame)).tolist()]
    if not hasattr(model, "predict_proba"):
        return said
    names = [f"p_{one}" for one in model.classes_.tolist()]
    shares = model.predict_proba(frame).tolist()
    return [answer | dict(zip(names, p, strict=True)) for answer, p in zip(said, shares, strict=True)]


def unseen(loaded: VerifiedModel, frame: pd.DataFrame) -> list[str]:
    """Return a sentence for each column of texts with one that the model was not trained on."""
    notes = []
    for name, encoder, columns in loaded.pipeline.named_steps["columns"].transformers_:
        for column, known in zip(columns, encoder.categories_, strict=True) if name == "texts" else ():
            new = sorted(set(frame[column]) - set(map(str, known)))
            said = row_reader.some([quoted(one) for one in new])
            notes += [f"the model was not trained on {column} {said}; it judges these rows by the rest."] if new else []
    return notes


def table(loaded: VerifiedModel, dataset: str) -> tuple[Table, Options]:
    """Return a table as a model has learnt to read one, and the options that it was trained with.

    GuardError for a table that will not do.
    """
    options = recorded(loaded.metadata)
    return load_for(learnt(loaded), dataset, options), options
