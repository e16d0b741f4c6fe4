"""Patterns in gitignore syntax: which are valid, and what many of them match, blind to case."""

from __future__ import annotations

from typing import Any

import pathspec
import pytest

from trinity_guard.detect import ignorespec


@pytest.mark.parametrize("pattern", ["*.pkl", "/data/", "[a-c].csv", r"\[x]", "a b", "a//b", "//", "é", "!keep", " /"])
def test_a_pattern_that_git_reads_is_valid(pattern: str) -> None:
    assert ignorespec.is_valid(pattern) is True


@pytest.mark.parametrize("pattern", ["[z-a].csv", "a\nb", "a\0b", "*.csv\n", "/", "/ ", "#x"])
def test_one_that_would_match_nothing_or_break_is_not(pattern: str) -> None:
    assert ignorespec.is_valid(pattern) is False


@pytest.mark.parametrize("pattern", ["*.pkl", "a", "/", "data/", "**/a b.csv", "-", "//a"])
def test_of_letters_it_is_told_without_compiling_as_it_would_be_with_it(
    pattern: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = ignorespec.is_valid(pattern)
    monkeypatch.setattr(ignorespec, "SAFE_IN_PATTERN", frozenset())
    assert ignorespec.is_valid(pattern) == quick
    monkeypatch.undo()
    monkeypatch.setattr(ignorespec, "compiled", None)
    if quick:
        assert ignorespec.is_valid(pattern)


def test_the_last_pattern_that_matches_holds_whatever_the_case() -> None:
    spec = ignorespec.compiled(["# ours", "", "*.CSV", "!keep.csv"])
    assert [spec.match_file(path) for path in ("a.csv", "d/B.Csv", "d/KEEP.csv", "a.txt")] == [True, True, False, False]


def test_a_pathspec_that_knows_one_way_to_match_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    real = pathspec.GitIgnoreSpec

    class Old:
        from_lines = real.from_lines

        def __new__(cls, patterns: Any) -> Any:
            return real(patterns)

    monkeypatch.setattr(pathspec, "GitIgnoreSpec", Old)
    assert ignorespec.compiled(["*.CSV"]).match_file("a.csv")


def test_more_than_one_star_takes_its_time() -> None:
    assert ignorespec.starry(["*.csv", "a*b*c", "**/x"]) == ["a*b*c", "**/x"]
