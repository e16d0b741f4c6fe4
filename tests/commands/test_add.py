"""The arguments of `trinity-guard add`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.helpers.usage import PATHS, Usage, parsed, wrong_paths
from trinity_guard.commands import add


@pytest.mark.parametrize(("args", "problem"), [*wrong_paths("add"), ([], "add needs PATH")])
def test_wrong_usage_is_told_with_the_command_that_helps(usage: Usage, args: list[str], problem: str) -> None:
    said = usage.refused("add", *args)
    assert said == [f"trinity-guard: {problem}.", "    trinity-guard add --help"]


def test_help_has_an_example(usage: Usage) -> None:
    assert "Example: trinity-guard add models/big.pt" in usage.help("add")


@pytest.mark.parametrize(("args", "wanted"), PATHS)
def test_what_is_understood(args: list[str], wanted: dict[str, Any]) -> None:
    found = parsed(add.configure, args)
    assert {key: found.get(key) for key in wanted} == wanted
