"""A table's header and the shape of its rows."""

from __future__ import annotations

import difflib
import os

from trinity_guard.errors import GuardError, shown
from trinity_guard.training.columns import CONTRACT, OPTIONAL, REQUIRED
from trinity_guard.training.csvfile import MAKE, records

KNOWN = (*CONTRACT, *OPTIONAL)
DELIMITERS = {"\t": "tabs", ";": "semicolons", "|": "bars"}
MOST = 5  # ragged rows to name

Rows = dict[str, list[str]]


def parsed(content: str, path: str) -> tuple[list[int], Rows]:
    """Return the line of each record, and the known columns' cells. GuardError for a wrong header or ragged rows."""
    found = records(content, path)
    head = next(found, (0, []))[1]
    names = [name.strip() for name in head]
    _check_header(names, path)
    lines: list[int] = []
    rows: list[list[str]] = []
    ragged: list[str] = []
    count = 0
    for line, record in found:
        if len(record) != len(names):
            count += 1
            ragged += [f"line {line} has {len(record)} cells"] if count <= MOST else []
            continue
        lines.append(line)
        rows.append(record)
    if count:
        more = f", and {count - MOST:,} more" if count > MOST else ""
        raise GuardError(
            f"{_name(path)}: the header names {len(names)} columns, but {', '.join(ragged)}{more}.",
            "quote cells that have a comma in them, or drop these lines",
        )
    if not rows:
        raise GuardError(f"{_name(path)} has a header and no rows.", MAKE)
    columns = list(zip(*rows, strict=True))
    return lines, {name: list(columns[names.index(name)]) for name in KNOWN if name in names}


def _check_header(names: list[str], path: str) -> None:
    for delimiter, what in DELIMITERS.items():
        if len(names) == 1 and delimiter in names[0]:
            raise GuardError(
                f"{_name(path)} parts its columns by {what}, not by commas.",
                "write it with commas: in pandas to_csv(…, sep=','), in a spreadsheet `CSV (comma separated)`",
            )
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise GuardError(
            f"{_name(path)} has more than one column {', '.join(map(_shown, twice))}.", "rename or drop all but one"
        )
    missing = [name for name in REQUIRED if name not in names]
    if len(missing) == len(REQUIRED) and not any(_near(name, names) for name in missing):
        raise GuardError(
            f"{_name(path)} has no header that names {', '.join(REQUIRED)}; its first line begins "
            f"{_shown(', '.join(names)[:60])}.",
            f"put a header above the rows:  {','.join(CONTRACT)}",
        )
    if missing:
        said = [f"{name}{_near(name, names)}" for name in missing]
        raise GuardError(
            f"{_name(path)} has no column {', '.join(said)}.", "add it, or rename the column that holds it"
        )


def _near(name: str, names: list[str]) -> str:
    """Return a question about the column that may be meant, "" where none is like it."""
    others = {other.lower().replace(" ", "_").replace("-", "_"): other for other in names if other not in KNOWN}
    like = difflib.get_close_matches(name, others, n=1, cutoff=0.7)
    return f" (did you mean {_shown(others[like[0]])}?)" if like else ""


def _name(path: str) -> str:
    return shown(os.fsencode(path))


def _shown(text: str) -> str:
    return f"`{shown(text.encode('utf-8', 'surrogateescape'))}`"
