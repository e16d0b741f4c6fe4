"""The figures of a column on both sides."""

from __future__ import annotations

import bisect
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.review.conftest import Tables
from trinity_guard.review import statistics


def of(tables: Tables, before: str, after: str, name: str) -> dict[str, Any]:
    one, other = tables.load(before), tables.load(after)
    return statistics.of(tables.engine, one, other, name, name)


def test_a_column_of_numbers_has_range_mean_quantiles_and_drift(tables: Tables) -> None:
    before = "id,x\n" + "".join(f"{n},{n}\n" for n in range(101))
    after = "id,x\n" + "".join(f"{n},{n + 100}\n" for n in range(100)) + "100,\n"
    found = of(tables, before, after, "x")
    assert {k: v for k, v in found["before"].items() if k != "quantiles"} == {
        "nulls": 0, "min": 0, "max": 100, "mean": 50,
    }  # fmt: skip
    assert found["before"]["quantiles"]["0.5"] == pytest.approx(50, abs=1)
    assert (found["after"]["nulls"], found["after"]["min"]) == (1, 100)
    assert found["drift"]["value"] > 1


VALUES = st.sampled_from(["", "inf", "-inf", *(str(n / 2) for n in range(-6, 7))])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(VALUES, min_size=1, max_size=20), st.lists(st.integers(-3, 3), unique=True, min_size=1, max_size=7))
def test_values_are_counted_up_to_each_edge_in_any_number_of_parts(
    tables: Tables, values: list[str], edges: list[int]
) -> None:
    table = tables.load("id,x\n" + "".join(f"{at},{value}\n" for at, value in enumerate(values)) + "99,0.5\n")
    limits = sorted(map(float, edges))
    [whole, parts] = statistics._histograms(tables.engine, table, "x", ([-9.0, *limits, 9.0], limits[:3]))
    numbers = [float(value) for value in [*values, "0.5"] if value]
    for found, at in ((whole, limits), (parts, limits[:3])):
        assert found == [sum(bisect.bisect_left(at, n) == part for n in numbers) for part in range(len(at) + 1)]


def test_a_column_of_texts_has_categories_that_came_and_went(tables: Tables) -> None:
    found = of(tables, "id,x\n1,a\n2,b\n", "id,x\n1,a\n2,c\n", "x")
    assert found["categories"] == {"added": ["c"], "removed": ["b"]}
    assert found["before"] == {"nulls": 0, "distinct": 2}


def test_an_infinite_number_is_no_figure_that_json_has(tables: Tables) -> None:
    found = of(tables, "id,x\n1,inf\n2,1\n", "id,x\n1,1\n2,\n", "x")
    assert found["before"]["max"] is None
    assert found["before"]["mean"] == 1


@pytest.mark.parametrize(
    ("before", "after", "wanted"), [([5, 5], [50, 50], 0.0), ([1, 0], [0, 1], 18.4), ([], [], 0.0), ([0], [3], 0.0)]
)
def test_the_index_is_none_where_shares_are_alike(before: list[int], after: list[int], wanted: float) -> None:
    assert statistics.psi(before, after) == pytest.approx(wanted, abs=0.1)
