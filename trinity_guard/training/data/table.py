"""A training table: checked row by row, normalised, grouped by page; what is wrong is said with its place."""

from __future__ import annotations

import difflib
import hashlib
import os
from dataclasses import dataclass

import numpy as np
import pandas as pd

from trinity_guard.errors import BLOCKED, GuardError, shown
from trinity_guard.training.data import cells, csv_file
from trinity_guard.training.data.columns import CONTRACT, OPTIONAL, REQUIRED
from trinity_guard.training.data.themes import STRATEGIES, UNRESOLVED

__all__ = [
    "CONTRACT", "MIN_ROWS", "OPTIONAL", "REQUIRED", "STRATEGIES", "UNRESOLVED", "Table", "contradictions", "load",
    "warnings",
]  # fmt: skip

MIN_ROWS = 50
MIN_RARER = 10  # rows of the rarer verdict: fewer cannot be split for training, test and validation
MIN_PAGES = 10  # and with each verdict at least MIN_PAGES_EACH: a split parts pages, not rows
MIN_PAGES_EACH = 5
MAX_COMPLAINTS = 20
MANY_THEMES = 50
MAX_RAGGED = 5  # ragged rows to name
KNOWN = (*CONTRACT, *OPTIONAL)
# What a row tells beside all that is learnt from.
SAYINGS = ("timestamp", "css_signature", "failure_reason", "style_overrides_raw")

Ints = np.ndarray[tuple[int], np.dtype[np.int64]]


@dataclass(frozen=True)
class Table:
    """frame: known columns alone, index 0 … n-1, counts int64, measures float64, the rest text, strategies normalised.

    md5: of the file's bytes. groups: shape (n,), whole numbers: rows of one group never part in a split. A group is a
    page where the file knows pages (paged), else all rows of one (characters, words), in order of appearance.
    """

    frame: pd.DataFrame
    path: str
    md5: str
    groups: Ints
    paged: bool


def load(path: str) -> Table:
    """Read and check a table. GuardError (1) lists what is wrong: at most MAX_COMPLAINTS lines, and how many more."""
    data = csv_file.read(path)
    lines, texts = _parsed(csv_file.text(data, path), path)
    frame, complaints = cells.checked(lines, texts)
    _refuse(path, complaints)
    paged = "page_id" in frame
    groups = _groups(frame)
    _refuse(path, _rows(frame) or _pages(frame, lines) or _spread(frame, groups, paged))
    return Table(frame, path, hashlib.md5(data, usedforsecurity=False).hexdigest(), groups, paged)


def texts(path: str) -> pd.DataFrame:
    """Return a table's known columns as the file spells their cells. GuardError as from `load`."""
    return _parsed(csv_file.text(csv_file.read(path), path), path)[1]


def _parsed(content: str, path: str) -> tuple[Ints, pd.DataFrame]:
    """Return the line of each row, and the known columns' cells. GuardError for a wrong header or ragged rows.

    pandas reads. That each row has as many cells as the header, and where it begins, the csv module finds out: pandas
    fills a short row up, takes text behind a closing quote for a part of the cell, and counts no lines.
    """
    found = csv_file.records(content, _name(path))
    names = [name.strip() for name in next(found, (0, 0, []))[2]]
    _check_header(names, path)
    shape = np.array([(number, line, len(record)) for number, line, record in found], dtype=np.int64).reshape(-1, 3)
    numbers, lines, widths = shape.T
    _require_even(lines, widths, len(names), path)
    frame = pd.read_csv(
        csv_file.universal(content),
        header=None,
        names=range(len(names)),
        usecols=[at for at, name in enumerate(names) if name in KNOWN],
        dtype=str,
        keep_default_na=False,
        na_filter=False,
        skip_blank_lines=False,
    )
    frame = frame.iloc[numbers].reset_index(drop=True).rename(columns=dict(enumerate(names)))
    return lines, frame[[name for name in KNOWN if name in names]]


