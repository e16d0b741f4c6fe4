"""A table of any columns: read as CSV, each column a number or a text, rows grouped so that none is in two parts."""

from __future__ import annotations

import difflib
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trinity_guard.errors import GuardError, shown
from trinity_guard.training.data import csv_file
from trinity_guard.training.tabular.options import CLASSIFICATION, REGRESSION, Options

MIN_ROWS, MIN_GROUPS = 50, 10
# A target of whole numbers with so few values is one of classes; more of them are a quantity.
MAX_CLASSES = 20
# A text with a value of its own in most rows is a name, and nothing is learnt from names.
MAX_DISTINCT = 0.5
MISSING = ("", "na", "nan", "n/a", "null")
# 0,25 and 1.234,5: numbers as half of the world writes them, which would be learnt as so many names.
DECIMAL_COMMA = r"[+-]?(\d+|\d{1,3}(\.\d{3})+),\d+"
# From here on not each whole number is a float of its own.
MAX_WHOLE = 2.0**53

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Table:
    """X: numbers as float64 (nan: missing), texts as text. y: floats of a regression, else classes: whole numbers where
    all of them are, texts otherwise.

    groups: rows of one number never part; left_out: columns that nothing is learnt from, and why; md5, size: of file;
    mixed: columns of numbers that are taken for texts, and why;
    unanswered: how many of its rows have no target, and are not among these.
    """

    path: str
    md5: str
    X: pd.DataFrame
    y: pd.Series
    groups: Ints
    task: str
    left_out: dict[str, str]
    grouped_by: str
    unanswered: int = 0
    mixed: dict[str, str] = field(default_factory=dict)
    size: int = 0

    def only(self, rows: Ints) -> Table:
        """Return the table of these rows alone."""
        x, y = self.X.iloc[rows].reset_index(drop=True), self.y.iloc[rows].reset_index(drop=True)
        return replace(self, X=x, y=y, groups=self.groups[rows])

    @property
    def numbers(self) -> list[str]:
        return [name for name in self.X if self.X[name].dtype == np.float64]

    @property
    def texts(self) -> list[str]:
        return [name for name in self.X if name not in self.numbers]


@dataclass(frozen=True)
class Learnt:
    """What a model has learnt from: its columns of numbers and of texts; classes: its own, () of a regression."""

    numbers: Sequence[str]
    texts: Sequence[str]
    classes: Sequence[int | str] = ()


def load(path: str, options: Options) -> Table:
    """Read a table; GuardError (1) for one that cannot be trained on, with what is missing."""
    data = csv_file.read(path)
    frame = _frame(csv_file.text(data, path), path)
    _require(frame, [options.target, *options.features, *([options.group] if options.group else [])], path)
    filled = frame[~_missing(frame[options.target])].reset_index(drop=True)
    names = list(options.features or [n for n in filled if n not in (options.target, options.group)])
    _refuse_commas(filled[list(dict.fromkeys([options.target, *names]))], path)
    task = _task(filled[options.target], options.task)
    strange = _strange(filled[options.target])
    if strange and options.task == "auto" and filled[options.target].nunique() > MAX_CLASSES:
        raise _unfit(path, f"{options.target} {strange}: neither a quantity nor classes")
    y = _numbers(filled[options.target]) if task == REGRESSION else _classes(filled[options.target])
    if y is None:
        raise _unfit(path, f"{options.target} holds what is no number, which a regression needs")
    x, left_out = _columns(filled, [n for n in names if n != options.target], chosen=bool(options.features))
    groups, by = _groups(filled, x, options.group)
    md5, unanswered = hashlib.md5(data, usedforsecurity=False).hexdigest(), len(frame) - len(filled)
    mixed = {name: why for name in names if (why := _strange(filled[name]))}
    table = Table(path, md5, x, y, groups, task, left_out, by, unanswered, mixed, len(data))
    _refuse(table, options, unanswered)
    return table


