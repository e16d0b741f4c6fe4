"""The arguments of `trinity-guard doctor`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.helpers.usage import Usage, parsed
from trinity_guard.commands import doctor


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (["--format"], "--format needs a value"),
        (["--format", "jsn"], "--format takes text or json, and not 'jsn' (did you mean 'json'?)"),
        (["--format="], "--format takes text or json, and not ''"),
        (["--format", "--", "json"], "--format needs a value"),
        (["--ofline"], "doctor knows no option --ofline (did you mean '--offline'?)"),
        (["x"], "doctor takes no argument 'x'"),
    ],
)
def test_wrong_usage_is_told_with_the_command_that_helps(usage: Usage, args: list[str], problem: str) -> None:
    said = usage.refused("doctor", *args)
    assert said == [f"trinity-guard: {problem}.", "    trinity-guard doctor --help"]


def test_help_has_an_example(usage: Usage) -> None:
    assert "Example: trinity-guard doctor --fix" in usage.help("doctor")


@pytest.mark.parametrize(
    ("args", "wanted"),
    [
        ([], {"fix": False, "offline": False, "format": "text"}),
        (["--fix", "--offline", "--format", "json"], {"fix": True, "offline": True, "format": "json"}),
    ],
)
def test_what_is_understood(args: list[str], wanted: dict[str, Any]) -> None:
    found = parsed(doctor.configure, args)
    assert {key: found.get(key) for key in wanted} == wanted
