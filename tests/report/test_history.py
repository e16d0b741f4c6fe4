"""Each version of each file of a history is counted once, in its home and at its time."""

from __future__ import annotations

import pytest

from tests.report.conftest import World, md5
from trinity_guard.errors import UNUSABLE, GuardError
from trinity_guard.report import history
from trinity_guard.report.history import DVC, GIT, History, Version, believed

START = 1_600_000_000


def told(found: History, path: bytes) -> list[tuple[int, int, str]]:
    """Return (when, bytes, home) of an artifact's versions."""
    return [(v.when - START, v.size, v.home) for v in found.versions[path]]


def test_versions_are_told_with_their_time_size_and_home(world: World) -> None:
    world.repo.stage("a.csv", b"in Git\n")
    world.commit(START)
    world.repo.git("rm", "-q", "--cached", "a.csv")
    world.track("a.csv", b"in DVC, longer\n")
    world.commit(START + 10)
    world.track("a.csv", b"another\n")
    world.repo.stage("d/b.pkl", b"model\n")
    world.commit(START + 20)
    found = history.read(world.place, world.rules)
    assert told(found, b"a.csv") == [(0, 7, GIT), (10, 15, DVC), (20, 8, DVC)]
    assert told(found, b"d/b.pkl") == [(20, 6, GIT)]
    assert found.versions.keys() == {b"a.csv", b"d/b.pkl"}
    assert [v.key for v in found.once(DVC)] == [md5(b"in DVC, longer\n"), md5(b"another\n")]
    assert all(v.packed == 0 for v in found.once(DVC))
    assert all(v.packed > 0 for v in found.once(GIT))
    assert (found.commits, found.first - START, found.last - START, found.odd) == (3, 0, 20, 0)


def test_the_same_bytes_under_two_names_are_one_version_the_oldest(world: World) -> None:
    world.repo.stage("a.csv", b"same\n")
    world.commit(START)
    world.repo.stage("b.csv", b"same\n")
    world.track("c.csv", b"held\n")
    world.commit(START + 10)
    world.track("d.csv", b"held\n")
    world.commit(START + 20)
    found = history.read(world.place, world.rules)
    assert [(v.when - START) for v in found.once(GIT)] == [0]
    assert [(v.when - START) for v in found.once(DVC)] == [10]


def test_a_version_that_comes_back_is_counted_when_it_came_first(world: World) -> None:
    for when, content in ((0, b"one\n"), (10, b"two\n"), (20, b"one\n")):
        world.repo.stage("a.csv", content)
        world.commit(START + when)
    assert told(history.read(world.place, world.rules), b"a.csv") == [(0, 4, GIT), (10, 4, GIT)]


def test_all_branches_and_tags_count_and_what_is_kept_for_an_undo_does_not(world: World) -> None:
    world.commit(START)
    world.repo.git("checkout", "-q", "-b", "side")
    world.repo.stage("side.csv", b"side\n")
    side = world.commit(START + 10)
    world.repo.git("checkout", "-q", "main")
    assert b"side.csv" in history.read(world.place, world.rules).versions
    world.repo.git("update-ref", "refs/trinity-guard/original/heads/side", side)
    world.repo.git("branch", "-q", "-D", "side")
    found = history.read(world.place, world.rules)
    assert (found.versions, found.commits) == ({}, 1)
    assert found.unreached > 0


def test_all_of_git_s_bytes_are_told_once(world: World) -> None:
    world.repo.stage("a.csv", b"artifact\n" * 100)
    world.repo.stage("notes.txt", b"text\n")
    world.commit(START)
    world.repo.stage("copy.txt", b"text\n")
    world.commit(START + 10)
    world.repo.git("hash-object", "-w", "--stdin")
    found = history.read(world.place, world.rules)
    commits_and_trees = found.git_bytes - found.unreached - sum(v.packed for v in found.once(GIT))
    assert found.unreached > 0
    assert commits_and_trees - found.commits < sum(size for _, size in found.other) <= commits_and_trees
    assert {when - START for when, _ in found.other} == {0, 10}


def test_what_a_pipeline_leaves_to_git_is_none_of_its_artifacts(world: World) -> None:
    world.repo.stage("dvc.yaml", b"stages:\n  s:\n    cmd: x\n    metrics:\n    - m.csv: {cache: false}\n")
    world.repo.stage("m.csv", b"a,b\n")
    world.repo.stage("other.csv", b"a,c\n")
    world.commit(START)
    assert history.read(world.place, world.rules).versions.keys() == {b"other.csv"}


def test_a_pointer_that_nobody_can_read_is_told_and_hides_no_other(world: World) -> None:
    world.repo.stage("broken.csv.dvc", b"no pointer\n")
    world.track("a.csv", b"held\n")
    world.commit(START)
    found = history.read(world.place, world.rules)
    assert told(found, b"a.csv") == [(0, 5, DVC)]
    assert found.broken.keys() == {"broken.csv.dvc"}
    assert "is no pointer that DVC can read" in found.broken["broken.csv.dvc"]
    assert {e.path for _, e in found.records} == {b"broken.csv.dvc", b"a.csv.dvc"}


def test_progress_ends_with_all_commits(world: World) -> None:
    for when in range(3):
        world.commit(START + when)
    said: list[tuple[int, int]] = []
    history.read(world.place, world.rules, lambda done, total: said.append((done, total)))
    assert said[-1] == (3, 3)


def test_a_history_without_commits_is_empty(world: World) -> None:
    found = history.read(world.place, world.rules)
    assert (found.commits, found.first, found.last, found.versions, found.other) == (0, 0, 0, {}, [])


def test_a_shallow_clone_is_refused_with_the_command_that_helps(world: World) -> None:
    (world.repo.path / ".git" / "shallow").write_text(world.commit(START) + "\n")
    with pytest.raises(GuardError, match="this clone is shallow") as caught:
        history.read(world.place, world.rules)
    assert (caught.value.remedy, caught.value.exit_code) == ("git fetch --unshallow", UNUSABLE)


def test_a_version_under_two_homes_is_told_for_each() -> None:
    found = History()
    found.versions = {
        b"a": [Version(5, 1, 1, GIT, "k"), Version(9, 1, 0, DVC, "k")],
        b"b": [Version(3, 1, 1, GIT, "k")],
    }
    assert [(v.when, v.home) for home in (GIT, DVC) for v in found.once(home)] == [(3, GIT), (9, DVC)]


def test_a_date_that_cannot_be_counts_where_it_can() -> None:
    now = 1_700_000_000
    said = {b"a": 0, b"b": START, b"c": START + 9, b"d": 4_100_000_000, b"e": 2**64 - 5, b"f": now + 3600}
    kept = believed(said, now)
    assert kept == {**said, b"a": START, b"d": now, b"e": START}
    assert believed({b"a": 0, b"b": 2**63}, now) == {b"a": 0, b"b": 0}
