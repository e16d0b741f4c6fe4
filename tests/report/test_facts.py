"""All that the page tells, gathered; what could not be looked at has its reason, and is never shown as fine."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.report.conftest import World, md5
from trinity_guard.errors import GuardError
from trinity_guard.lint.finding import Finding
from trinity_guard.lint.rules import table
from trinity_guard.lint.subject import Subject
from trinity_guard.report import facts
from trinity_guard.report.facts import Facts

START = 1_600_000_000


def gathered(world: World, offline: bool = False) -> Facts:
    return facts.gather(world.place, offline)


def test_a_repository_is_told_by_its_name_branch_and_newest_commit(world: World) -> None:
    commit = world.commit(START)
    found = gathered(world, offline=True)
    assert (found.name, found.branch, found.head) == (world.repo.path.name, "main", commit[:10])
    assert found.made.endswith(" UTC")
    world.repo.git("checkout", "-q", "--detach")
    assert gathered(world, offline=True).branch == ""


def test_what_dvc_holds_for_head_is_told_with_its_bytes(world: World) -> None:
    world.track("a.csv", b"old\n")
    world.commit(START)
    world.track("a.csv", b"newer\n")
    world.track("same.csv", b"newer\n")
    world.commit(START + 10)
    found = gathered(world, offline=True)
    assert found.current == {md5(b"newer\n"): 6}
    assert found.past() == {md5(b"old\n")}


def test_lint_s_findings_in_head_are_there_but_for_those_of_the_remote(world: World) -> None:
    world.repo.stage("raw.csv", b"a,b\n")
    world.track("a.csv", b"held\n", pushed=False)
    world.commit(START)
    rules = [f.rule for f in gathered(world, offline=True).findings]
    assert "TG001" in rules
    assert "TG003" not in rules


def test_offline_nothing_is_said_of_the_remote_but_why(world: World) -> None:
    world.track("a.csv", b"held\n", pushed=False)
    world.commit(START)
    found = gathered(world, offline=True)
    assert (found.missing, found.missing_past) == (None, None)
    assert found.unasked == found.unasked_past == "it was not asked (--offline)"


def test_what_the_remote_lacks_is_told_of_head_and_of_older_commits_apart(world: World) -> None:
    world.track("a.csv", b"old\n", pushed=False)
    world.track("b.csv", b"fine\n")
    world.commit(START)
    world.track("a.csv", b"new\n", pushed=False)
    world.commit(START + 10)
    found = gathered(world)
    assert [f.key for f in found.missing or []] == [md5(b"new\n")]
    assert [f.key for f in found.missing_past or []] == [md5(b"old\n")]


def test_where_all_is_there_nothing_is_missing(world: World) -> None:
    world.track("a.csv", b"old\n")
    world.commit(START)
    world.track("a.csv", b"new\n")
    world.commit(START + 10)
    assert (gathered(world).missing, gathered(world).missing_past) == ([], [])


def test_a_remote_that_cannot_be_asked_is_no_remote_that_has_all(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.track("a.csv", b"held\n")
    world.commit(START)
    monkeypatch.delenv("TRINITY_GUARD_TRUST")
    found = gathered(world)
    assert (found.missing, found.missing_past) == (None, None)
    assert found.unasked == found.unasked_past
    assert "you never confirmed it" in found.unasked


def test_a_remote_that_ends_answering_half_way_leaves_the_first_half(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.track("a.csv", b"old\n")
    world.commit(START)
    world.track("a.csv", b"new\n", pushed=False)
    world.commit(START + 10)
    real, asked = table.run, []

    def run(subject: Subject, names: Sequence[str]) -> list[Finding]:
        asked.append(names)
        if len(asked) == 3:  # lint, the remote for HEAD, the remote for what is older
            raise GuardError("it fell silent")
        return real(subject, names)

    monkeypatch.setattr(table, "run", run)
    found = gathered(world)
    assert [f.key for f in found.missing or []] == [md5(b"new\n")]
    assert (found.missing_past, found.unasked_past) == (None, "it fell silent")


def test_before_the_first_commit_nothing_is_missing(world: World) -> None:
    found = gathered(world)
    assert (found.head, found.current, found.findings, found.missing, found.missing_past) == ("", {}, [], [], [])
