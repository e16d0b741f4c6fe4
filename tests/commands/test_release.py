"""The arguments of `trinity release`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.helpers.usage import Usage, parsed
from trinity_guard.commands import release


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        ([], "release needs VERSION"),
        (["v1.0.0", "--stage"], "--stage needs a value"),
        (["v1.0.0", "--model="], "--model: it is empty (is a variable not set?)"),
        (["v1.0.0", "x"], "release takes no argument 'x'"),
        (["v1.0.0", "--no-mflow"], "release knows no option --no-mflow (did you mean '--no-mlflow'?)"),
    ],
)
def test_wrong_usage_is_told_with_the_command_that_helps(usage: Usage, args: list[str], problem: str) -> None:
    said = usage.refused("release", *args)
    assert said == [f"trinity-guard: {problem}.", "    trinity release --help"]


def test_help_has_an_example(usage: Usage) -> None:
    assert "  trinity release v1.2.0 --model" in usage.help("release")


@pytest.mark.parametrize(
    ("args", "wanted"),
    [
        (["v1.0.0", "--no-ml"], {"version": "v1.0.0", "no_mlflow": True}),
        (["--stage", "prod", "v1.0.0"], {"version": "v1.0.0", "stage": "prod"}),
    ],
)
def test_what_is_understood(args: list[str], wanted: dict[str, Any]) -> None:
    found = parsed(release.configure, args)
    assert {key: found.get(key) for key in wanted} == wanted
