"""`trinity-guard dvc …`: the DVC of this installation, which `uv tool` and `pipx` put on no PATH."""

from __future__ import annotations

import os

from trinity_guard import python_module
from trinity_guard.commands.terminal import arguments
from trinity_guard.commands.terminal.arguments import Parser
from trinity_guard.remotes import base

DESCRIPTION = """\
Run the DVC that is installed beside trinity-guard: `uv tool` and `pipx` put no `dvc` on the PATH. All that follows is
DVC's, its options and its exit codes too.
"""
EXAMPLE = "Example: trinity-guard dvc pull data/train.csv"


def configure(p: Parser) -> None:
    p.description, p.epilog = DESCRIPTION, EXAMPLE
    arguments.add_word(p, "words", "…", "a command of DVC with its options: trinity-guard dvc --version", nargs="*")


def run(args: list[str]) -> int:
    if args[:1] in ([], ["-h"], ["--help"]):
        arguments.parse("trinity-guard dvc", configure, args or ["--help"])
    base.require_dvc()
    command = [*python_module("dvc"), *args]
    return os.execv(command[0], command)  # noqa: S606  # no shell
