"""Charts are well formed, inside of their frames, and say in words what they show: pure."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_guard.report import charts

DAY = 86400
START = 1_600_000_000  # 2020-09-13


@given(st.integers(0, 10**15))
def test_the_top_of_an_axis_is_round_and_not_below(value: int) -> None:
    top = charts.nice_top(value)
    assert value <= top <= max(value * 2, 1)
    assert len(str(top).rstrip("0")) <= 2


@given(st.lists(st.integers(0, 10**13), min_size=1, max_size=30), st.integers(0, 10**9))
def test_a_chart_is_well_formed_and_inside_of_its_frame(values: list[int], span: int) -> None:
    times = sorted({START + span * i // max(len(values) - 1, 1) for i in range(len(values))})
    drawn = [charts.Line("Git as it is", "actual", values[: len(times)])]
    svg = ET.fromstring(charts.lines(times, drawn, "Title", "words"))
    [line] = [e for e in svg if e.tag == "polyline"]
    points = [tuple(map(float, p.split(","))) for p in line.attrib["points"].split()]
    assert len(points) == max(len(times), 2)  # of one commit: a point is no line
    assert points[0][0] < points[-1][0]
    assert all(0 <= x <= charts.WIDE and 0 <= y <= charts.HIGH for x, y in points)
    assert svg.attrib["aria-label"] == "Title: words"


def test_parts_of_a_bar_fill_it() -> None:
    svg = ET.fromstring(charts.stacked([("a", "git", 75), ("none", "dvc", 0), ("b", "rest", 25)], "t", "w"))
    widths = [float(e.attrib["width"]) for e in svg if e.tag == "rect"]
    assert len(widths) == 2
    assert abs(widths[0] / widths[1] - 3) < 0.05


@pytest.mark.parametrize(
    ("value", "top"),
    [(0, 1), (-5, 1), (1, 1), (10, 10), (11, 12), (13, 16), (99, 100), (100, 100), (101, 120), (412_000, 600_000)],
)
def test_the_top_of_an_axis_is_the_next_round_number(value: int, top: int) -> None:
    assert charts.nice_top(value) == top


def chart(times: list[int], **values: list[int]) -> ET.Element:
    drawn = [charts.Line(name, "actual", of) for name, of in values.items()]
    return ET.fromstring(charts.lines(times, drawn, "Title", "words"))


def points(line: ET.Element) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in (p.split(",") for p in line.attrib["points"].split())]


def test_lines_go_from_edge_to_edge_and_from_the_axis_to_its_top() -> None:
    one, two = chart([0, 50, 100], a=[0, 50, 100], b=[100, 0, 25]).findall("polyline")
    left, right, low, high = charts.LEFT, charts.WIDE - charts.RIGHT, charts.HIGH - charts.BOTTOM, charts.TOP
    assert points(one) == [(left, low), ((left + right) / 2, (low + high) / 2), (right, high)]
    assert points(two)[:2] == [(left, high), ((left + right) / 2, low)]
    assert [line.findtext("title") for line in (one, two)] == ["a: 100 B at the end", "b: 25 B at the end"]


def test_of_one_commit_a_line_goes_through_the_whole_frame() -> None:
    [line] = chart([START], a=[7]).findall("polyline")
    (x, y), (end, same) = points(line)
    assert (x, end, y) == (charts.LEFT, charts.WIDE - charts.RIGHT, same)


def test_the_axis_has_five_steps_with_their_sizes() -> None:
    svg = chart([START, START + DAY], a=[0, 4000])
    grid = [float(e.attrib["y1"]) for e in svg.findall("line")]
    labels = [e.text for e in svg.findall("text")]
    assert grid == sorted(grid, reverse=True)
    assert (grid[0], grid[-1]) == (charts.HIGH - charts.BOTTOM, charts.TOP)
    assert labels[:5] == ["0 B", "1 kB", "2 kB", "3 kB", "4 kB"]


def test_nothing_at_all_is_drawn_on_the_axis() -> None:
    [line] = chart([START, START + DAY], a=[0, 0]).findall("polyline")
    assert {y for _, y in points(line)} == {charts.HIGH - charts.BOTTOM}


def dates(first: str, last: str) -> list[str]:
    ends = [int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) for day in (first, last)]
    ticks = charts.date_ticks(*ends)
    assert all(ends[0] <= when <= ends[1] for when, _ in ticks)
    assert [when for when, _ in ticks] == sorted(when for when, _ in ticks)
    return [label for _, label in ticks]


def test_dates_have_the_day_within_a_season_and_are_told_once() -> None:
    assert dates("2020-09-01", "2020-09-01") == ["2020-09-01"]
    assert dates("2020-09-01", "2020-09-03") == ["2020-09-01", "2020-09-02"]
    assert len(dates("2020-09-01", "2020-12-29")) == 6
    assert dates("2020-09-01", "2020-12-30") == ["2020-09", "2020-10", "2020-11", "2020-12"]
    years = [int(label[:4]) for label in dates("2015-06-01", "2020-06-01")]
    assert years == list(range(2015, 2021))


def test_a_part_of_nothing_is_not_drawn_and_one_of_little_is_seen() -> None:
    svg = ET.fromstring(charts.stacked([("a", "git", 10**9), ("b", "dvc", 1)], "t", "w"))
    first, second = svg.findall("rect")
    assert float(second.attrib["width"]) == 1
    assert float(second.attrib["x"]) <= charts.WIDE
    assert [r.findtext("title") for r in (first, second)] == ["a: 1 GB", "b: 1 B"]
    assert ET.fromstring(charts.stacked([("a", "git", 0)], "t", "w")).findall("rect") == []


@pytest.mark.parametrize(("value", "largest", "width"), [(50, 100, 60), (100, 100, 120), (0, 100, 1), (0, 0, 1)])
def test_a_bar_is_as_wide_as_its_share_and_silent(value: int, largest: int, width: float) -> None:
    svg = ET.fromstring(charts.bar(value, largest, "git"))
    [drawn] = svg.findall("rect")
    assert float(drawn.attrib["width"]) == width
    assert (svg.attrib["aria-hidden"], drawn.attrib["class"]) == ("true", "fill git")


def test_versions_are_a_small_line_with_words() -> None:
    assert charts.spark([]) == charts.spark([5]) == ""
    svg = ET.fromstring(charts.spark([0, 4000, 2000]))
    [line] = svg.findall("polyline")
    assert points(line) == [(2, 22), (50, 2), (98, 12)]
    assert svg.attrib["aria-label"] == svg.findtext("title") == "from 0 B to 2 kB in 3 versions"
    assert points(ET.fromstring(charts.spark([0, 0])).findall("polyline")[0]) == [(2, 22), (98, 22)]
