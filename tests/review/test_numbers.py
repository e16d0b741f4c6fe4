"""Numbers that texts say, as the engine finds them."""

from __future__ import annotations

import pytest

from tests.review.conftest import Tables
from trinity_guard.review import numbers


@pytest.mark.parametrize(
    ("cell", "decimal", "wanted"),
    [("1.50", ".", "1.5"), ("1,50", ",", "1.5"), ("2.0", ".", "2"), ("007", ".", "007"), ("1_000", ".", "1_000"),
     ("1.234,50", ",", "1.234,50"), ("-0.0", ".", "0"), ("9007199254740993", ".", "9007199254740993"), ("x", ".", "x"),
     ("inf", ".", "inf")],
)  # fmt: skip
def test_a_text_that_says_a_number_is_written_as_that_number(
    tables: Tables, cell: str, decimal: str, wanted: str
) -> None:
    assert tables.engine.row(f"SELECT {numbers.written('c', decimal)} FROM (SELECT '{cell}' AS c)") == (wanted,)


@pytest.mark.parametrize(("number", "wanted"), [("2.0", "2"), ("0.1", "0.1"), ("-7", "-7"), ("1e300", "1e+300")])
def test_a_number_is_written_without_what_says_nothing(tables: Tables, number: str, wanted: str) -> None:
    assert tables.engine.row(f"SELECT {numbers.as_text(f'{number}::DOUBLE')}") == (wanted,)


def test_a_code_among_numbers_ends_the_query(tables: Tables) -> None:
    assert tables.engine.row(f"SELECT {numbers.strictly('c', '.')} FROM (SELECT '5' AS c)") == (5.0,)
    with pytest.raises(tables.engine.error):
        tables.engine.row(f"SELECT {numbers.strictly('c', '.')} FROM (SELECT '007' AS c)")
