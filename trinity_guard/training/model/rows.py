"""Rows to be predicted: CSV with a header, or JSON lines; what is wrong in which of them is said."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from trinity_guard.errors import GuardError
from trinity_guard.training.data import cells, csv_file

MAX_COMPLAINTS, MAX_NAMED = 20, 5
# What no row of the layout's needs: it is tried with every strategy.
OPTIONAL = ("active_strategy",)

Row = dict[str, Any]


def read(text: str, name: str, wanted: Sequence[str]) -> tuple[list[Row], list[str]]:
    """Return rows and where each stands. wanted: the columns that the model looks at; name: what messages call it."""
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
            raise GuardError(f"{name}, line {number}: no JSON object.", "write one row a line: {…}")
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


def checked(
    records: Sequence[Mapping[str, Any]],
    places: Sequence[str],
    wanted: list[str],
    read: Callable[[str, Mapping[str, Any]], Row],
) -> list[Row]:
    """Return rows of these columns alone, each cell read by read(column, record), which raises ValueError.

    GuardError lists what is wrong, by place and column.
    """
    complaints: dict[str, list[str]] = {}
    rows = []
    for record, place in zip(records, places, strict=True):
        row: Row = {}
        for name in wanted:
            try:
                row |= read(name, record)
            except ValueError as error:
                complaints.setdefault(f"{name}: {error}", []).append(place)
        rows.append(row)
    refuse(complaints, records, wanted)
    return rows


def cell(
    name: str, record: Mapping[str, Any], number: bool, read: Callable[[str], Any], optional: Sequence[str] = ()
) -> Row:
    """Return a cell as the model takes it, {} for one of the optional ones that says nothing. ValueError says what is
    wrong."""
    if name not in record:
        if name in optional:
            return {}
        raise ValueError("missing")
    value = record[name]
    if isinstance(value, bool) or not (value is None or isinstance(value, str | int | float | np.number)):
        raise ValueError(f"{cells.quoted(str(value))} is no {'number' if number else 'text'}")
    missing = value is None or value != value  # nan
    text = "" if missing else str(value).strip()
    if not text and name in optional:
        return {}
    try:
        return {name: read(text)}
    except ValueError as error:
        raise ValueError(f"{cells.quoted(text)} {error}") from None


def some(names: Sequence[str]) -> str:
    """Return the first names of many, and how many more there are."""
    more = len(names) - MAX_NAMED
    return ", ".join(names[:MAX_NAMED]) + (f" and {more} more" if more > 0 else "")


def refuse(complaints: Mapping[str, Sequence[str]], records: Sequence[Mapping[str, Any]], wanted: list[str]) -> None:
    """Refuse rows (GuardError) by what is wrong, "column: why", and where."""
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
            f"columns of a row: {', '.join(column for column in wanted if column not in OPTIONAL)}",
        )


def _more(where: Sequence[str]) -> str:
    return f" (and {len(where) - 1:,} more rows)" if len(where) > 1 else ""
