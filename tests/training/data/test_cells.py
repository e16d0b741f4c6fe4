"""Cells: each column's kind, a complaint once with its line, and what two columns cannot both say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from trinity_guard.training.data import cells


def checked(**columns: list[str]) -> tuple[pd.DataFrame, list[str]]:
    """Check rows that begin in lines 2, 4, 6 …, as where each has a cell of two lines."""
    rows = len(next(iter(columns.values())))
    return cells.checked(np.arange(1, rows + 1) * 2, pd.DataFrame(columns, dtype=str))


@pytest.mark.parametrize(
    ("column", "text", "value"),
    [
        ("input_char_len", "+120.0", 120),
        ("css_density_layout", "-.5e1", -5.0),
        ("slot_fill", "1.", 1.0),
        ("is_valid", "TRUE", 1),
        ("is_valid", "0.0", 0),
        ("resolved_strategy_id", "99.0", 99),
        ("active_strategy", "Css  break-word", "CSS_BREAK_WORD"),
        ("active_strategy", "Pre-emptive", "PRE_EMPTIVE"),
        ("theme", "größe", "größe"),
    ],
)
def test_a_cell_is_read_by_the_kind_of_its_column(column: str, text: str, value: object) -> None:
    found = cells.READERS[column](text)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("column", "text", "says"),
    [
        ("input_char_len", "1e2", "no whole number"),
        ("input_char_len", "9" * 19, "no whole number"),
        ("input_char_len", "1000000001", "more than 1,000,000,000"),
        ("input_char_len", "<NA>", "missing value"),
        ("css_density_layout", "0x1", "no number"),
        ("css_density_layout", "1e999", "infinite"),
        ("pathological_score", "-0.1", "negative"),
        ("is_valid", "yes", "neither 1"),
        ("resolved_strategy_id", "5", "no strategy's number"),
        ("active_strategy", "", "write NONE"),
        ("active_strategy", "FONT_SHRINKS", "did you mean FONT_SHRINK?"),
        ("theme", "", "no name"),
        ("page_id", "x" * 201, "longer than 200"),
    ],
)
def test_a_cell_that_is_none_of_its_kind_is_told(column: str, text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says.replace("?", r"\?")):
        cells.READERS[column](text)


def test_columns_are_typed_and_what_is_not_known_stays_text() -> None:
    frame, complaints = checked(
        theme=[" a ", "b"], input_char_len=["1", "2"], slot_fill=["1", ".5"], failure_reason=["", "x"]
    )
    assert complaints == []
    assert frame["theme"].tolist() == ["a", "b"]
    assert (frame["input_char_len"].dtype, frame["slot_fill"].dtype) == (np.int64, np.float64)
    assert frame["failure_reason"].tolist() == ["", "x"]


def test_what_is_wrong_in_the_same_way_is_one_complaint_with_the_first_text_and_two_lines() -> None:
    _, complaints = checked(input_char_len=["x", "1", "y", "", "x"], is_valid=["1", "0", "1", "1", "2"])
    assert complaints == [
        "line 2, input_char_len: 'x' is no whole number: write a count, such as 120"
        " (and 2 more rows, the next in line 6)",
        "line 8, input_char_len: an empty cell is a missing value: fill it in, drop the row,"
        " or drop the column if it is optional",
        "line 10, is_valid: '2' is neither 1 (the layout held) nor 0 (it did not)",
    ]


def test_columns_are_held_against_each_other_only_when_each_is_right() -> None:
    more = {"input_char_len": ["5", "3", "2"], "input_word_count": ["1", "4", "9"]}
    [said] = checked(**more)[1]
    assert said.startswith("line 4, input_word_count: 4 is more than input_char_len 3 (and 1 more rows); ")
    [said] = checked(**more, longest_word=["x", "1", "1"])[1]
    assert "longest_word: 'x'" in said


def test_a_quoted_cell_is_short_and_nothing_that_a_terminal_obeys() -> None:
    assert cells.quoted("a" * 50) == f"'{'a' * 40}…'"
    assert cells.quoted("\x1b[31m") == r"'\x1b[31m'"
    assert cells.quoted(" ") == "an empty cell"
