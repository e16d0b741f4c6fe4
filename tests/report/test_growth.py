"""What a history weighs over time, and the charts that show it: pure."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from trinity_guard.report import charts, growth
from trinity_guard.report.history import DVC, GIT, History, Version, believed

DAY = 86400
START = 1_600_000_000


def history(*versions: tuple[bytes, int, int, int, str, str], other: int = 0) -> History:
    """versions: path, day, size, packed, home, key."""
    found = History()
    for path, day, size, packed, home, key in versions:
        found.versions.setdefault(path, []).append(Version(START + day * DAY, size, packed, home, key))
    days = [day for _, day, *_ in versions]
    found.first, found.last = START + min(days) * DAY, START + max(days) * DAY
    found.commits = len(versions)
    found.other = [(found.first, other)] if other else []
    return found


def test_each_line_counts_what_it_says() -> None:
    found = history(
        (b"a.pkl", 0, 1000, 800, GIT, "1"),
        (b"b.pkl", 5, 1000, 800, GIT, "1"),  # the same bytes under another name take no more
        (b"a.pkl", 10, 3000, 0, DVC, "2"),
        other=50,
    )
    curves = growth.curves(found)
    assert curves.times[0] == found.first
    assert curves.times[-1] == found.last
    assert curves.actual[0] == 850
    assert curves.actual[-1] == 850
    assert curves.inside[-1] == 3850
    assert curves.outside[-1] == 50 + growth.POINTER_BYTES
    assert curves.inside == sorted(curves.inside)


def test_the_first_version_is_no_growth_and_what_lies_longer_than_a_year_ago_neither() -> None:
    found = history(
        (b"once.pkl", 0, 10_000, 1, DVC, "1"),
        (b"old.pkl", 0, 500, 1, DVC, "2"),
        (b"old.pkl", 10, 600, 1, DVC, "3"),
        (b"grows.pkl", 700, 1000, 1, DVC, "4"),
        (b"grows.pkl", 730, 2000, 1, DVC, "5"),
        (b"grows.pkl", 760, 4000, 1, DVC, "6"),
    )
    rows = growth.rows(found)
    assert [r.path for r in rows] == [b"once.pkl", b"grows.pkl", b"old.pkl"]
    [row] = growth.growing(rows)
    assert row.path == b"grows.pkl"
    assert row.monthly == 6000 * growth.MONTH // (60 * DAY)
    assert row.sizes == [1000, 2000, 4000]


def test_a_repository_without_commits_has_no_curve() -> None:
    assert growth.curves(History()).times == []
    assert growth.rows(History()) == []


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


def test_a_date_that_cannot_be_counts_where_it_can() -> None:
    now = 1_700_000_000
    said = {b"a": 0, b"b": START, b"c": START + 9, b"d": 4_100_000_000, b"e": 2**64 - 5, b"f": now + 3600}
    kept = believed(said, now)
    assert kept == {**said, b"a": START, b"d": now, b"e": START}
    assert believed({b"a": 0, b"b": 2**63}, now) == {b"a": 0, b"b": 0}
