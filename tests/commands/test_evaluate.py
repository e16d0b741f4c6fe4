"""The arguments of `trinity evaluate`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.helpers.usage import Usage, parsed
from trinity_guard.commands import evaluate


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        ([], "evaluate needs MODEL, DATASET"),
        (["m.pkl"], "evaluate needs DATASET"),
        (["m", "d", "e"], "evaluate takes no argument 'e'"),
        (["m", "d", "--plot", "x"], "evaluate knows no option --plot (did you mean '--plots'?)"),
        (["m", "d", "--md5"], "--md5 needs a value"),
        (["m", "d", "--md5="], "--md5: it is empty (is a variable not set?)"),
    ],
)
def test_wrong_usage_is_told_with_the_command_that_helps(usage: Usage, args: list[str], problem: str) -> None:
    said = usage.refused("evaluate", *args)
    assert said == [f"trinity-guard: {problem}.", "    trinity evaluate --help"]


def test_help_has_an_example(usage: Usage) -> None:
    assert "  trinity evaluate models/layout_risk_predictor.pkl" in usage.help("evaluate")


@pytest.mark.parametrize(
    ("args", "wanted"),
    [
        (["m", "--output", "-", "d"], {"model": "m", "dataset": "d", "output": "-"}),
        (["--", "-m", "-d"], {"model": "-m", "dataset": "-d", "plots": None}),
    ],
)
def test_what_is_understood(args: list[str], wanted: dict[str, Any]) -> None:
    found = parsed(evaluate.configure, args)
    assert {key: found.get(key) for key in wanted} == wanted
