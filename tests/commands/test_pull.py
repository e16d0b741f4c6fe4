"""The arguments of `trinity-guard pull`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.helpers.usage import Usage, parsed
from trinity_guard.commands import pull


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (["--foo"], "pull knows no option --foo"),
        (["-x.pkl"], "pull knows no option -x.pkl"),
        (["--hlep"], "pull knows no option --hlep (did you mean '--help'?)"),
        ([""], "PATH: an empty path names nothing (. is this folder)"),
        (["a", "--", ""], "PATH: an empty path names nothing (. is this folder)"),
        (["-x y.pkl"], "PATH: '-x y.pkl' looks like an option; behind -- it is none"),
        (["-1"], "PATH: '-1' looks like an option; behind -- it is none"),
    ],
)
def test_wrong_usage_is_told_with_the_command_that_helps(usage: Usage, args: list[str], problem: str) -> None:
    said = usage.refused("pull", *args)
    assert said == [f"trinity-guard: {problem}.", "    trinity-guard pull --help"]


def test_help_has_an_example(usage: Usage) -> None:
    assert "Example: trinity-guard pull models/" in usage.help("pull")


@pytest.mark.parametrize(
    ("args", "wanted"),
    [
        (["a", "b"], {"paths": ["a", "b"]}),
        (["--", "-x.pkl", "--", "-q"], {"paths": ["-x.pkl", "--", "-q"]}),
        (["a", "--", "-b", "c"], {"paths": ["a", "-b", "c"]}),
        (["a", "-q", "b", "--", "c"], {"paths": ["a", "b", "c"], "level": -1}),
        (["\udcff.pkl", "-"], {"paths": ["\udcff.pkl", "-"]}),
        ([], {"paths": []}),
    ],
)
def test_what_is_understood(args: list[str], wanted: dict[str, Any]) -> None:
    found = parsed(pull.configure, args)
    assert {key: found.get(key) for key in wanted} == wanted
