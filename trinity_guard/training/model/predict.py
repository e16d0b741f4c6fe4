"""Pages in, probabilities and advice out; and a model's figures on a table. What `predict` and `evaluate` call."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from trinity_guard.errors import GuardError, shown
from trinity_guard.training.data import cells, csv_file
from trinity_guard.training.data.table import load
from trinity_guard.training.model import advice, evaluation, forest, seen, verified
from trinity_guard.training.model.advice import Answer
from trinity_guard.training.model.evaluation import Evaluation
from trinity_guard.training.model.settings import Settings
from trinity_guard.training.model.verified import VerifiedModel

MAX_COMPLAINTS = 20
# Beside the model's own columns, what a row may carry and an answer repeats.
NAMES = ("page_id",)
# What no row needs: it is tried with every strategy.
OPTIONAL = ("active_strategy",)

Row = dict[str, Any]


def predict(path: str | VerifiedModel, rows: Any, md5: str | None = None) -> list[Answer]:
    """Return an answer for each page: see advising.answers, with `page_id` first where a row has one.

    path: of a model with its metadata beside it, loaded only if its md5 is theirs; md5: the one it must have instead.
    Who asks often loads once, with verified.load, and gives what that returns.
    rows: mappings of columns, or a pandas DataFrame. Raises GuardError, with what is wrong in which row.
    """
    loaded = path if isinstance(path, VerifiedModel) else verified.load(os.fspath(path), md5)
    records = rows.to_dict("records") if hasattr(rows, "to_dict") else list(rows)
    return _answers(loaded, checked(loaded, records, [f"row {i}" for i in range(1, len(records) + 1)]))


def _answers(loaded: VerifiedModel, rows: Sequence[Row]) -> list[Answer]:
    found = advice.answers(loaded, rows)
    return [{n: row[n] for n in NAMES if n in row} | answer for row, answer in zip(rows, found, strict=True)]


def answered(loaded: VerifiedModel, text: str, name: str) -> tuple[list[Answer], list[str]]:
    """Return the answers for a text, CSV with a header or JSON lines, and the themes that the model has never seen: it
    judges their pages by the other columns. name: what messages call the text."""
    records, places = _read(text, name, loaded.features)
    try:
        rows = checked(loaded, records, places)
        themes = {str(row["theme"]) for row in rows}
        return _answers(loaded, rows), sorted(themes - advice.known_themes(loaded))
    except GuardError as error:
        raise GuardError(f"{name}: {error.problem}", error.remedy, error.exit_code) from None


def _read(text: str, name: str, wanted: Sequence[str]) -> tuple[list[Row], list[str]]:
    """Return rows and where each stands."""
    begin = text.lstrip("\ufeff \t\r\n")
    if not begin:
        raise GuardError(f"{name} is empty.", "trinity predict --help     # what it reads")
    return _json_lines(text, name) if begin[0] in "{[" else _csv(text, name, wanted)


def _json_lines(text: str, name: str) -> tuple[list[Row], list[str]]:
    rows, places = [], []
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict):
            raise GuardError(f"{name}, line {number}: no JSON object.", "write one page a line: {…}")
        rows.append(row)
        places.append(f"line {number}")
    return rows, places


def _csv(text: str, name: str, wanted: Sequence[str]) -> tuple[list[Row], list[str]]:
    records = csv_file.records(text.removeprefix("\ufeff"), name)
    head = _header([cell.strip() for cell in next(records, (0, 0, []))[2]], name)
    rows, places = [], []
    for _, line, record in records:
        if len(record) != len(head):
            problem = f"line {line} has {len(record)} cells, the header {len(head)}"
            raise GuardError(f"{name}: {problem}.", "quote cells that have a comma in them")
        rows.append({key: cell.strip() for key, cell in zip(head, record, strict=True)})
        places.append(f"line {line}")
    if not rows:
        # Else a header that is wrong would be found out with the first page, some other day.
        _require_columns([n for n in wanted if n not in head and n not in OPTIONAL], head, wanted, name)
    return rows, places


def _header(names: list[str], name: str) -> list[str]:
    twice = sorted({n for n in names if n and names.count(n) > 1})
    if twice:
        raise GuardError(f"{name} has more than one column {twice[0]}.", "drop all but one")
    return names


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
    _refuse(complaints, records, wanted)
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


def _refuse(complaints: Mapping[str, Sequence[str]], records: Sequence[Mapping[str, Any]], wanted: list[str]) -> None:
    if not complaints:
        return
    lacking = [name for name in wanted if len(complaints.get(f"{name}: missing", ())) == len(records)]
    _require_columns(lacking, list(records[0]), wanted)
    said = [f"{where[0]}, {what}{_more(where)}" for what, where in complaints.items()]
    if len(said) > MAX_COMPLAINTS:
        said[MAX_COMPLAINTS:] = [f"and {len(said) - MAX_COMPLAINTS} more"]
    raise GuardError("\n    ".join(["nothing was predicted:", *said]), "mend these cells, or drop these rows")


def _require_columns(lacking: Sequence[str], there: Sequence[str], wanted: Sequence[str], name: str = "") -> None:
    if lacking:
        have = ", ".join(cells.quoted(str(column)) for column in there[:20])
        raise GuardError(
            f"{name}: " * bool(name) + f"no column {', '.join(lacking)}, which the model looks at; there are {have}.",
            f"columns of a page: {', '.join(column for column in wanted if column not in OPTIONAL)}",
        )


def _more(where: Sequence[str]) -> str:
    return f" (and {len(where) - 1:,} more rows)" if len(where) > 1 else ""


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


def evaluate(path: str | VerifiedModel, dataset: str, md5: str | None = None) -> Evaluation:
    """Return a model's figures on a table: on the test part of the one that it was trained on, on all rows of another,
    with the share of those that it was trained on.

    path, md5: as in `predict`. Raises GuardError for a table or a model that will not do.
    """
    loaded = path if isinstance(path, VerifiedModel) else verified.load(os.fspath(path), md5)
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
