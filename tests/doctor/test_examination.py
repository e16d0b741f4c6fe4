"""All checks run, whatever one of them does; what could not look is never ok."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.helpers.support import Repo
from trinity_guard import git
from trinity_guard.doctor import examination
from trinity_guard.doctor.checks import ERROR, OK, WARNING, Check, Repository, Unseen, fine
from trinity_guard.errors import GuardError


@pytest.fixture(autouse=True)
def work(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    monkeypatch.chdir(bare_repo.path)
    return bare_repo


def raising(error: BaseException) -> Callable[[Repository], Check]:
    def look(_: Repository) -> Check:
        raise error

    return look


@pytest.mark.parametrize(
    ("error", "level", "words"),
    [
        (Unseen("it is dark"), WARNING, "not looked at: it is dark."),
        (GuardError("it is broken", "mend it"), ERROR, "it is broken"),
        (PermissionError(13, "Permission denied", b"/x"), ERROR, "/x: Permission denied."),
        (ZeroDivisionError("oh"), ERROR, "by a bug of ours (ZeroDivisionError: oh)"),
    ],
)
def test_a_check_that_breaks_off_says_why_and_the_others_run(
    monkeypatch: pytest.MonkeyPatch, error: BaseException, level: str, words: str
) -> None:
    monkeypatch.setattr(examination, "ANYWHERE", {"one": raising(error), "two": lambda _: fine("fine")})
    monkeypatch.setattr(examination, "IN_A_WORK_TREE", {})
    told: list[tuple[int, int]] = []
    one, two = examination.examine(git.place(), on_progress=lambda *said: told.append(said))
    assert (one.name, one.level, two.level) == ("one", level, OK)
    assert words in one.fact
    assert told == [(0, 2), (1, 2)]


def test_only_what_is_wrong_is_mended_and_a_failure_is_told() -> None:
    def fails() -> str:
        raise GuardError("no room", "")

    checks = [Check(OK, "x", mend=lambda: "never"), Check(ERROR, "x", mend=lambda: "done"), Check(ERROR, "x")]
    checks.append(Check(WARNING, "x", mend=fails))
    assert [done for _, done in examination.mend(checks)] == ["done", "could not be mended: no room"]


def test_the_names_are_the_contract_s() -> None:
    names = [*examination.ANYWHERE, *examination.IN_A_WORK_TREE]
    assert len(set(names)) == len(names)
    assert {"pointers", "artifacts-not-ignored", "tracked-twice", "credentials-committed"} <= set(names)
