"""The arguments of `trinity data`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.helpers.usage import Usage, parsed
from trinity_guard.commands import data


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (["--rows"], "--rows needs a value"),
        (["--rows", "49"], "--rows: '49' is no whole number from 50 to 10000000"),
        (["--seed", "-1"], "--seed: '-1' is no whole number from 0 to 9223372036854775807"),
        (["--rwos", "50"], "data knows no option --rwos (did you mean '--rows'?)"),
        (["x"], "data takes no argument 'x'"),
        (["--output", ""], "--output: it is empty (is a variable not set?)"),
    ],
)
def test_wrong_usage_is_told_with_the_command_that_helps(usage: Usage, args: list[str], problem: str) -> None:
    said = usage.refused("data", *args)
    assert said == [f"trinity-guard: {problem}.", "    trinity data --help"]


def test_help_has_an_example(usage: Usage) -> None:
    assert "  trinity data --rows 5000 --seed 7" in usage.help("data")


@pytest.mark.parametrize(
    ("args", "wanted"),
    [
        (["--ro", "60", "--force"], {"rows": 60, "force": True}),
        ([], {"rows": 20000, "seed": 42, "output": None, "force": False}),
    ],
)
def test_what_is_understood(args: list[str], wanted: dict[str, Any]) -> None:
    found = parsed(data.configure, args)
    assert {key: found.get(key) for key in wanted} == wanted
