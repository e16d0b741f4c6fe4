"""The arguments of `trinity-guard report`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.helpers.usage import Usage, parsed
from trinity_guard.commands import report


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (["--output"], "--output needs a value"),
        (["--output", ""], "--output: it is empty (is a variable not set?)"),
        (["--ofline"], "report knows no option --ofline (did you mean '--offline'?)"),
        (["x"], "report takes no argument 'x'"),
    ],
)
def test_wrong_usage_is_told_with_the_command_that_helps(usage: Usage, args: list[str], problem: str) -> None:
    said = usage.refused("report", *args)
    assert said == [f"trinity-guard: {problem}.", "    trinity-guard report --help"]


def test_help_has_an_example(usage: Usage) -> None:
    assert "Example: trinity-guard report --output" in usage.help("report")


@pytest.mark.parametrize(
    ("args", "wanted"),
    [
        ([], {"output": "trinity-guard-report.html", "offline": False}),
        (["--output=-", "--offline"], {"output": "-", "offline": True}),
    ],
)
def test_what_is_understood(args: list[str], wanted: dict[str, Any]) -> None:
    found = parsed(report.configure, args)
    assert {key: found.get(key) for key in wanted} == wanted
