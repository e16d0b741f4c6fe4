"""The arguments of `trinity-guard gate`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.helpers.usage import Usage, parsed
from trinity_guard.commands import gate


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (["--all"], "gate knows no option --all"),
        (["a", "b", "c"], "gate takes no argument 'c'"),
    ],
)
def test_wrong_usage_is_told_with_the_command_that_helps(usage: Usage, args: list[str], problem: str) -> None:
    said = usage.refused("gate", *args)
    assert said == [f"trinity-guard: {problem}.", "    trinity-guard gate --help"]


def test_help_has_an_example(usage: Usage) -> None:
    assert "Example: trinity-guard gate origin" in usage.help("gate")


@pytest.mark.parametrize(
    ("args", "wanted"),
    [
        ([], {"remote": "", "address": ""}),
        (["origin", "git@host:x"], {"remote": "origin", "address": "git@host:x"}),
        (["--", "-x"], {"remote": "-x", "address": ""}),
    ],
)
def test_what_is_understood(args: list[str], wanted: dict[str, Any]) -> None:
    found = parsed(gate.configure, args)
    assert {key: found.get(key) for key in wanted} == wanted
