"""A hook ends without taking the interpreter down, and what it said and decided arrives all the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.support import PROJECT, Repo, run
from trinity_guard.commands import COMMANDS

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


# As on Windows: calls of POSIX and a module that its Python does not have.
WINDOWS = """
import os, sys
for name in ("posix_spawn", "posix_spawnp", "POSIX_SPAWN_DUP2", "killpg", "fork", "fchmod"):
    delattr(os, name)
sys.modules["fcntl"] = None
from trinity_guard.cli import main
for words in WORDS:
    print(*words, main(words), flush=True)
"""


def on_windows(tmp_path: Path, *words: list[str], **env: str) -> tuple[list[str], str]:
    """Run these commands on a Python of no POSIX system; return words with exit codes, and what was said."""
    script = WINDOWS.replace("WORDS", repr(list(words)))
    done = run(sys.executable, "-c", script, cwd=tmp_path, env=env, fresh=True)
    return done.stdout.decode().splitlines(), done.stderr.decode()


def test_on_windows_every_command_says_in_a_line_what_works_there(tmp_path: Path) -> None:
    names = [name for name in COMMANDS if name != "hook"]
    codes, said = on_windows(tmp_path, *([name] for name in names))
    assert codes == [f"{name} 2" for name in names]
    lines = said.splitlines()
    assert len(lines) == len(names)
    assert all("Windows" in line and "`dvc pull`" in line for line in lines)


def test_on_windows_a_config_that_the_team_shares_blocks_nobody(tmp_path: Path) -> None:
    words = [["hook", "pre-commit", "--framework"], ["hook", "post-commit"], ["block"], ["lint"]]
    codes, said = on_windows(tmp_path, *words, PRE_COMMIT="1")
    assert codes == [" ".join([*w, "0"]) for w in words]
    assert said.count("CI lints it") == len(words)


def test_on_windows_help_and_version_are_there(tmp_path: Path) -> None:
    codes, said = on_windows(tmp_path, ["--version"], ["--help"])
    assert codes[0].startswith("trinity-guard ")
    assert "lint" in "\n".join(codes)
    assert said == ""