def load_for(learnt: Learnt, path: str, options: Options) -> Table:
    """Read a table as a model has learnt to read one: each column of the kind that it was; GuardError (1) for one that
    lacks a column, or holds a text where there was a number."""
    data = csv_file.read(path)
    frame = _frame(csv_file.text(data, path), path)
    _require(frame, [options.target, *learnt.numbers, *learnt.texts], path)
    filled = frame[~_missing(frame[options.target])].reset_index(drop=True)
    if filled.empty:
        raise _unfit(path, f"no row of it has a {options.target}")
    x = pd.DataFrame({name: _as_numbers(filled[name], path) for name in learnt.numbers})
    x[list(learnt.texts)] = filled[list(learnt.texts)].apply(lambda column: column.str.strip())
    words = bool(learnt.classes) and all(isinstance(one, str) for one in learnt.classes)
    y = filled[options.target].str.strip() if words else _as_numbers(filled[options.target], path)
    if learnt.classes and not words:
        y = _whole(y, path)
    x = x[list(options.features)] if options.features else x
    groups, by = _groups(filled, x, options.group if options.group in filled else "")
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    return Table(path, md5, x, y, groups, options.task, {}, by)


def _whole(numbers: pd.Series, path: str) -> pd.Series:
    if not (numbers == numbers.round()).all():
        raise _unfit(path, f"{numbers.name} is not of whole numbers, as the model's classes are")
    return numbers.astype(np.int64)


def _as_numbers(column: pd.Series, path: str) -> pd.Series:
    if _missing(column).all():
        return pd.Series(np.nan, index=column.index, dtype=np.float64)
    numbers = _numbers(column)
    if numbers is None:
        raise _unfit(path, f"{column.name} holds what is no number, and the model learnt from numbers")
    return numbers


def _frame(content: str, path: str) -> pd.DataFrame:
    """Return all cells as text; GuardError for a header or rows that are no table."""
    records = csv_file.records(content, shown(os.fsencode(path)))
    head = [name.strip() for name in next(records, (0, 0, []))[2]]
    csv_file.require_commas(head, shown(os.fsencode(path)))
    rows = [(line, cells) for _, line, cells in records]
    twice = sorted({name for name in head if head.count(name) > 1})
    if twice or not all(head):
        raise _unfit(path, f"its header names {'a column twice: ' + twice[0] if twice else 'a column without a name'}")
    ragged = [line for line, cells in rows if len(cells) != len(head)]
    if ragged:
        raise _unfit(path, f"line {ragged[0]} has not the {len(head)} cells that the header names")
    return pd.DataFrame([cells for _, cells in rows], columns=head, dtype=str)


def _require(frame: pd.DataFrame, names: Sequence[str], path: str) -> None:
    missing = [name for name in names if name not in frame]
    if missing:
        like = difflib.get_close_matches(missing[0], list(frame), 1)
        near = f" (did you mean {like[0]}?)" if like else ""
        raise _unfit(path, f"it has no column {', '.join(missing)}{near}; there are {', '.join(list(frame)[:20])}")


def _missing(column: pd.Series) -> pd.Series:
    return column.str.strip().str.lower().isin(MISSING)


def _numbers(column: pd.Series) -> pd.Series | None:
    """Return a column of numbers, nan where one is missing; None for one that holds anything else."""
    filled = column.where(~_missing(column), None)
    numbers = pd.to_numeric(filled, errors="coerce")
    strange = (numbers.isna() & filled.notna()) | np.isinf(numbers.astype(np.float64))
    return None if strange.any() or filled.isna().all() else numbers.astype(np.float64)


def _strange(column: pd.Series) -> str:
    """Return what is strange about a column of numbers that has other cells among them; "" where nothing is."""
    filled = column[~_missing(column)].str.strip()
    numbers = pd.to_numeric(filled, errors="coerce").astype(np.float64)
    others = filled[~np.isfinite(numbers)]
    if others.empty or 2 * len(others) >= len(filled):
        return ""
    return f"holds numbers in all but {len(others):,} of {len(filled):,} cells ({others.iloc[0][:20]})"


