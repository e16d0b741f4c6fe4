"""What a history weighs over time, and who makes it grow: pure."""

from __future__ import annotations

from trinity_guard.report import growth
from trinity_guard.report.history import DVC, GIT, History, Version

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
