"""Rows to be predicted are read from CSV or JSON lines, and what is wrong with them is said by place."""

from __future__ import annotations

import pytest

from trinity_guard.errors import GuardError
from trinity_guard.training.model import rows


@pytest.mark.parametrize(
    "text", ["a,b\n1, x \n", "\ufeffa,b\r\n1,x\r\n", '{"a": "1", "b": "x"}\n\n', '\n{"a": "1", "b": "x"}']
)
def test_either_form_gives_the_same_rows(text: str) -> None:
    found, places = rows.read(text, "t", ["a", "b"])
    assert found == [{"a": "1", "b": "x"}]
    assert places[0].startswith("line ")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "t is empty"),
        ("a,a\n1,2\n", "more than one column a"),
        ("a,b\n1\n", "line 2 has 1 cells, the header 2"),
        ('{"a": 1}\n[1]\n', "t, line 2: no JSON object"),
        ("x\n", "no column a, b, which the model looks at; there are 'x'"),
    ],
)
def test_what_is_no_table_of_rows_is_said(text: str, words: str) -> None:
    with pytest.raises(GuardError, match=words):
        rows.read(text, "t", ["a", "b"])


def test_complaints_are_by_place_and_not_without_end() -> None:
    told = {f"c{n}: wrong": ["row 1", "row 2", "row 3"] for n in range(30)}
    with pytest.raises(GuardError, match=r"row 1, c0: wrong \(and 2 more rows\)") as refused:
        rows.refuse(told, [{}] * 3, [])
    assert refused.value.problem.endswith("and 10 more")
    rows.refuse({}, [], [])
