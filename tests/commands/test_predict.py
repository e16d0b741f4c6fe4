"""The arguments of `trinity predict`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.helpers.usage import Usage, parsed
from trinity_guard.commands import predict


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        ([], "predict needs MODEL"),
        (["m", "p", "q"], "predict takes no argument 'q'"),
        (["m", "--format", "jsnl"], "--format takes csv or jsonl, and not 'jsnl' (did you mean 'jsonl'?)"),
        (["m", "--output"], "--output needs a value"),
        (["m", "--ouput", "x"], "predict knows no option --ouput (did you mean '--output'?)"),
    ],
)
def test_wrong_usage_is_told_with_the_command_that_helps(usage: Usage, args: list[str], problem: str) -> None:
    said = usage.refused("predict", *args)
    assert said == [f"trinity-guard: {problem}.", "    trinity predict --help"]


def test_help_has_an_example(usage: Usage) -> None:
    assert "  trinity predict models/layout_risk_predictor" in usage.help("predict")


@pytest.mark.parametrize(
    ("args", "wanted"),
    [
        (["m"], {"model": "m", "pages": "-", "format": "csv"}),
        (["m", "--format=jsonl", "p"], {"model": "m", "pages": "p", "format": "jsonl"}),
    ],
)
def test_what_is_understood(args: list[str], wanted: dict[str, Any]) -> None:
    found = parsed(predict.configure, args)
    assert {key: found.get(key) for key in wanted} == wanted
