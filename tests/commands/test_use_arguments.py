"""The arguments of `trinity-guard use`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.helpers.usage import Usage, parsed
from trinity_guard.commands import use


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (["--theris"], "use knows no option --theris (did you mean '--theirs'?)"),
        (["--key", "id"], "--key goes with --merge"),
        (["--merge", "--union"], "--merge takes --ours or --theirs beside it, and not --union"),
        (["--merge", "--ours", "--theirs"], "--theirs: not allowed with argument --ours"),
        (["HEAD", ""], "PATH: an empty path names nothing (. is this folder)"),
    ],
)
def test_wrong_usage_is_told_with_the_command_that_helps(usage: Usage, args: list[str], problem: str) -> None:
    said = usage.refused("use", *args)
    assert said == [f"trinity-guard: {problem}.", "    trinity-guard use --help"]


def test_help_has_an_example(usage: Usage) -> None:
    assert "Examples: trinity-guard use v1.2 models/risk.pkl" in usage.help("use")


@pytest.mark.parametrize(
    ("args", "wanted"),
    [
        (["HEAD", "a", "--", "-b"], {"revision": "HEAD", "paths": ["a", "-b"]}),
        ([], {"revision": None, "paths": []}),
    ],
)
def test_what_is_understood(args: list[str], wanted: dict[str, Any]) -> None:
    found = parsed(use.configure, args)
    assert {key: found.get(key) for key in wanted} == wanted
