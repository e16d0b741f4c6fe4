"""The completions, asked for in the shells themselves; what they offer is what the commands take."""

from __future__ import annotations

import os
import pty
import select
import shutil
import sys
import time
from pathlib import Path

import pytest

from tests.helpers.support import Repo, require, run
from trinity_guard import cli
from trinity_guard.commands import COMMANDS, completion

# In bash: what readline would do with the last word.
ASK_BASH = """
eval "$SCRIPT"
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
rule=$(complete -p "$1"); rule=${rule##*-F }; ${rule%% *}
printf '%s\\n' "${COMPREPLY[@]}"
"""
ASKED = [
    ("trinity-guard sta", {"status"}),
    ("trinity sta", {"status"}),
    ("trinity-guard push --pe", {"--pending"}),
    ("trinity push --pe", {"--pending"}),
    ("trinity-guard lint --format s", {"sarif"}),
    ("trinity-guard remote a", {"add"}),
    ("trinity-guard remote add --endp", {"--endpoint"}),
    ("trinity-guard migrate ru", {"run"}),
    ("trinity-guard migrate run --engine f", {"filter-repo"}),
    ("trinity-guard migrate run --preserve", {"--preserve-commit-hashes"}),
    ("trinity-guard init --hooks n", {"native", "none"}),
    ("trinity-guard completion z", {"zsh"}),
    ("trinity train --task re", {"regression"}),
    ("trinity-guard add mod", {"models"}),
    ("trinity-guard add models mod", {"models"}),
    ("trinity-guard predict mod", {"models"}),
    ("trinity-guard report --output mod", {"models"}),
    ("trinity-guard use feat", {"feature"}),
    ("trinity-guard lint --rev feat", {"feature"}),
    ("trinity-guard ho", set()),
]


@pytest.fixture(scope="module")
def scripts() -> dict[str, str]:
    """Return what the command prints, by shell."""
    argv = [sys.executable, "-m", "trinity_guard", "completion"]
    return {shell: run(*argv, shell).stdout.decode() for shell in completion.SHELLS}


@pytest.fixture
def here(bare_repo: Repo) -> Repo:
    """A repository with a branch and a folder."""
    bare_repo.write("models/a.txt", b"x")
    bare_repo.git("add", "-A")
    bare_repo.commit()
    bare_repo.git("branch", "feature")
    return bare_repo


def in_bash(repo: Repo, script: str, words: list[str]) -> set[str]:
    done = run("bash", "-c", ASK_BASH, "bash", *words, cwd=repo.path, env={"SCRIPT": script})
    return set(done.stdout.decode().split("\n")) - {""}


@pytest.mark.parametrize(("line", "offered"), ASKED)
def test_bash_completes(here: Repo, scripts: dict[str, str], line: str, offered: set[str]) -> None:
    assert in_bash(here, scripts["bash"], line.split(" ")) == offered


@pytest.mark.parametrize(("line", "offered"), ASKED)
def test_fish_completes(here: Repo, scripts: dict[str, str], line: str, offered: set[str]) -> None:
    if not shutil.which("fish"):
        require("fish")
    ask = f"{scripts['fish']}\ncomplete -C '{line}'"
    said = run("fish", "--no-config", "-c", ask, cwd=here.path).stdout.decode()
    assert {row.partition("\t")[0].rstrip("/") for row in said.splitlines()} == offered


@pytest.mark.parametrize(("line", "offered"), [row for row in ASKED if len(row[1]) == 1][::2])
def test_zsh_completes(here: Repo, scripts: dict[str, str], line: str, offered: set[str]) -> None:
    """Typed on a terminal, with the tabulator: the one candidate is put in, or listed with what it is."""
    if not shutil.which("zsh"):
        require("zsh")
    (here.path / "completion").write_text(scripts["zsh"])
    [word] = offered
    inserted, listed = f"{line.rpartition(' ')[0]} {word}", f"\n{word} "
    with Terminal(here.path, ["zsh", "-f", "-i"]) as terminal:
        assert terminal.answers('PS1="ready> "; eval "$(cat completion)"; print be""gun\n', "begun")
        assert terminal.answers(f"{line}\t", inserted, listed)


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, folder: Path, argv: list[str]) -> None:
        self._pid, self._fd = pty.fork()
        if self._pid == 0:
            os.chdir(folder)
            os.environ.update(TERM="dumb", COLUMNS="200", ZDOTDIR=str(folder))
            os.execvp(argv[0], argv)

    def answers(self, keys: str, *awaited: str) -> bool:
        """Type; whether one of these comes within 20 seconds."""
        os.write(self._fd, keys.encode())
        end, said = time.monotonic() + 20, ""
        while time.monotonic() < end:
            if select.select([self._fd], [], [], 0.2)[0]:
                said += os.read(self._fd, 65536).decode("utf-8", "replace")
                if any(word in said for word in awaited):
                    return True
        return False

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *how: object) -> None:
        os.kill(self._pid, 9)
        os.waitpid(self._pid, 0)
        os.close(self._fd)


@pytest.mark.parametrize("name", ["$(touch$IFS$9pwned)", "`touch$IFS$9pwned`", "a;touch$IFS$9pwned", "good"])
def test_a_branch_s_name_runs_nothing(here: Repo, scripts: dict[str, str], name: str) -> None:
    here.git("branch", "--", name)
    assert in_bash(here, scripts["bash"], ["trinity", "use", name[:1]]) == ({"good"} if name == "good" else set())
    if shutil.which("fish"):
        run("fish", "--no-config", "-c", f"{scripts['fish']}\ncomplete -C 'trinity use '", cwd=here.path)
    assert not here.file("pwned").exists()


@pytest.mark.parametrize("shell", completion.SHELLS)
def test_each_script_is_one_that_its_shell_reads(scripts: dict[str, str], tmp_path: Path, shell: str) -> None:
    if not shutil.which(shell):
        require(shell)
    script = tmp_path / "script"
    script.write_text(scripts[shell])
    if shell == "tcsh":
        shown = run("tcsh", "-f", "-c", f"source {script}; complete trinity").stdout.decode()
        assert "status" in shown
        assert "--pending" in shown or "pending" in shown
    else:
        run(shell, "-n", script)


def test_every_command_that_is_typed_has_its_parser_and_is_described() -> None:
    [parsers] = [action.choices for action in completion.whole()._actions if isinstance(action.choices, dict)]
    assert list(parsers) == [name for name in COMMANDS if name != "hook"]


@pytest.mark.parametrize(
    ("args", "words"),
    [([], "needs SHELL"), (["zhs"], "did you mean 'zsh'?"), (["bash", "zsh"], "takes no argument 'zsh'")],
)
def test_wrong_usage(args: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["completion", *args]) == 2
    assert words in capsys.readouterr().err
