"""A hook ends without taking the interpreter down, and what it said and decided arrives all the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.support import PROJECT, Repo

START = "import sys; sys.path.append(sys.argv.pop(1)); from trinity_guard.cli import main; {}sys.exit(main())"


def started(repo: Repo, before: str, *args: str, **streams: int) -> subprocess.CompletedProcess[bytes]:
    argv = [sys.executable, "-I", "-S", "-c", START.format(before), str(PROJECT), *args]
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
    return subprocess.run(argv, cwd=repo.path, check=False, **options)  # type: ignore[call-overload,no-any-return]


ENDING = "import os; real = os._exit; os._exit = lambda code: (os.write(2, b'at once'), real(code)); "


def test_a_hook_with_nothing_to_do_ends_at_once(repo: Repo) -> None:
    repo.stage("code.py", b"x\n")
    done = started(repo, ENDING, "hook", "pre-commit")
    assert (done.returncode, done.stderr) == (0, b"at once")


def test_what_is_refused_is_said_first(repo: Repo) -> None:
    repo.write(".trinity-guard.toml", b'on-artifact = "block"\n')
    repo.stage("a.csv")
    done = started(repo, ENDING, "hook", "pre-commit")
    assert done.returncode == 1
    assert b"a.csv" in done.stderr


@pytest.mark.parametrize("module", ["atexit", "threading"])
def test_who_waits_for_the_end_gets_it(repo: Repo, module: str) -> None:
    before = ENDING + f"import {module}, atexit; atexit.register(os.write, 2, b'taken down'); "
    done = started(repo, before, "hook", "pre-commit")
    assert (done.returncode, done.stderr) == (0, b"taken down")


def test_an_output_that_cannot_be_written_is_still_told(repo: Repo) -> None:
    with Path("/dev/full").open("wb") as full:
        done = started(repo, "", "--version", stdout=full.fileno())
    assert done.returncode != 0
