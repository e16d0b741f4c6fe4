"""The arguments of `trinity lineage`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.helpers.usage import Usage, parsed
from trinity_guard.commands import lineage


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (["--format"], "--format needs a value"),
        (["--format", "jsn"], "--format takes table or json, and not 'jsn' (did you mean 'json'?)"),
        (["a", "b"], "lineage takes no argument 'b'"),
        (["--verfy"], "lineage knows no option --verfy (did you mean '--verify'?)"),
    ],
)
def test_wrong_usage_is_told_with_the_command_that_helps(usage: Usage, args: list[str], problem: str) -> None:
    said = usage.refused("lineage", *args)
    assert said == [f"trinity-guard: {problem}.", "    trinity lineage --help"]


def test_help_has_an_example(usage: Usage) -> None:
    assert "  trinity lineage v1.2.0 --verify" in usage.help("lineage")


@pytest.mark.parametrize(
    ("args", "wanted"),
    [
        ([], {"model": "", "verify": False, "format": "table"}),
        (["--veri", "v1.0.0"], {"model": "v1.0.0", "verify": True}),
    ],
)
def test_what_is_understood(args: list[str], wanted: dict[str, Any]) -> None:
    found = parsed(lineage.configure, args)
    assert {key: found.get(key) for key in wanted} == wanted
