"""Patterns in gitignore syntax: which are valid, and what many of them match, blind to case."""

from __future__ import annotations

import pytest

from trinity_guard.detect import ignorespec


@pytest.mark.parametrize("pattern", ["*.pkl", "/data/", "[a-c].csv", r"\[x]", "a b", "a//b"])
def test_a_pattern_that_git_reads_is_valid(pattern: str) -> None:
    assert ignorespec.is_valid(pattern)


@pytest.mark.parametrize("pattern", ["[z-a].csv", "a\nb", "a\0b", "/"])
def test_one_that_would_match_nothing_or_break_is_not(pattern: str) -> None:
    assert not ignorespec.is_valid(pattern)


def test_the_last_pattern_that_matches_holds_whatever_the_case() -> None:
    spec = ignorespec.compiled(["*.CSV", "!keep.csv"])
    assert [spec.match_file(path) for path in ("a.csv", "d/B.Csv", "d/KEEP.csv", "a.txt")] == [True, True, False, False]


def test_more_than_one_star_takes_its_time() -> None:
    assert ignorespec.starry(["*.csv", "a*b*c", "**/x"]) == ["a*b*c", "**/x"]
