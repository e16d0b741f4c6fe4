"""Pages in, probabilities and advice out; and what a model is measured on: of the layout's (answers.py asks)."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from trinity_guard.errors import GuardError, shown
from trinity_guard.training.data import cells
from trinity_guard.training.data.table import load
from trinity_guard.training.model import advice, evaluation, forest
from trinity_guard.training.model import rows as row_reader
from trinity_guard.training.model.advice import Answer
from trinity_guard.training.model.forest import Examples
from trinity_guard.training.model.rows import OPTIONAL, Row
from trinity_guard.training.model.settings import Settings
from trinity_guard.training.model.verified import VerifiedModel

# Beside the model's own columns, what a row may carry and an answer repeats.
NAMES = ("page_id",)
split, measured = forest.split, evaluation.evaluate


def answers(loaded: VerifiedModel, rows: Sequence[Row]) -> list[Answer]:
    """Return an answer for each page: see advice.answers, with `page_id` first where a row has one."""
    found = advice.answers(loaded, rows)
    return [{n: row[n] for n in NAMES if n in row} | answer for row, answer in zip(rows, found, strict=True)]


def unseen(loaded: VerifiedModel, rows: Sequence[Row]) -> list[str]:
    """Return a sentence where pages are of a theme that the model has never seen: it judges them by the rest."""
    themes = sorted({str(row["theme"]) for row in rows} - advice.known_themes(loaded))
    said = row_reader.some(themes)
    return [f"the model was not trained on the theme {said}; it judges these pages by the rest."] if themes else []


def checked(loaded: VerifiedModel, records: Sequence[Mapping[str, Any]], places: Sequence[str]) -> list[Row]:
    """Return rows of the model's columns alone, numbers as numbers, strategies normalised; GuardError lists what is
    wrong, by place and column."""

    def cell(name: str, record: Mapping[str, Any]) -> Row:
        return row_reader.cell(name, record, name not in forest.TEXTS, cells.READERS[name], OPTIONAL)

    rows = row_reader.checked(records, places, loaded.features, cell)
    named = [{n: str(record[n]) for n in NAMES if record.get(n) not in (None, "")} for record in records]
    rows = [name | row for name, row in zip(named, rows, strict=True)]
    if "active_strategy" in loaded.features:
        _require_known(loaded, rows, places)
    return rows


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


def table(loaded: VerifiedModel, dataset: str) -> tuple[Examples, Settings]:
    """Return what a table gives a model to be measured on, and the settings that it was trained with.

    Raises GuardError for a table that will not do.
    """
    found, settings = load(dataset), _settings(loaded)
    data = forest.examples(found, settings)
    missing = [name for name in loaded.features if name not in data.X]
    if missing:
        raise GuardError(
            f"{shown(os.fsencode(found.path))} has no column {', '.join(missing)}, which the model looks at.",
            "trinity data --output another.csv     # measures all columns",
        )
    return replace(data, X=data.X[loaded.features], features=loaded.features), settings


def _settings(loaded: VerifiedModel) -> Settings:
    """Return the settings that the model was trained with, as far as rows and split follow from them."""
    said = loaded.metadata.get("parameters")
    settings = Settings.of(said) if isinstance(said, dict) else Settings()
    return settings.changed(target=loaded.target)
