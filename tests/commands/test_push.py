"""The arguments of `trinity-guard push`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.helpers.usage import Usage, parsed
from trinity_guard.commands import push


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (["--pendign"], "push knows no option --pendign (did you mean '--pending'?)"),
        (["--pend"], "push knows no option --pend (did you mean '--pending'?)"),
        (["--pending", "HEAD"], "push takes revisions, or --pending (with --drop, if you like)"),
        (["--drop"], "push takes revisions, or --pending (with --drop, if you like)"),
    ],
)
def test_wrong_usage_is_told_with_the_command_that_helps(usage: Usage, args: list[str], problem: str) -> None:
    said = usage.refused("push", *args)
    assert said == [f"trinity-guard: {problem}.", "    trinity-guard push --help"]


def test_help_has_an_example(usage: Usage) -> None:
    assert "Example: trinity-guard push --pending" in usage.help("push")


@pytest.mark.parametrize(
    ("args", "wanted"),
    [
        ([], {"revisions": [], "pending": False, "drop": False}),
        (["--pending", "--drop"], {"revisions": [], "pending": True, "drop": True}),
        (["a", "--pending", "b", "--", "-c"], {"revisions": ["a", "b", "-c"], "pending": True, "drop": False}),
    ],
)
def test_what_is_understood(args: list[str], wanted: dict[str, Any]) -> None:
    found = parsed(push.configure, args)
    assert {key: found.get(key) for key in wanted} == wanted
