"""The arguments of `trinity ui`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.helpers.usage import Usage, parsed
from trinity_guard.commands import ui


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (["--port"], "--port needs a value"),
        (["--prot", "1"], "ui knows no option --prot (did you mean '--port'?)"),
        (["x"], "ui takes no argument 'x'"),
    ],
)
def test_wrong_usage_is_told_with_the_command_that_helps(usage: Usage, args: list[str], problem: str) -> None:
    said = usage.refused("ui", *args)
    assert said == [f"trinity-guard: {problem}.", "    trinity ui --help"]


def test_help_has_an_example(usage: Usage) -> None:
    assert "Example: trinity ui --port 5001" in usage.help("ui")


@pytest.mark.parametrize(
    ("args", "wanted"),
    [
        ([], {"port": 5000, "printing": False}),
        (["--port=5001", "--print"], {"port": 5001, "printing": True}),
    ],
)
def test_what_is_understood(args: list[str], wanted: dict[str, Any]) -> None:
    found = parsed(ui.configure, args)
    assert {key: found.get(key) for key in wanted} == wanted
