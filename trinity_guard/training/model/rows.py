"""Rows to be predicted: CSV with a header, or JSON lines; what is wrong in which of them is said."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from trinity_guard.errors import GuardError
from trinity_guard.training.data import cells, csv_file

MAX_COMPLAINTS = 20
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
