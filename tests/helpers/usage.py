"""What the tests of a command's arguments share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from trinity_guard import cli, console
from trinity_guard.commands.terminal import arguments


class Usage:
    """The command line in this process, in an empty folder: wrong usage is told before anything is looked at."""

    def __init__(self, capfd: pytest.CaptureFixture[str], folder: Path) -> None:
        self._capfd, self._folder = capfd, folder

    def refused(self, *args: str) -> list[str]:
        """Return what is said of wrong usage, which exits 2 and leaves nothing behind."""
        before = sorted(self._folder.iterdir())
        code = cli.main(list(args))
        out, err = self._capfd.readouterr()
        assert (code, out) == (2, ""), err
        assert sorted(self._folder.iterdir()) == before
        return err.splitlines()

    def help(self, *args: str) -> str:
        """Return the help, which needs no repository."""
        code = cli.main([*args, "--help"])
        out, err = self._capfd.readouterr()
        assert (code, err) == (0, "")
        return out


def parsed(configure: Callable[[arguments.Parser], None], args: Sequence[str]) -> dict[str, Any]:
    """Return the arguments that a command understands, without those that every command has."""
    asked = arguments.parse("trinity-guard x", configure, args)
    console.begin()  # -q would go on for the tests to come
    return {key: value for key, value in vars(asked).items() if key != "parser"}


# Of a command whose arguments are paths: what it understands.
PATHS: list[tuple[list[str], dict[str, Any]]] = [
    (["a", "b"], {"paths": ["a", "b"]}),
    (["--", "-x.pkl", "--", "-q"], {"paths": ["-x.pkl", "--", "-q"]}),
    (["a", "--", "-b", "c"], {"paths": ["a", "-b", "c"]}),
    (["a", "-q", "b", "--", "c"], {"paths": ["a", "b", "c"], "level": -1}),
    (["\udcff.pkl", "-"], {"paths": ["\udcff.pkl", "-"]}),
]


def wrong_paths(command: str) -> list[tuple[list[str], str]]:
    """Return arguments that such a command refuses, with what it says."""
    return [
        (["--foo"], f"{command} knows no option --foo"),
        (["-x.pkl"], f"{command} knows no option -x.pkl"),
        (["--hlep"], f"{command} knows no option --hlep (did you mean '--help'?)"),
        ([""], "PATH: an empty path names nothing (. is this folder)"),
        (["a", "--", ""], "PATH: an empty path names nothing (. is this folder)"),
        (["-x y.pkl"], "PATH: '-x y.pkl' looks like an option; behind -- it is none"),
        (["-1"], "PATH: '-1' looks like an option; behind -- it is none"),
    ]
