"""`trinity-guard hook`: its arguments are read by hand, since it runs in every commit."""

from __future__ import annotations

import sys

import pytest

from tests.helpers.support import PROJECT, run
from tests.helpers.usage import Usage
from trinity_guard import cli
from trinity_guard.commands import hook


@pytest.mark.parametrize("args", [[], ["-h"], ["--help"], ["--framework", "--help"]])
def test_help_has_an_example(args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["hook", *args]) == 0
    assert "Example: trinity-guard hook pre-commit" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "hint"), [("pre-comit", " (did you mean 'pre-commit'?)"), ("update", ""), ("--framewrok", "")]
)
def test_a_hook_that_is_none_of_ours(usage: Usage, name: str, hint: str) -> None:
    assert usage.refused("hook", name) == [
        f"trinity-guard: there is no hook '{name}' of ours{hint}.",
        "    trinity-guard hook --help",
    ]


@pytest.mark.parametrize("name", sorted(hook.MODULES))
def test_every_hook_has_a_function_of_its_name(name: str) -> None:
    for module in hook.MODULES[name]:
        __import__(f"trinity_guard.commands.hooks.{module}")
        assert callable(getattr(sys.modules[f"trinity_guard.commands.hooks.{module}"], name.replace("-", "_")))


def test_it_loads_no_parser() -> None:
    """argparse costs as much as all that a hook does."""
    program = (
        "import sys; from trinity_guard.cli import main; main(['hook', '--help']); print('argparse' in sys.modules)"
    )
    assert run(sys.executable, "-S", "-c", program, cwd=PROJECT).stdout.decode().split()[-1] == "False"
