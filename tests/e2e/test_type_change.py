"""An artifact's place is taken by a folder or a symlink, or a directory's by a file: recorded rightly, or named."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.support import Repo, made_once, run


def type_in(repo: Repo, command: str) -> None:
    """Give a line to a shell, as from the clipboard; ELSEWHERE is a place of the user's."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    run("bash", "-c", command.replace("ELSEWHERE", "../elsewhere"), cwd=repo.path, env={"PATH": path})


def remedies(said: bytes) -> list[str]:
    return [line.strip().partition("     # ")[0] for line in said.decode().splitlines() if line.startswith("    ")]


def state(repo: Repo, name: str) -> str:
    artifacts = json.loads(repo.guard("status", "--format", "json").stdout)["artifacts"]
    return next(str(a["state"]) for a in artifacts if a["path"] == name)


def to_folder(repo: Repo) -> str:
    file = repo.file("table.csv")
    file.unlink()
    file.mkdir()
    (file / "part-0.csv").write_bytes(b"9,9\n")
    return "table.csv"


def to_link(repo: Repo) -> str:
    file = repo.file("table.csv")
    file.unlink()
    repo.write("run42.txt", b"another table\n")
    file.symlink_to("run42.txt")
    return "table.csv"


def to_dangling_link(repo: Repo) -> str:
    file = repo.file("table.csv")
    file.unlink()
    file.symlink_to("nowhere")
    return "table.csv"


def to_file(repo: Repo) -> str:
    run("rm", "-r", "d", cwd=repo.path)
    repo.write("d", b"a file now\n")
    return "d"


def folder_to_link(repo: Repo) -> str:
    run("mv", "d", "../moved", cwd=repo.path)
    (repo.path.parent / "moved" / "x.csv").write_bytes(b"another\n")
    repo.file("d").symlink_to(repo.path.parent / "moved")
    return "d"


Change = Callable[[Repo], str]
CHANGES = [
    to_folder, to_link, pytest.param(to_dangling_link, marks=pytest.mark.slow), to_file,
    pytest.param(folder_to_link, marks=pytest.mark.slow),
]  # fmt: skip


@pytest.fixture
@made_once
def both(repo: Repo) -> Repo:
    """A repository with a table, and a directory that DVC holds as a whole."""
    repo.stage("table.csv", b"1,1\n")
    repo.write("d/x.csv", b"2,2\n")
    repo.dvc("add", "-q", "d")
    repo.git("add", "-A")
    repo.commit()
    return repo


def commit_beside(repo: Repo) -> bytes:
    repo.stage("code.py", os.urandom(4).hex().encode())
    return repo.commit("-a").stderr


@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGES, ids=lambda f: f.__name__)
def test_it_is_named_and_never_present(both: Repo, change: Change) -> None:
    name = change(both)
    said = commit_beside(both)
    assert f"{name} is no longer a".encode() in said
    assert state(both, name) == "replaced"


@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGES, ids=lambda f: f.__name__)
def test_the_command_that_is_named_brings_back_what_was(both: Repo, change: Change) -> None:
    name = change(both)
    type_in(both, remedies(commit_beside(both))[-1])
    assert state(both, name) == "present"
    assert both.git("status", "--porcelain", "--untracked-files=no").stdout == b""


@pytest.mark.slow
@pytest.mark.parametrize("change", [to_folder, to_link, to_file], ids=lambda f: f.__name__)
def test_the_command_that_is_named_records_what_is_there_now(both: Repo, change: Change) -> None:
    name = change(both)
    type_in(both, remedies(commit_beside(both))[0])
    commit_beside(both)
    assert state(both, name) == "present"
    assert both.dvc("status").stdout.strip() == b"Data and pipelines are up to date."
    kind = "dir" if change is to_folder else "file"
    artifacts = json.loads(both.guard("status", "--format", "json").stdout)["artifacts"]
    assert next(a["kind"] for a in artifacts if a["path"] == name) == kind


@pytest.mark.parametrize("command", ["convert", pytest.param("add", marks=pytest.mark.slow)])
@pytest.mark.parametrize("change", CHANGES, ids=lambda f: f.__name__)
def test_who_asks_for_it_by_name_is_told_what_it_is(both: Repo, change: Change, command: str) -> None:
    name = change(both)
    done = both.guard(command, name, ok=False)
    assert done.returncode == 1
    assert f"{name} is no longer a".encode() in done.stderr
    assert both.git("diff", "--cached", "--name-only").stdout == b""


@pytest.mark.slow
def test_who_asks_for_what_is_gone_is_told_how_it_comes_back(both: Repo) -> None:
    both.file("table.csv").unlink()
    done = both.guard("convert", "table.csv", ok=False)
    assert done.returncode == 1
    type_in(both, remedies(done.stderr)[0])
    assert both.file("table.csv").read_bytes() == b"1,1\n"


@pytest.mark.slow
def test_a_file_that_is_staged_below_what_a_pointer_holds_is_refused_with_what_helps(both: Repo) -> None:
    to_folder(both)
    both.git("add", "-f", "table.csv/part-0.csv")
    done = both.commit(ok=False)
    assert done.returncode == 1
    assert b"table.csv.dvc holds a file of that name" in done.stderr
    for command in remedies(done.stderr):
        type_in(both, command)
    both.commit()
    assert both.dvc("status").stdout.strip() == b"Data and pipelines are up to date."


@pytest.mark.slow
@pytest.mark.parametrize("change", ["pipe", "link to nothing"])
def test_what_nothing_can_record_is_only_to_be_moved_away(both: Repo, change: str) -> None:
    both.file("table.csv").unlink()
    os.mkfifo(both.file("table.csv")) if change == "pipe" else both.file("table.csv").symlink_to("nowhere")
    for said in (commit_beside(both), both.guard("status").stdout):
        assert b"dvc add" not in said
        assert b"mv table.csv ELSEWHERE && trinity-guard pull table.csv" in said
    both.git("reset", "-q", "--hard", "HEAD~1")
    type_in(both, remedies(both.guard("pull", ok=False).stderr)[0])
    assert both.file("table.csv").read_bytes() == b"1,1\n"


@pytest.fixture
@made_once
def turned(both: Repo) -> Repo:
    """The table became a folder, and the folder a file; one commit has both."""
    to_folder(both)
    to_file(both)
    both.dvc("add", "-q", "table.csv", "d")
    both.git("add", "table.csv.dvc", "d.dvc")
    both.commit()
    return both


@pytest.mark.slow
def test_a_revert_of_it_is_followed_and_the_revert_of_that(turned: Repo) -> None:
    turned.git("revert", "--no-edit", "HEAD")
    assert turned.file("table.csv").read_bytes() == b"1,1\n"
    assert turned.file("d/x.csv").read_bytes() == b"2,2\n"
    turned.git("revert", "--no-edit", "HEAD")
    assert turned.file("table.csv/part-0.csv").read_bytes() == b"9,9\n"
    assert turned.file("d").read_bytes() == b"a file now\n"
    assert {state(turned, name) for name in ("table.csv", "d")} == {"present"}


@pytest.mark.slow
def test_a_revert_of_it_leaves_what_was_added_to_the_folder_and_names_it(turned: Repo) -> None:
    turned.write("table.csv/mine.txt", b"recorded nowhere")
    said = turned.git("revert", "--no-edit", "HEAD").stderr
    assert turned.file("table.csv/mine.txt").read_bytes() == b"recorded nowhere"
    assert b"table.csv" in said
    assert turned.file("d/x.csv").read_bytes() == b"2,2\n"
