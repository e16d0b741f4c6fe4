"""The first day: a repository that has artifacts already, a clone of one, and what they are told to type."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.support import KB, Repo, run


@pytest.fixture
def legacy(bare_repo: Repo) -> Repo:
    bare_repo.stage("data/t.csv", b"a,b\n")
    bare_repo.stage("m.pkl", 3 * KB)
    bare_repo.stage("code.py", b"1")
    bare_repo.git("commit", "-qm", "legacy")
    return bare_repo


@pytest.mark.slow
def test_artifacts_in_git_are_named_with_both_ways_and_the_first_works(legacy: Repo) -> None:
    fact = "2 artifacts (3.1 kB; the largest m.pkl, 3.1 kB) are in Git itself."
    said = legacy.guard("init").stderr.decode()
    assert fact in said
    assert fact in legacy.guard("status").stdout.decode()
    assert b"no artifact is tracked yet" not in legacy.guard("status").stdout
    lines = [line.strip() for line in said.splitlines()]
    assert any(line.startswith("trinity-guard migrate ") for line in lines)
    command = next(line for line in lines if line.startswith("trinity-guard convert .")).partition("  #")[0]
    legacy.type_in(command.replace("git commit", "git commit -qm pointers"))
    assert {n for n in legacy.tree() if n.endswith((b".csv", b".pkl"))} == set()
    assert b"in Git itself" not in legacy.guard("status").stdout
    assert b"in Git itself" not in legacy.guard("init").stderr


@pytest.mark.slow
def test_artifacts_in_an_ignored_folder_are_named_and_recorded_as_it_is_said(bare_repo: Repo) -> None:
    bare_repo.stage(".gitignore", b"*.log\n/data/\n")
    bare_repo.git("commit", "-qm", "x")
    data = bare_repo.write("data/a.csv", 2 * KB)
    said = bare_repo.guard("init").stderr.decode()
    assert "data/a.csv (2 kB) in data/ is recorded nowhere: Git ignores what is there (.gitignore:2: /data/)." in said
    assert "recorded nowhere" in bare_repo.guard("status").stdout.decode()
    command = said.partition("take that line out, and then: ")[2].splitlines()[0]
    bare_repo.type_in("sed -i 2d .gitignore && git add .gitignore && " + command.replace("commit", "commit -qm data"))
    assert bare_repo.pulled_in_a_fresh_clone("data/a.csv") == data


@pytest.fixture
def clone(repo: Repo, tmp_path: Path) -> tuple[Repo, bytes]:
    """A clone of a guarded repository with one artifact, and what that holds."""
    data = repo.stage("m.pkl", 5 * KB)
    repo.commit()
    run("git", "clone", "-q", repo.path, tmp_path / "clone")
    return Repo(tmp_path / "clone"), data


@pytest.mark.slow
@pytest.mark.parametrize("options", [("--trust", "--pull"), ("--pull", "--trust", "-q")])
def test_one_command_makes_a_clone_whole_where_nobody_can_be_asked(
    clone: tuple[Repo, bytes], options: tuple[str, ...]
) -> None:
    repo, data = clone
    repo.guard("init", *options)
    assert repo.file("m.pkl").read_bytes() == data
    assert repo.git("status", "--porcelain").stdout == b""
    repo.stage("n.pkl")
    assert b"pushed 1 object" in repo.commit().stderr


@pytest.mark.slow
def test_without_a_terminal_the_data_is_named_and_the_command_brings_it(clone: tuple[Repo, bytes]) -> None:
    repo, data = clone
    said = repo.guard("init").stderr.decode()
    assert "1 artifact (5.1 kB) of this repository is not here." in said
    lines = [line.strip() for line in said.splitlines()]
    repo.type_in(next(line for line in lines if line.startswith("trinity-guard remote trust")).partition("  #")[0])
    repo.type_in(lines[-1])
    assert repo.file("m.pkl").read_bytes() == data
    assert b"not here" not in repo.guard("init").stderr


def test_where_nothing_can_be_fetched_yet_no_fetch_is_offered(clone: tuple[Repo, bytes]) -> None:
    repo, _ = clone
    (repo.path / ".dvc/config").write_text("[core]\n    remote = team\n")
    said = repo.guard("init").stderr.decode()
    assert "of this repository is not here, and the DVC remote 'team' is not configured." in said
    assert "    trinity-guard remote add team URL && trinity-guard pull\n" in said
    (repo.path / ".dvc/config").write_text("")
    said = repo.guard("init").stderr.decode()
    assert "is not here, and the DVC remote 'storage' is empty.\n    trinity-guard push     # by whoever" in said
    assert "trinity-guard pull" not in said
    assert not repo.file("m.pkl").exists()
    assert repo.guard("init", "--pull", ok=False).returncode == 1


def test_nothing_is_asked_or_said_of_the_data_where_it_is_not_wanted(clone: tuple[Repo, bytes]) -> None:
    repo, _ = clone
    assert b"not here" not in repo.guard("init", "--no-pull").stderr
    assert not repo.file("m.pkl").exists()


def test_a_failed_fetch_is_told_by_the_exit_code(clone: tuple[Repo, bytes]) -> None:
    repo, _ = clone
    assert repo.guard("init", "--pull", ok=False).returncode == 1


@pytest.mark.parametrize(("answers", "here"), [(b"y\ny\n", True), (b"y\nn\n", False)])
def test_on_a_terminal_it_is_asked_once_for_each(clone: tuple[Repo, bytes], answers: bytes, here: bool) -> None:
    repo, _ = clone
    told, own = pty.openpty()
    os.write(told, answers)
    child = subprocess.Popen(
        [sys.executable, "-m", "trinity_guard", "init"], cwd=repo.path, stdin=own, stdout=own, stderr=own
    )
    os.close(own)
    said = _all_of(told)
    assert child.wait() == 0
    assert said.count(b"[y/N]") == 2
    assert repo.file("m.pkl").exists() == here


def _all_of(terminal: int) -> bytes:
    said = b""
    try:
        while piece := os.read(terminal, 4096):
            said += piece
    except OSError:
        return said  # Linux: nobody has the other end any more
    return said
