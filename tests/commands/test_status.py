"""The arguments of `trinity-guard status`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.helpers.usage import Usage, parsed
from trinity_guard.commands import status


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (["--format"], "--format needs a value"),
        (["--format", "jsn"], "--format takes table or json, and not 'jsn' (did you mean 'json'?)"),
        (["--format="], "--format takes table or json, and not ''"),
        (["--format", "--", "json"], "--format needs a value"),
        (["models"], "status takes no argument 'models'"),
        (["--fromat", "json"], "status knows no option --fromat (did you mean '--format'?)"),
    ],
)
def test_wrong_usage_is_told_with_the_command_that_helps(usage: Usage, args: list[str], problem: str) -> None:
    said = usage.refused("status", *args)
    assert said == [f"trinity-guard: {problem}.", "    trinity-guard status --help"]


def test_help_has_an_example(usage: Usage) -> None:
    assert "Example: trinity-guard status --format json" in usage.help("status")


@pytest.mark.parametrize(
    ("args", "wanted"),
    [
        ([], {"format": "table"}),
        (["--format=json"], {"format": "json"}),
        (["--format", "json"], {"format": "json"}),
    ],
)
def test_what_is_understood(args: list[str], wanted: dict[str, Any]) -> None:
    found = parsed(status.configure, args)
    assert {key: found.get(key) for key in wanted} == wanted
