"""The arguments of `trinity-guard init`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.helpers.usage import Usage, parsed
from trinity_guard.commands import init


@pytest.mark.parametrize(
    ("args", "problem", "command"),
    [
        (["--remot"], "--remote needs a value", "init"),
        (["--remtoe", "x"], "init knows no option --remtoe (did you mean '--remote'?)", "init"),
        (
            ["--hooks", "natve"],
            "--hooks takes native, pre-commit or none, and not 'natve' (did you mean 'native'?)",
            "init",
        ),
        (["--uninstall", "--hooks", "none"], "--uninstall takes no other option", "init"),
        (["x"], "init takes no argument 'x'", "init"),
    ],
)
def test_wrong_usage_is_told_with_the_command_that_helps(
    usage: Usage, args: list[str], problem: str, command: str
) -> None:
    said = usage.refused("init", *args)
    assert said == [f"trinity-guard: {problem}.", f"    trinity-guard {command} --help"]


@pytest.mark.parametrize("command", [""])
def test_help_has_an_example(usage: Usage, command: str) -> None:
    text = usage.help("init", *command.split())
    assert f"  trinity-guard init {command}".rstrip() in text or f"Example: trinity-guard init {command}" in text


@pytest.mark.parametrize(
    ("args", "wanted"),
    [
        ([], {"remote": None, "hooks": None, "uninstall": False}),
        (["--uninst"], {"uninstall": True}),
        (["--remote", "s3://b", "--hooks=pre-commit"], {"remote": "s3://b", "hooks": "pre-commit"}),
    ],
)
def test_what_is_understood(args: list[str], wanted: dict[str, Any]) -> None:
    found = parsed(init.configure, args)
    assert {key: found.get(key) for key in wanted} == wanted
