"""Words that are nearly known ones."""

from __future__ import annotations

import pytest

from trinity_guard.errors import BLOCKED, UNUSABLE, GuardError, did_you_mean, together


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("--fromat", " (did you mean '--format'?)"),
        ("-format", " (did you mean '--format'?)"),
        ("--foo", ""),  # only the dashes are alike
        ("--", ""),
        ("", ""),
        ("--format", " (did you mean '--format'?)"),
    ],
)
def test_an_option_is_compared_by_its_name(word: str, hint: str) -> None:
    assert did_you_mean(word, ["--format", "--fix", "-q"]) == hint


def failure(path: str, code: int = BLOCKED) -> GuardError:
    return GuardError(f"{path} is taken.", f"rm {path}\ndvc commit", code)


def test_several_errors_are_told_as_one_and_what_all_of_them_need_comes_last() -> None:
    one = failure("a")
    assert together([one]) is one
    assert together([failure("a"), one]) is one
    both = together([one, failure("b", UNUSABLE)])
    assert (both.problem, both.remedy) == ("a is taken.\nb is taken.", "rm a\nrm b\ndvc commit")
    assert both.exit_code == UNUSABLE


def test_of_many_errors_the_first_are_told() -> None:
    many = together([failure(str(number)) for number in range(1200)])
    assert many.problem.splitlines()[-2:] == ["9 is taken.", "and 1,190 more like these."]
    assert many.remedy.splitlines()[-2:] == ["rm 9", "dvc commit"]
