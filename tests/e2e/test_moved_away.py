"""What is in the way is moved ELSEWHERE, as a message prints it in that very state, and then it goes on as it says."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.support import Repo, run

ONE, TWO, MINE = b"a,1\n", b"a,2\nb,2\n", b"mine,1,2,3\n"


def type_in(repo: Repo, line: str) -> None:
    """Give a line to a shell, as from the clipboard; ELSEWHERE is a place of the user's."""
    env = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "GIT_EDITOR": "echo words >"}
    run("bash", "-c", line.replace("ELSEWHERE", "elsewhere"), cwd=repo.path, env=env)


def printed(said: bytes, start: str) -> str:
    lines = [line.strip() for line in said.decode().splitlines() if line.startswith("    " + start)]
    assert len(lines) == 1, said.decode()
    return lines[0]


@pytest.fixture
def two(repo: Repo) -> Repo:
    """A table in two versions, of which the newer one is here, and code."""
    repo.stage("t.csv", ONE)
    repo.stage("code.py", b"1\n")
    repo.commit()
    repo.stage("t.csv", TWO)
    repo.commit()
    return repo


def renamed_onto_a_file(repo: Repo) -> None:
    repo.write("mine.csv", MINE)
    said = repo.guard("mv", "t.csv", "mine.csv", ok=False).stderr
    type_in(repo, printed(said, "mv "))
    repo.guard("mv", "t.csv", "mine.csv")
    assert repo.file("mine.csv").read_bytes() == TWO


def pointer_of_another_file(repo: Repo, tracked: bool) -> None:
    repo.write("new.csv.dvc", repo.file("t.csv.dvc").read_bytes().replace(b"t.csv", b"other.csv"))
    if tracked:
        repo.git("add", "new.csv.dvc")
        repo.git("commit", "-qnm", "by hand")
    repo.stage("new.csv", ONE)
    type_in(repo, printed(repo.commit(ok=False).stderr, "git mv " if tracked else "mv "))
    repo.commit()
    assert b"path: new.csv\n" in repo.show("new.csv.dvc")
    assert b"path: other.csv\n" in repo.file("elsewhere.dvc").read_bytes()


def what_dvc_holds_in_no_folder(repo: Repo) -> None:
    repo.write("d/a.txt", b"a\n")
    repo.dvc("add", "-q", "d")
    repo.git("add", "d.dvc")
    repo.commit()
    repo.write("d/x.dvc", b"no pointer\n")
    repo.write("d/b.txt", b"b\n")
    type_in(repo, printed(repo.guard("convert", "d", ok=False).stderr, "mv "))
    repo.guard("convert", "d")
    repo.commit()
    assert b"nfiles: 2\n" in repo.show("d.dvc")


def another_commit_s(repo: Repo, way: str) -> None:
    repo.write("t.csv", MINE)
    type_in(repo, printed(repo.guard("use", "HEAD^", "t.csv", ok=False).stderr, way))
    repo.guard("use", "HEAD^" if way == "mv " else "HEAD~2", "t.csv")
    assert repo.file("t.csv").read_bytes() == ONE
    assert (way == "mv ") == repo.file("elsewhere").exists()


def edited_before_a_checkout(repo: Repo, way: str) -> None:
    repo.write("t.csv", MINE)
    type_in(repo, printed(repo.git("checkout", "-q", "HEAD^").stderr, way))
    assert repo.file("t.csv").read_bytes() == (ONE if way == "mv " else MINE)
    if way != "mv ":
        repo.commit()
    assert repo.git("status", "--porcelain", "-uno").stdout == b""
    assert b"t.csv" in repo.guard("status").stdout
    assert b"changed" not in repo.guard("status").stdout


def edited_before_a_reset(repo: Repo, way: str) -> None:
    repo.write("t.csv", MINE)
    repo.git("reset", "-q", "--hard", "HEAD^")
    repo.write("code.py", b"2\n")
    type_in(repo, printed(repo.commit("-a").stderr, way))
    assert repo.file("t.csv").read_bytes() == (ONE if way == "mv " else MINE)
    if way != "mv ":
        repo.commit()
    assert b"changed" not in repo.guard("status").stdout


def tracked_by_git(repo: Repo) -> None:
    repo.git("rm", "-q", "--cached", "t.csv.dvc")
    repo.stage("t.csv", TWO, raw=True)
    repo.commit("-n")
    type_in(repo, printed(repo.guard("use", "HEAD~2", "t.csv", ok=False).stderr, "git rm "))
    repo.guard("use", "HEAD~2", "t.csv")
    assert repo.file("t.csv").read_bytes() == ONE


STATES: dict[str, Callable[[Repo], None]] = {
    "mv onto a file": renamed_onto_a_file,
    "a tracked pointer of another file": lambda repo: pointer_of_another_file(repo, tracked=True),
    "a pointer of another file": lambda repo: pointer_of_another_file(repo, tracked=False),
    "a pointer in a folder": what_dvc_holds_in_no_folder,
    "use, moved": lambda repo: another_commit_s(repo, "mv "),
    "use, recorded": lambda repo: another_commit_s(repo, "trinity-guard convert"),
    "checkout, moved": lambda repo: edited_before_a_checkout(repo, "mv "),
    "checkout, recorded": lambda repo: edited_before_a_checkout(repo, "trinity-guard convert"),
    "use, in Git": tracked_by_git,
    "reset, moved": lambda repo: edited_before_a_reset(repo, "mv "),
    "reset, recorded": lambda repo: edited_before_a_reset(repo, "trinity-guard convert"),
}


@pytest.mark.slow
@pytest.mark.parametrize("state", STATES)
def test_what_is_printed_works_in_that_state(two: Repo, state: str) -> None:
    STATES[state](two)