def _refuse_commas(frame: pd.DataFrame, path: str) -> None:
    """Refuse columns whose numbers have a decimal comma."""
    for name in frame:
        cells = frame[name][~_missing(frame[name])].str.strip()
        found = cells.str.fullmatch(DECIMAL_COMMA)
        if found.any() and (found | cells.str.fullmatch(r"[+-]?[\d.]+")).all():
            raise GuardError(
                f"{shown(os.fsencode(path))}: {name} has numbers with a decimal comma ({cells[found].iloc[0]}).",
                "write them with a point: in pandas read_csv(…, decimal=',') and to_csv(…)",
            )


def _task(target: pd.Series, said: str) -> str:
    if said != "auto":
        return said
    numbers = _numbers(target)
    few = target.nunique() <= MAX_CLASSES
    whole = _is_whole(numbers)
    return CLASSIFICATION if numbers is None or (few and whole) else REGRESSION


def _classes(target: pd.Series) -> pd.Series:
    numbers = _numbers(target)
    return numbers.astype(np.int64) if numbers is not None and _is_whole(numbers) else target.str.strip()


def _is_whole(numbers: pd.Series | None) -> bool:
    """Whether all are whole, and none so large that another whole number is the same float."""
    return numbers is not None and bool(((numbers == numbers.round()) & (numbers.abs() < MAX_WHOLE)).all())


def _columns(frame: pd.DataFrame, names: Sequence[str], chosen: bool) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return what is learnt from, and what is not unless it was named."""
    found, left_out = {}, {}
    for name in names:
        numbers = _numbers(frame[name])
        if numbers is not None:
            found[name] = numbers
        elif _missing(frame[name]).all():
            left_out[name] = "is empty"
        elif not chosen and frame[name].nunique() > MAX_DISTINCT * len(frame):
            left_out[name] = "is a text with a value of its own in most rows"
        else:
            found[name] = frame[name].str.strip()
    return pd.DataFrame(found), left_out


def _groups(frame: pd.DataFrame, x: pd.DataFrame, group: str) -> tuple[Ints, str]:
    """Return a number for each row: by the column that is named, else one for rows that are alike in every column."""
    if group:
        return pd.factorize(frame[group].str.strip())[0].astype(np.int64), group
    return x.groupby(list(x), sort=False, dropna=False).ngroup().to_numpy(dtype=np.int64), "rows that are alike"


def _refuse(table: Table, options: Options, without: int) -> None:
    if not len(table.X.columns):
        raise _unfit(table.path, "it has no column to learn from")
    if len(table.X) < MIN_ROWS:
        more = f" ({without} without a {options.target} do not count)" if without else ""
        raise _unfit(table.path, f"it has {len(table.X)} rows{more}; {MIN_ROWS} are the fewest to train on")
    groups = len(np.unique(table.groups))
    if groups < MIN_GROUPS:
        also = "".join(f"; {name} {why}, and is taken for a text" for name, why in table.mixed.items())
        few = f"its rows are of {groups} groups ({table.grouped_by}); {MIN_GROUPS} are the fewest{also}"
        raise _unfit(table.path, few)
    if table.y.nunique() < 2:
        raise _unfit(table.path, f"{options.target} is {table.y.iloc[0]} in every row; there is nothing to tell apart")


def _unfit(path: str, why: str) -> GuardError:
    return GuardError(
        f"{shown(os.fsencode(path))} cannot be trained on: {why}.",
        "trinity train --dataset FILE.csv --target COLUMN --features A,B     # columns of its header",
    )


def notes(table: Table, target: str) -> list[str]:
    """Return what may be meant, and is worth a look."""
    found = [f"{name} {why}, and is left out; --features names what is to be learnt from."
             for name, why in table.left_out.items()]  # fmt: skip
    found += [f"{name} {why}: it is taken for a text." for name, why in table.mixed.items()]
    if table.unanswered:
        found.append(f"{table.unanswered:,} of {len(table.X) + table.unanswered:,} rows have no {target}: left out.")
    alike = table.X.groupby(list(table.X), sort=False, dropna=False).ngroup()
    both = int((table.y.groupby(alike).transform("nunique") > 1).sum()) if table.task == CLASSIFICATION else 0
    if both:
        found.append(f"{both:,} rows contradict others: alike in every column, and of another {target}.")
    return found
