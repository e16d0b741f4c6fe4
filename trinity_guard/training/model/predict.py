"""Pages in, probabilities and advice out; and a model's figures on a table: of the layout's."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from trinity_guard.errors import GuardError, shown
from trinity_guard.training.data import cells
from trinity_guard.training.data.table import load
from trinity_guard.training.model import advice, evaluation, forest, seen
from trinity_guard.training.model import rows as row_reader
from trinity_guard.training.model.advice import Answer
from trinity_guard.training.model.evaluation import Evaluation
from trinity_guard.training.model.rows import OPTIONAL, Row
from trinity_guard.training.model.settings import Settings
from trinity_guard.training.model.verified import VerifiedModel

# Beside the model's own columns, what a row may carry and an answer repeats.
NAMES = ("page_id",)
MAX_NAMED = 5


def predict(loaded: VerifiedModel, rows: Any) -> list[Answer]:
    """Return an answer for each page: see advising.answers, with `page_id` first where a row has one.

    rows: mappings of columns, or a pandas DataFrame. Raises GuardError, with what is wrong in which row.
    """
    records = rows.to_dict("records") if hasattr(rows, "to_dict") else list(rows)
    return _answers(loaded, checked(loaded, records, [f"row {i}" for i in range(1, len(records) + 1)]))


def _answers(loaded: VerifiedModel, rows: Sequence[Row]) -> list[Answer]:
    found = advice.answers(loaded, rows)
    return [{n: row[n] for n in NAMES if n in row} | answer for row, answer in zip(rows, found, strict=True)]


def answered(loaded: VerifiedModel, text: str, name: str) -> tuple[list[Answer], list[str]]:
    """Return the answers for a text, CSV with a header or JSON lines, and what a person should know of them.

    Of a theme that it has never seen, a model judges the pages by the other columns. name: what messages call the text.
    """
    records, places = row_reader.read(text, name, loaded.features)
    try:
        rows = checked(loaded, records, places)
        themes = {str(row["theme"]) for row in rows}
        return _answers(loaded, rows), _unseen(sorted(themes - advice.known_themes(loaded)))
    except GuardError as error:
        raise GuardError(f"{name}: {error.problem}", error.remedy, error.exit_code) from None


def _unseen(themes: Sequence[str]) -> list[str]:
    said = ", ".join(themes[:MAX_NAMED]) + f" and {len(themes) - MAX_NAMED} more" * (len(themes) > MAX_NAMED)
    return [f"the model was not trained on the theme {said}; it judges these pages by the rest."] if themes else []


def checked(loaded: VerifiedModel, records: Sequence[Mapping[str, Any]], places: Sequence[str]) -> list[Row]:
    """Return rows of the model's columns alone, numbers as numbers, strategies normalised; GuardError lists what is
    wrong, by place and column."""
    wanted = loaded.features
    complaints: dict[str, list[str]] = {}
    rows = []
    for record, place in zip(records, places, strict=True):
        row: Row = {n: str(record[n]) for n in NAMES if record.get(n) not in (None, "")}
        for name in wanted:
            try:
                row |= _cell(name, record)
            except ValueError as error:
                complaints.setdefault(f"{name}: {error}", []).append(place)
        rows.append(row)
    row_reader.refuse(complaints, records, wanted)
    if "active_strategy" in wanted:
        _require_known(loaded, rows, places)
    return rows


def _cell(name: str, record: Mapping[str, Any]) -> Row:
    """Return a cell as the model takes it, {} for a strategy that is not named. ValueError says what is wrong."""
    if name not in record:
        if name in OPTIONAL:
            return {}
        raise ValueError("missing")
    value = record[name]
    if isinstance(value, bool) or not (value is None or isinstance(value, str | int | float | np.number)):
        raise ValueError(f"{cells.quoted(str(value))} is no {'text' if name in forest.TEXTS else 'number'}")
    missing = value is None or value != value  # nan
    text = "" if missing else str(value).strip()
    if not text and name in OPTIONAL:
        return {}
    try:
        return {name: cells.READERS[name](text)}
    except ValueError as error:
        raise ValueError(f"{cells.quoted(text)} {error}") from None


def _require_known(loaded: VerifiedModel, rows: Sequence[Row], places: Sequence[str]) -> None:
    """Refuse a strategy that the model was not trained on: of it, it would know nothing and say something."""
    known = advice.known_strategies(loaded)
    for row, place in zip(rows, places, strict=True):
        named = row.get("active_strategy")
        if named is not None and named not in known:
            raise GuardError(
                f"{place}, active_strategy: the model was not trained on {named}; it knows {', '.join(known)}.",
                "leave the column out: every strategy that the model knows is tried",
            )


def evaluate(loaded: VerifiedModel, dataset: str) -> Evaluation:
    """Return a model's figures on a table: on the test part of the one that it was trained on, on all rows of another,
    with the share of those that it was trained on.

    Raises GuardError for a table that will not do.
    """
    table = load(os.fspath(dataset))
    settings = _settings(loaded)
    data = forest.examples(table, settings)
    missing = [name for name in loaded.features if name not in data.X]
    if missing:
        raise GuardError(
            f"{shown(os.fsencode(table.path))} has no column {', '.join(missing)}, which the model looks at.",
            "trinity data --output another.csv     # measures all columns",
        )
    data = replace(data, X=data.X[loaded.features], features=loaded.features)
    said, told = loaded.metadata.get("dataset"), loaded.metadata.get("seen")
    own = (isinstance(said, dict) and said.get("md5") == table.md5) or seen.is_same(data, told)
    nothing = np.zeros(0, dtype=np.int64)
    train, test = forest.split(data, settings) if own else (nothing, np.arange(len(data.y)))
    found = evaluation.evaluate(loaded.pipeline, data, settings, train, test)
    return found if own else replace(found, leakage=seen.share(data, told))


def _settings(loaded: VerifiedModel) -> Settings:
    """Return the settings that the model was trained with, as far as rows and split follow from them."""
    said = loaded.metadata.get("parameters")
    settings = Settings.of(said) if isinstance(said, dict) else Settings()
    return settings.changed(target=loaded.target)
