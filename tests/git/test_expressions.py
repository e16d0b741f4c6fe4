"""The answers are those of `re`, and no pattern takes longer than its length and the path's allow."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pathspec import GitIgnoreSpec

from trinity_guard.git import expressions

STEP = st.lists(st.sampled_from(["*", "**", "?", "a", "b", "A", "[ab]", "[!a]", "\\*", "é", "[a-k]", "\u212a"]),
                min_size=1, max_size=6).map("".join)  # fmt: skip
PATTERN = st.builds(
    lambda start, steps, end: start + "/".join(steps) + end,
    st.sampled_from(["", "/", "**/"]), st.lists(STEP, min_size=1, max_size=4), st.sampled_from(["", "/", "/**"]),
)  # fmt: skip
TEXT = st.lists(st.text("abAk\u212aé*/\n", min_size=1, max_size=5), min_size=1, max_size=5).map("/".join)


def sources(pattern: str) -> list[str]:
    try:
        found = GitIgnoreSpec.from_lines([pattern]).patterns
    except ValueError:
        return []
    return [p.regex.pattern for p in found if p.regex is not None]


@settings(max_examples=200, deadline=None)
@given(PATTERN, TEXT, st.sampled_from([0, re.IGNORECASE]))
@example("**/a/**/b", "a/b/x/a/b", 0)
@example("**/a/**/a/**", "a/a/a/b", 0)
@example("*a*b*", "a/b/aab/b", 0)
def test_it_gives_the_answer_of_re_whatever_the_pattern(pattern: str, text: str, flags: int) -> None:
    for source in sources(pattern):
        theirs = re.compile(source, flags)
        ours = expressions.Bounded(expressions._parsed(source, flags), flags, theirs.groupindex)
        for one, other in ((theirs.search(text), ours.search(text)), (theirs.match(text), ours.match(text))):
            assert (one and one.groupdict()) == (other and other.groupdict())


@pytest.mark.parametrize(
    ("pattern", "quick"),
    [
        *(("*.pkl", True), ("data/**", True), ("/run/*.b*n", True), ("**/a/**/b", True)),
        *(("a*b*c", False), ("**/a/**/b*", False)),
    ],
)
def test_only_what_takes_its_time_is_followed_by_hand(pattern: str, quick: bool) -> None:
    [source] = sources(pattern)
    assert isinstance(expressions.compiled(source), re.Pattern) == quick


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("**/" + "a*" * 12 + "b", "a" * 255),
        ("[a]*" * 30 + "b", "a" * 255),
        ("**/a/" * 20 + "ab", "a/" * 500 + "a"),
        ("?*" * 100 + "b", "a" * 255),
        ("*" * 1000 + "b", "a" * 255),
    ],
)
def test_patterns_that_take_re_for_ever_end(pattern: str, text: str) -> None:
    start = time.process_time()
    for source in sources(pattern):
        expression = expressions.compiled(source)
        assert expression.search(text) is None
        assert expression.search(text + "b") is not None
    assert time.process_time() - start < 3


@pytest.mark.parametrize("source", [r"a*b*c*\d", "a*b*c*x{2,5}", r"a*b*c*\b", "(?P<a>x*)(?P<b>y*z*)"])
def test_what_no_ignore_pattern_becomes_is_refused(source: str) -> None:
    with pytest.raises(ValueError, match=r"known|counted|named"):
        expressions.compiled(source)


def test_a_class_of_posix_brings_no_warning_of_pythons(recwarn: pytest.WarningsRecorder) -> None:
    assert expressions.compiled("[[:alpha:]]x").match("a]x") is not None
    assert not recwarn.list
