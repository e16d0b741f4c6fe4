"""The arguments of `trinity-guard lint`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.helpers.usage import Usage, parsed
from trinity_guard.commands import lint


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (["--rang", "a..b"], "lint knows no option --rang (did you mean '--range'?)"),
        (["--rev"], "--rev needs a value"),
        (["--rev="], "--rev: it is empty (is a variable not set?)"),
        (["--rev", "--", "x"], "--rev needs a value"),
        (
            ["--format", "sarfi"],
            "--format takes text, json, sarif, github, gitlab or junit, and not 'sarfi' (did you mean 'sarif'?)",
        ),
        (["--all", "--rev", "x"], "--rev and --all exclude each other"),
        (["--rev", "x", "--range", "a..b"], "--rev and --range exclude each other"),
        (["--fix", "--all"], "--fix mends what is in the index, and goes with no --all"),
        (["--fix", "--update-baseline"], "--fix mends what is in the index, and goes with no --update-baseline"),
        (["--reason", "x"], "--reason and --expires belong to --update-baseline"),
        (["--expires", "2030-01-01"], "--reason and --expires belong to --update-baseline"),
        (["a", ""], "PATH: an empty path names nothing (. is this folder)"),
    ],
)
def test_wrong_usage_is_told_with_the_command_that_helps(usage: Usage, args: list[str], problem: str) -> None:
    said = usage.refused("lint", *args)
    assert said == [f"trinity-guard: {problem}.", "    trinity-guard lint --help"]


def test_help_has_an_example(usage: Usage) -> None:
    assert "Example: trinity-guard lint --range main..HEAD" in usage.help("lint")


@pytest.mark.parametrize(
    ("args", "wanted"),
    [
        (["a", "--remote", "b", "--", "-c"], {"paths": ["a", "b", "-c"], "remote": True}),
        (["--rules", "TG001", "--rev=-x"], {"rules": "TG001", "rev": "-x"}),
        ([], {"paths": [], "all": False, "format": "text", "update": False, "output": None}),
    ],
)
def test_what_is_understood(args: list[str], wanted: dict[str, Any]) -> None:
    found = parsed(lint.configure, args)
    assert {key: found.get(key) for key in wanted} == wanted
