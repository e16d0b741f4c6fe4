"""The arguments of `trinity-guard remote`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.helpers.usage import Usage, parsed
from trinity_guard.commands import remote


@pytest.mark.parametrize(
    ("args", "problem", "command"),
    [
        ([], "remote needs add|list|credentials|trust|check", "remote"),
        (["chekc"], "remote has no command 'chekc' (did you mean 'check'?)", "remote"),
        (["add"], "remote add needs [NAME] URL", "remote add"),
        (
            ["add", "s3://b", "--regoin", "x"],
            "remote add knows no option --regoin (did you mean '--region'?)",
            "remote add",
        ),
        (["add", "s3://b", "--region"], "--region needs a value", "remote add"),
        (["add", "s3://b", "--region", "--", "x"], "--region needs a value", "remote add"),
        (
            ["list", "--format", "jsn"],
            "--format takes text or json, and not 'jsn' (did you mean 'json'?)",
            "remote list",
        ),
        (["trust", "a", "b"], "remote trust takes no argument 'b'", "remote trust"),
        (["--foo", "list"], "remote list knows no option --foo", "remote list"),
    ],
)
def test_wrong_usage_is_told_with_the_command_that_helps(
    usage: Usage, args: list[str], problem: str, command: str
) -> None:
    said = usage.refused("remote", *args)
    assert said == [f"trinity-guard: {problem}.", f"    trinity-guard {command} --help"]


@pytest.mark.parametrize("command", ["", "add", "list", "credentials", "trust", "check"])
def test_help_has_an_example(usage: Usage, command: str) -> None:
    text = usage.help("remote", *command.split())
    assert f"  trinity-guard remote {command}".rstrip() in text or f"Example: trinity-guard remote {command}" in text


@pytest.mark.parametrize(
    ("args", "wanted"),
    [
        (
            ["add", "n", "s3://b", "--default", "--set", "a=b", "--set", "c=d"],
            {"command": "add", "words": ["n", "s3://b"], "default": True, "set": ["a=b", "c=d"]},
        ),
        (["check", "--form", "json", "--", "-r"], {"command": "check", "name": "-r", "format": "json"}),
        (["credentials", "--set", "password", "--stdin"], {"option": "password", "stdin": True, "name": None}),
    ],
)
def test_what_is_understood(args: list[str], wanted: dict[str, Any]) -> None:
    found = parsed(remote.configure, args)
    assert {key: found.get(key) for key in wanted} == wanted
