"""The last changes: the newest first, by what the caches have, within their time; what could not be had is said."""

from __future__ import annotations

import shutil

import pytest

from tests.report.conftest import World
from trinity_guard.report import history, lastchanges
from trinity_guard.report.lastchanges import LastChange
from trinity_guard.review import driver

START, DAY = 1_600_000_000, 86400
ONE, TWO = b"id,x\n1,5\n2,6\n", b"id,x\n1,5\n2,7\n3,8\n"


def found(world: World) -> dict[str, LastChange]:
    changes = lastchanges.find(world.place, history.read(world.place, world.rules))
    return {change.path.decode(): change for change in changes}


@pytest.fixture
def changed(world: World) -> World:
    """Two tables that changed, b.csv last; one that never did; one of which Git had the first version."""
    world.repo.stage("raw.csv", ONE)
    for day, (name, data) in enumerate(
        (("a.csv", ONE), ("b.csv", ONE), ("c.csv", ONE), ("a.csv", TWO), ("b.csv", TWO))
    ):
        world.track(name, data)
        world.commit(START + day * DAY)
    return world


def test_the_last_change_of_each_is_told_in_the_words_of_diff_the_newest_first(changed: World) -> None:
    changes = found(changed)
    assert list(changes) == ["b.csv", "a.csv"]
    assert changes["b.csv"].when == START + 4 * DAY
    assert changes["b.csv"].lines[0] == "changed, 2 → 3 rows, 2 columns, 13 B → 17 B"
    assert "  ~ id 2: x 6 → 7" in changes["b.csv"].lines
    assert changes["a.csv"].lines == changes["b.csv"].lines  # the same bytes, under their own name


def test_an_answer_is_kept_by_the_pair_of_versions(changed: World, monkeypatch: pytest.MonkeyPatch) -> None:
    first = found(changed)
    monkeypatch.setattr(driver, "compared", lambda *_: ["looked again"])
    assert found(changed) == first


def test_what_the_cache_lacks_or_no_time_is_left_for_is_said(changed: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lastchanges, "SECONDS", -1.0)
    assert all("no time left" in change.why for change in found(changed).values())
    shutil.rmtree(changed.repo.path / ".dvc" / "cache")
    last = found(changed)["b.csv"]
    commit = changed.repo.head()[:10]
    assert (last.why, last.remedy) == (
        "its data is not in the cache here", f"trinity-guard diff {commit}^ {commit} b.csv",
    )  # fmt: skip


def test_so_many_are_shown(changed: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lastchanges, "MAX_SHOWN", 1)
    assert list(found(changed)) == ["b.csv"]
