"""The completions are taken by the shells that are here."""

from __future__ import annotations

import shutil

import pytest

from tests.helpers.support import Repo, run
from trinity_guard.cli import COMMANDS
from trinity_guard.commands import completion


def test_each_command_is_completed() -> None:
    assert set(completion.OPTIONS) == set(COMMANDS) - {"hook"}


def test_bash_completes_a_command_and_its_option(bare_repo: Repo) -> None:
    script = bare_repo.guard("completion", "bash").stdout.decode()
    ask = script + '\nCOMP_WORDS=(trinity-guard push --pe); COMP_CWORD=2; _trinity_guard; echo "${COMPREPLY[@]}"'
    assert run("bash", "-c", ask).stdout == b"--pending\n"
    ask = script + '\nCOMP_WORDS=(trinity-guard sta); COMP_CWORD=1; _trinity_guard; echo "${COMPREPLY[@]}"'
    assert run("bash", "-c", ask).stdout == b"status\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_script_is_one_that_its_shell_reads(bare_repo: Repo, shell: str) -> None:
    script = bare_repo.guard("completion", shell).stdout
    assert b"status" in script
    if shutil.which(shell):
        run(shell, "-n", data=script)