def _require_even(lines: Ints, widths: Ints, wanted: int, path: str) -> None:
    """Refuse rows that have more or fewer cells than the header names, and a table that has none at all."""
    ragged = np.flatnonzero(widths != wanted)
    if len(ragged):
        said = [f"line {lines[at]} has {widths[at]} cells" for at in ragged[:MAX_RAGGED]]
        more = f", and {len(ragged) - MAX_RAGGED:,} more" if len(ragged) > MAX_RAGGED else ""
        raise GuardError(
            f"{_name(path)}: the header names {wanted} columns, but {', '.join(said)}{more}.",
            "quote cells that have a comma in them, or drop these lines",
        )
    if not len(lines):
        raise GuardError(f"{_name(path)} has a header and no rows.", csv_file.MAKE)


def _check_header(names: list[str], path: str) -> None:
    csv_file.require_commas(names, _name(path))
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


def _groups(frame: pd.DataFrame) -> Ints:
    if "page_id" in frame:
        return pd.factorize(frame["page_id"])[0].astype(np.int64)  # type: ignore[no-any-return]
    # Both counts are below 2**31, so one whole number holds the pair.
    pairs = frame["input_char_len"].to_numpy() * 2**31 + frame["input_word_count"].to_numpy()
    return pd.factorize(pairs)[0].astype(np.int64)  # type: ignore[no-any-return]


def _refuse(path: str, complaints: list[str]) -> None:
    if not complaints:
        return
    more = len(complaints) - MAX_COMPLAINTS
    said = [*complaints[:MAX_COMPLAINTS], *([f"and {more} more"] if more > 0 else [])]
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


def _pages(frame: pd.DataFrame, lines: Ints) -> list[str]:
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


def _spread(frame: pd.DataFrame, groups: Ints, paged: bool) -> list[str]:
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


def contradictions(frame: pd.DataFrame) -> list[str]:
    """Return where is_valid and resolved_strategy_id of a row cannot both be true, with the first such row.

    resolved_strategy_id is the mildest strategy under which the page holds: their numbers rise from the mildest.
    """
    if "resolved_strategy_id" not in frame:
        return []
    held, resolved = frame["is_valid"] == 1, frame["resolved_strategy_id"]
    tried = frame["active_strategy"].map(STRATEGIES)  # of strategies without a number: nan, which is like nothing
    kinds = (
        (held & (resolved == UNRESOLVED), f"is_valid 1 (it held), but resolved_strategy_id {UNRESOLVED} (nothing did)"),
        (held & (tried < resolved) & (resolved != UNRESOLVED), "is_valid 1 under a milder strategy than "
         "resolved_strategy_id, which is the mildest that held"),
        (~held & (tried == resolved), "is_valid 0 under the very strategy that resolved_strategy_id says has held"),
    )  # fmt: skip
    found = [(np.flatnonzero(rows.to_numpy()), what) for rows, what in kinds]
    return [f"{len(at):,} rows, the first of them row {at[0] + 1}, have {what}" for at, what in found if len(at)]


def _undecided(table: Table) -> int:
    """Return how many rows are alike in all that is learnt from, and have both verdicts."""
    frame = table.frame
    same = [name for name in frame if name not in ("is_valid", "resolved_strategy_id", *SAYINGS)]
    verdicts = frame.groupby(same, sort=False)["is_valid"].transform("nunique")
    return int((verdicts > 1).sum())


def warnings(table: Table) -> list[str]:
    """Return what may be meant, and is worth a look."""
    found = []
    frame = table.frame
    twice = int(frame.duplicated().sum())
    if twice:
        found.append(f"{twice:,} of {len(frame):,} rows stand there more than once.")
    both = _undecided(table)
    if both:
        found.append(f"{both:,} rows contradict others: all that is known of them is alike, is_valid is 1 and 0.")
    found += [f"{said}: these rows contradict themselves." for said in contradictions(frame)]
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
