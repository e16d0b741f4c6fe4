"""A training table: checked row by row, normalised, grouped by page; what is wrong is said with its place."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass

import numpy as np
import pandas as pd

from trinity_guard.errors import BLOCKED, GuardError, shown
from trinity_guard.training import cells, csvfile, headers
from trinity_guard.training.columns import CONTRACT, OPTIONAL, REQUIRED
from trinity_guard.training.themes import STRATEGIES, UNRESOLVED

__all__ = ["CONTRACT", "MIN_ROWS", "OPTIONAL", "REQUIRED", "STRATEGIES", "UNRESOLVED", "Table", "load", "warnings"]

MIN_ROWS = 50
MIN_RARER = 10  # rows of the rarer verdict: fewer cannot be split for training, test and validation
MIN_PAGES = 10  # and with each verdict at least MIN_PAGES_EACH: a split parts pages, not rows
MIN_PAGES_EACH = 5
MOST_COMPLAINTS = 20
MANY_THEMES = 50


Groups = np.ndarray[tuple[int], np.dtype[np.int64]]


@dataclass(frozen=True)
class Table:
    """frame: known columns alone, index 0 … n-1, counts int64, measures float64, the rest text, strategies normalised.

    md5: of the file's bytes. groups: shape (n,), whole numbers: rows of one group never part in a split. A group is a
    page where the file knows pages (paged), else all rows of one (characters, words), in order of appearance.
    """

    frame: pd.DataFrame
    path: str
    md5: str
    groups: Groups
    paged: bool


def load(path: str) -> Table:
    """Read and check a table. GuardError (1) lists what is wrong: at most MOST_COMPLAINTS lines, and how many more."""
    data = csvfile.read(path)
    lines, rows = headers.parsed(csvfile.text(data, path), path)
    columns, complaints = cells.checked(lines, rows)
    _refuse(path, complaints)
    frame = pd.DataFrame({name: columns[name] for name in (*CONTRACT, *OPTIONAL) if name in columns})
    paged = "page_id" in frame
    groups = _groups(frame)
    _refuse(path, _rows(frame) or _pages(frame, lines) or _spread(frame, groups, paged))
    return Table(frame, path, hashlib.md5(data, usedforsecurity=False).hexdigest(), groups, paged)


def _groups(frame: pd.DataFrame) -> Groups:
    if "page_id" in frame:
        return pd.factorize(frame["page_id"])[0].astype(np.int64)  # type: ignore[no-any-return]
    # Both counts are below 2**31, so one whole number holds the pair.
    pairs = frame["input_char_len"].to_numpy() * 2**31 + frame["input_word_count"].to_numpy()
    return pd.factorize(pairs)[0].astype(np.int64)  # type: ignore[no-any-return]


def _refuse(path: str, complaints: list[str]) -> None:
    if not complaints:
        return
    more = len(complaints) - MOST_COMPLAINTS
    said = [*complaints[:MOST_COMPLAINTS], *([f"and {more} more"] if more > 0 else [])]
    raise GuardError(
        "\n".join([f"{shown(os.fsencode(path))} cannot be trained on:", *(f"    {line}" for line in said)]),
        "mend the file as said, or make one: trinity data --output another.csv",
        BLOCKED,
    )


def _rows(frame: pd.DataFrame) -> list[str]:
    """Return what is wrong with a table whose every cell is right."""
    found = []
    if len(frame) < MIN_ROWS:
        found.append(f"{len(frame)} rows; {MIN_ROWS} are the fewest to train on: add rows")
    held = int(frame["is_valid"].sum())
    rarer, verdict = min((held, 1), (len(frame) - held, 0))
    if rarer == 0:
        found.append(f"is_valid is {1 - verdict} in every row: add rows with is_valid {verdict}")
    elif rarer < MIN_RARER:
        found.append(f"is_valid is {verdict} in {rarer} rows only; {MIN_RARER} are the fewest: add such rows")
    return found


def _pages(frame: pd.DataFrame, lines: list[int]) -> list[str]:
    """Return the pages whose rows disagree on what is one thing for the whole page."""
    if "page_id" not in frame:
        return []
    found = []
    for name in ("theme", "input_char_len", "input_word_count", "resolved_strategy_id"):
        if name not in frame:
            continue
        same = frame[name] == frame.groupby("page_id", sort=False)[name].transform("first")
        bad = np.flatnonzero(~same.to_numpy())
        if len(bad):
            page = frame["page_id"].iloc[bad[0]]
            more = f" (and {len(bad) - 1:,} more rows)" if len(bad) > 1 else ""
            found.append(
                f"line {lines[bad[0]]}, {name}: the rows of page {cells.quoted(page)} disagree{more}; "
                "give pages that differ a page_id of their own, or drop that column"
            )
    return found


def _spread(frame: pd.DataFrame, groups: Groups, paged: bool) -> list[str]:
    """Return why pages cannot be parted into training and test."""
    what = "pages" if paged else "pages (pairs of input_char_len and input_word_count)"
    count = len(set(groups.tolist()))
    if count < MIN_PAGES:
        return [f"the rows are of {count} {what} only; {MIN_PAGES} are the fewest: add pages"]
    for verdict in (0, 1):
        those = len(set(groups[(frame["is_valid"] == verdict).to_numpy()].tolist()))
        if those < MIN_PAGES_EACH:
            return [f"is_valid is {verdict} in {those} {what} only; {MIN_PAGES_EACH} are the fewest: add such pages"]
    return []


def warnings(table: Table) -> list[str]:
    """Return what may be meant, and is worth a look."""
    found = []
    frame = table.frame
    twice = int(frame.duplicated().sum())
    if twice:
        found.append(f"{twice:,} of {len(frame):,} rows stand there more than once.")
    if not table.paged:
        found.append("no page_id: rows with the same counts of characters and words are taken for one page.")
    else:
        again = int(frame.duplicated(["page_id", "active_strategy"]).sum())
        if again and not twice:
            found.append(f"{again:,} rows repeat a strategy that their page has been tried with already.")
    themes = frame["theme"].nunique()
    if themes > MANY_THEMES:
        found.append(f"{themes:,} themes: is that column really the theme's name?")
    return found
