"""Patterns in gitignore syntax as the rules match them: whether one is valid, and many of them compiled."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from pathspec import GitIgnoreSpec

# A pattern of these alone is valid gitignore syntax whatever their order, but for a lone slash.
SAFE_IN_PATTERN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+=@~,*?/ ")


def starry(patterns: Sequence[str]) -> list[str]:
    """Return the patterns that take their time to match."""
    return [pattern for pattern in patterns if pattern.count("*") > 1]


def is_valid(pattern: str) -> bool:
    """Whether a pattern, which is not blank, is gitignore syntax."""
    if SAFE_IN_PATTERN.issuperset(pattern) and pattern.strip(" ") != "/":
        return True
    if "\n" in pattern or "\0" in pattern:
        return False
    import re

    try:
        # None: git leaves out a pattern with a broken range, and nobody would notice.
        return compiled([pattern]).patterns[0].include is not None
    except (ValueError, re.error):
        return False


def compiled(lines: Sequence[str]) -> GitIgnoreSpec:
    """Return gitignore patterns as the rules match them, blind to case; ValueError or re.error for a broken one."""
    import re

    import pathspec

    from trinity_guard.git import expressions  # noqa: PLC0415  # most configurations need none

    patterns: list[Any] = pathspec.GitIgnoreSpec.from_lines(lines).patterns  # type: ignore[assignment]
    for pattern in patterns:
        if pattern.regex is not None:  # a comment has none
            pattern.regex = expressions.compiled(pattern.regex.pattern, re.IGNORECASE)
    try:
        # Other backends would take the expressions without their flags.
        return pathspec.GitIgnoreSpec(patterns, backend="simple")
    except TypeError:  # pathspec before 1.0 has no other
        return pathspec.GitIgnoreSpec(patterns)
