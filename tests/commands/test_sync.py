"""The arguments of `trinity-guard sync`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.helpers.usage import Usage, parsed
from trinity_guard.commands import sync


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (["--all"], "sync knows no option --all"),
        (["--quite"], "sync knows no option --quite (did you mean '--quiet'?)"),
    ],
)
def test_wrong_usage_is_told_with_the_command_that_helps(usage: Usage, args: list[str], problem: str) -> None:
    said = usage.refused("sync", *args)
    assert said == [f"trinity-guard: {problem}.", "    trinity-guard sync --help"]


def test_help_has_an_example(usage: Usage) -> None:
    assert "Example: trinity-guard sync" in usage.help("sync")


@pytest.mark.parametrize(
    ("args", "wanted"),
    [
        ([], {"paths": []}),
        (["-v"], {"paths": [], "level": 1}),
    ],
)
def test_what_is_understood(args: list[str], wanted: dict[str, Any]) -> None:
    found = parsed(sync.configure, args)
    assert {key: found.get(key) for key in wanted} == wanted
