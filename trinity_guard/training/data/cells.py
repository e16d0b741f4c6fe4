"""The cells of a table: each column's kind, and every complaint with its line and what to do."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable

import numpy as np
import pandas as pd

from trinity_guard.errors import shown
from trinity_guard.training.data.themes import STRATEGIES, UNRESOLVED

Value = int | float | str
Ints = np.ndarray[tuple[int], np.dtype[np.int64]]
# What a cell is read by: returns its value, or raises ValueError with what is wrong and what to do.
Reader = Callable[[str], Value]

MAX_COUNT = 10**9  # characters on a page; more is a mistake, and would not fit a float exactly
WHOLE = re.compile(r"[+-]?[0-9]{1,18}(?:\.0*)?", re.ASCII)
NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)
NOT_NUMBERS = {"nan", "inf", "infinity", "na", "n/a", "null", "none", "<na>"}
RESOLVED = (*STRATEGIES.values(), UNRESOLVED)
# A strategy of older files, tried before the others.
KNOWN_STRATEGIES = (*STRATEGIES, "PRE_EMPTIVE")
MAX_NAME = 200  # characters; MLflow and figures show themes by name


def checked(lines: Ints, texts: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Return the columns' values and the complaints, in the columns' order. lines: of the file, one a row."""
    columns: dict[str, pd.Series] = {}
    complaints: list[str] = []
    for name in texts:
        columns[name], found = _column(name, texts[name], lines)
        complaints += found
    frame = pd.DataFrame(columns)
    return frame, complaints or _against_each_other(frame, lines)


def _column(name: str, texts: pd.Series, lines: Ints) -> tuple[pd.Series, list[str]]:
    """Read a column, each of its texts once. What is wrong with many cells in the same way is said once."""
    codes, seen = pd.factorize(texts)
    read = [_read(READERS.get(name, _anything), text) for text in seen]
    wrong: dict[str, list[int]] = {}
    for code, value in enumerate(read):
        if isinstance(value, ValueError):
            wrong.setdefault(str(value), []).append(code)
    complaints = [_complaint(name, what, np.flatnonzero(np.isin(codes, w)), texts, lines) for what, w in wrong.items()]
    return pd.Series(read).take(codes).reset_index(drop=True), complaints


def _read(reader: Reader, text: str) -> Value | ValueError:
    try:
        return reader(text.strip())
    except ValueError as error:
        return error


def _complaint(name: str, what: str, at: Ints, texts: pd.Series, lines: Ints) -> str:
    more = f" (and {len(at) - 1:,} more rows, the next in line {lines[at[1]]})" if len(at) > 1 else ""
    return f"line {lines[at[0]]}, {name}: {quoted(texts.iloc[at[0]])} {what}{more}"


def quoted(text: object) -> str:
    """Return a cell for a message: short, and nothing that a terminal obeys."""
    said = str(text)
    if not said.strip():
        return "an empty cell"
    return f"'{shown(said[:40].encode('utf-8', 'surrogateescape'))}{'…' if len(said) > 40 else ''}'"


def _against_each_other(frame: pd.DataFrame, lines: Ints) -> list[str]:
    """Return what two columns of a row say that cannot both be true."""
    found = []
    pairs = (
        ("input_word_count", "input_char_len", "a page has no more words than characters: mend either count"),
        ("longest_word", "input_char_len", "no word is longer than its page: mend either count"),
    )
    for few, many, why in pairs:
        if few not in frame:
            continue
        at = np.flatnonzero(frame[few] > frame[many])
        if len(at):
            a, b = frame[few].iloc[at[0]], frame[many].iloc[at[0]]
            more = f" (and {len(at) - 1:,} more rows)" if len(at) > 1 else ""
            found.append(f"line {lines[at[0]]}, {few}: {a} is more than {many} {b}{more}; {why}")
    return found


def _anything(text: str) -> str:
    return text


def _name(text: str) -> str:
    if not text:
        raise ValueError("is no name: fill it in, or drop the row")
    if len(text) > MAX_NAME:
        raise ValueError(f"is longer than {MAX_NAME} characters: is this the right column?")
    return text


def _count(text: str) -> int:
    if not WHOLE.fullmatch(text):
        raise ValueError(_not_a_number(text) or "is no whole number: write a count, such as 120")
    number = int(text.partition(".")[0])
    if number < 0:
        raise ValueError("is negative: a count is 0 or more")
    if number > MAX_COUNT:
        raise ValueError(f"is more than {MAX_COUNT:,}: mend the count")
    return number


def _number(text: str) -> float:
    if not NUMBER.fullmatch(text):
        raise ValueError(_not_a_number(text) or "is no number: write one with a decimal point, such as 0.5")
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("is infinite: write a finite number, or drop the row")
    return number


def _positive(text: str) -> float:
    number = _number(text)
    if number < 0:
        raise ValueError("is negative: a measure is 0 or more")
    return number


def _not_a_number(text: str) -> str:
    if text.lstrip("+-").lower() in NOT_NUMBERS or not text:
        return "is a missing value: fill it in, drop the row, or drop the column if it is optional"
    return ""


def _verdict(text: str) -> int:
    known = {"1": 1, "0": 0, "1.0": 1, "0.0": 0, "true": 1, "false": 0}
    if text.lower() not in known:
        raise ValueError("is neither 1 (the layout held) nor 0 (it did not)")
    return known[text.lower()]


def _resolved(text: str) -> int:
    if not WHOLE.fullmatch(text) or int(text.partition(".")[0]) not in RESOLVED:
        raise ValueError(f"is no strategy's number: known are {', '.join(map(str, RESOLVED))}")
    return int(text.partition(".")[0])


def _strategy(text: str) -> str:
    """Pre-emptive, css_break_word, CSS BREAK WORD: all of these are in use."""
    if not text:
        raise ValueError("names no strategy: write NONE where none was at work")
    name = re.sub(r"[\s_-]+", "_", text.upper())
    if name not in KNOWN_STRATEGIES:
        like = difflib.get_close_matches(name[:60], KNOWN_STRATEGIES, n=1)
        asked = f" (did you mean {like[0]}?)" if like else ""
        raise ValueError(f"is no known strategy{asked}: known are {', '.join(KNOWN_STRATEGIES)}")
    return name


READERS: dict[str, Reader] = {
    "theme": _name,
    "input_char_len": _count,
    "input_word_count": _count,
    "css_density_spacing": _number,
    "css_density_layout": _number,
    "pathological_score": _positive,
    "active_strategy": _strategy,
    "resolved_strategy_id": _resolved,
    "is_valid": _verdict,
    "page_id": _name,
    "longest_word": _count,
    "slot_fill": _positive,
    "word_fill": _positive,
}
