"""The arguments of `trinity-guard migrate`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.helpers.usage import Usage, parsed
from trinity_guard.commands import migrate


@pytest.mark.parametrize(
    ("args", "problem", "command"),
    [
        (["ru"], "migrate has no command 'ru' (did you mean 'run'?)", "migrate"),
        (["info", "--format", "xml"], "--format takes table or json, and not 'xml'", "migrate info"),
        (
            ["run", "--engine", "bgf"],
            "--engine takes dvc, bfg or filter-repo, and not 'bgf' (did you mean 'bfg'?)",
            "migrate run",
        ),
        (["run", "--ref"], "--ref needs a value", "migrate run"),
        (["run", "--ref", "--", "x"], "--ref needs a value", "migrate run"),
        (["--everythng"], "migrate run knows no option --everythng (did you mean '--everything'?)", "migrate run"),
        (["verify", "x"], "migrate verify takes no argument 'x'", "migrate verify"),
        (
            ["guide", "lsf"],
            "migrate guide takes bfg, filter-repo, lfs or team, and not 'lsf' (did you mean 'lfs'?)",
            "migrate guide",
        ),
        (["undo", "--yes"], "migrate undo knows no option --yes", "migrate undo"),
    ],
)
def test_wrong_usage_is_told_with_the_command_that_helps(
    usage: Usage, args: list[str], problem: str, command: str
) -> None:
    said = usage.refused("migrate", *args)
    assert said == [f"trinity-guard: {problem}.", f"    trinity-guard {command} --help"]


@pytest.mark.parametrize("command", ["", "info", "run", "push", "verify", "undo", "finish", "guide"])
def test_help_has_an_example(usage: Usage, command: str) -> None:
    text = usage.help("migrate", *command.split())
    assert f"  trinity-guard migrate {command}".rstrip() in text or f"Example: trinity-guard migrate {command}" in text


@pytest.mark.parametrize(
    ("args", "wanted"),
    [
        (
            ["run", "--every", "--ref", "a", "b", "--ref", "c"],
            {"command": "run", "everything": True, "refs": ["a", "b", "c"], "yes": False},
        ),
        (["guide"], {"tool": "team"}),
        (["guide", "--above", "5 MB", "bfg"], {"tool": "bfg", "above": "5 MB"}),
        (["finish", "--yes", "--force"], {"yes": True, "force_unpushed": True}),
    ],
)
def test_what_is_understood(args: list[str], wanted: dict[str, Any]) -> None:
    found = parsed(migrate.configure, args)
    assert {key: found.get(key) for key in wanted} == wanted
