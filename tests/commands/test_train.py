"""The arguments of `trinity train`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.helpers.usage import Usage, parsed
from trinity_guard.commands import train


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (["--min-mcc"], "--min-mcc needs a value"),
        (["--min-mcc", "-3"], "--min-mcc: '-3' is not a number from -1 to 1"),
        (["--search", "0"], "--search: '0' is not a whole number from 1 to 10000"),
        (["--sed", "7"], "train knows no option --sed (did you mean '--seed'?)"),
        (["--scheduler", "tcp://h:1"], "--scheduler is where a search runs: say --search N too"),
        (["x"], "train takes no argument 'x'"),
        (["--dataset="], "--dataset: it is empty (is a variable not set?)"),
    ],
)
def test_wrong_usage_is_told_with_the_command_that_helps(usage: Usage, args: list[str], problem: str) -> None:
    said = usage.refused("train", *args)
    assert said == [f"trinity-guard: {problem}.", "    trinity train --help"]


def test_help_has_an_example(usage: Usage) -> None:
    assert "  trinity train --set max_depth=12" in usage.help("train")


@pytest.mark.parametrize(
    ("args", "wanted"),
    [
        (["--min-mcc", "-0.5", "--min-f1=-1"], {"min_mcc": -0.5, "min_f1": -1.0}),
        (["--set", "a=1", "--set", "b=2"], {"set": ["a=1", "b=2"]}),
        ([], {"search": 0, "register": None, "stage": False}),
    ],
)
def test_what_is_understood(args: list[str], wanted: dict[str, Any]) -> None:
    found = parsed(train.configure, args)
    assert {key: found.get(key) for key in wanted} == wanted
