"""The arguments of `trinity-guard convert`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.helpers.usage import PATHS, Usage, parsed, wrong_paths
from trinity_guard.commands import convert


@pytest.mark.parametrize(("args", "problem"), wrong_paths("convert"))
def test_wrong_usage_is_told_with_the_command_that_helps(usage: Usage, args: list[str], problem: str) -> None:
    said = usage.refused("convert", *args)
    assert said == [f"trinity-guard: {problem}.", "    trinity-guard convert --help"]


def test_help_has_an_example(usage: Usage) -> None:
    assert "Example: trinity-guard convert models/" in usage.help("convert")


@pytest.mark.parametrize(("args", "wanted"), [*PATHS, ([], {"paths": []})])
def test_what_is_understood(args: list[str], wanted: dict[str, Any]) -> None:
    found = parsed(convert.configure, args)
    assert {key: found.get(key) for key in wanted} == wanted
