"""Words that are nearly known ones."""

from __future__ import annotations

import pytest

from trinity_guard.errors import did_you_mean


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
