"""The table of docs/life.md, row by row: what is typed in a repository of git-lfs and in ours, and what came of it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.documents import page, table
from tests.helpers.support import Repo, require, run

OLD, NEW = b"a,b\n1,2\n", b"a,b\n1,2\n3,4\n"
ROWS = {row[0]: row[1:] for row in table(page("docs/life.md"), "what you type")}
# What stands in the table, and is no command, is one of these facts.
GIT_LFS, OURS = "git-lfs", "trinity-guard"


class Side:
    """A repository of one kind, with t.csv committed; `type` runs a line as a person would."""

    def __init__(self, kind: str, repo: Repo) -> None:
        self.kind, self.repo = kind, repo
        self.pointer = "t.csv" if kind == GIT_LFS else "t.csv.dvc"

    def type(self, line: str, ok: bool = True) -> str:
        env = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        done = run("bash", "-c", line, cwd=self.repo.path, ok=ok, env=env)
        return (done.stdout + done.stderr).decode()

    def write(self, data: bytes, name: str = "t.csv") -> None:
        self.repo.write(name, data)

    def commit(self, data: bytes, name: str = "t.csv") -> None:
        """Record a file as both ways do it without any question."""
        self.write(data, name)
        self.type(f"git add {name}" if self.kind == GIT_LFS else f"trinity-guard add {name}")
        self.type("git commit -qm x")

    def recorded(self, data: bytes, name: str = "t.csv") -> bool:
        """Whether HEAD has a pointer to these bytes, of either kind, and the file holds them."""
        text = self.repo.show(name if self.kind == GIT_LFS else f"{name}.dvc")
        return f"size: {len(data)}\n".encode() in text.replace(b"size ", b"size: ") and self.holds(data, name)

    def holds(self, data: bytes, name: str = "t.csv") -> bool:
        file = self.repo.file(name)
        return file.exists() and file.read_bytes() == data


def added(side: Side) -> str:
    side.write(OLD, "u.csv")
    side.type("git add -A && git commit -qm x")
    return "the commit holds a pointer" if side.recorded(OLD, "u.csv") else "the bytes are in Git"


def of_a_new_kind(side: Side) -> str:
    side.write(OLD, "u.parquet")
    side.type("git add -A && git commit -qm x")
    raw = b"u.parquet" in side.repo.tree() and side.repo.show("u.parquet") == OLD
    return "the bytes are in Git" if raw else "the commit holds a pointer"


def changed_beside_code(side: Side) -> str:
    side.write(NEW)
    side.repo.write("code.py", b"2")
    side.type("git commit -qam x")
    return "recorded" if side.recorded(NEW) else "not recorded"


def changed_alone(side: Side) -> str:
    side.write(NEW)
    said = side.type("git commit -qam x", ok=False)
    if side.recorded(NEW):
        return "recorded"
    assert "run the same command again" in said
    side.type("git commit -qam x")
    assert side.recorded(NEW)
    return "recorded by the second try, as it says"


def removed(side: Side) -> str:
    said = side.type(f"git rm -q {side.pointer} && git commit -qm x")
    assert side.pointer.encode() not in side.repo.tree()
    if not side.repo.file("t.csv").exists():
        return "the file is gone"
    assert "t.csv stays here" in said
    return f"`git rm {side.pointer}`: the file stays and is named"


def renamed(side: Side) -> str:
    other = side.pointer.replace("t", "u", 1)
    side.type(f"git mv {side.pointer} {other} && git commit -qm x")
    assert not side.repo.file("t.csv").exists()
    assert side.recorded(OLD, "u.csv")
    return (
        "the file is renamed"
        if side.kind == GIT_LFS
        else f"`git mv {side.pointer} {other}`: the commit renames the file"
    )


def reverted(side: Side) -> str:
    side.commit(NEW)
    side.type("git revert --no-edit HEAD")
    return "the file is as before" if side.recorded(OLD) else "the file is another"


def checked_out(side: Side) -> str:
    side.type("git switch -qc other")
    side.commit(NEW)
    side.type("git switch -q main")
    assert side.holds(OLD)
    side.type("git switch -q other")
    return "the file is that branch's" if side.holds(NEW) else "the file is another"


def merged(side: Side) -> str:
    side.type("git switch -qc other")
    side.commit(OLD, "d/u.csv")
    side.type("git switch -q main")
    side.commit(NEW, "d/v.csv")
    side.type("git merge -q --no-edit other")
    return "merged" if side.holds(OLD, "d/u.csv") and side.holds(NEW, "d/v.csv") else "not merged"


def in_conflict(side: Side) -> str:
    side.type("git switch -qc other")
    side.commit(NEW)
    side.type("git switch -q main")
    side.commit(b"another\n")
    side.type("git merge other", ok=False)
    command = "git checkout --theirs t.csv" if side.kind == GIT_LFS else "trinity-guard use --theirs t.csv"
    side.type(f"{command} && git add -A && git commit -qm x")
    return f"`{command}`" if side.recorded(NEW) else "another version"


def was_reset(side: Side) -> str:
    side.commit(NEW)
    return _without_a_hook(side, "git reset -q --hard HEAD^")


def stashed(side: Side) -> str:
    side.write(NEW)
    side.type("git add t.csv" if side.kind == GIT_LFS else "trinity-guard convert t.csv")
    return _without_a_hook(side, "git stash -q")


def _without_a_hook(side: Side, command: str) -> str:
    side.type(command)
    if side.holds(OLD):
        return "the file is as before"
    assert "another version: trinity-guard pull t.csv" in side.type("trinity-guard status")
    side.type("trinity-guard pull")
    assert side.holds(OLD)
    return "`status` names it, `trinity-guard pull` brings it"


TRIED: dict[str, Callable[[Side], str]] = {
    "`git add -A && git commit` with a new table": added,
    "a table before anybody has tracked its kind": of_a_new_kind,
    "a change, `git commit -a` beside a change of code": changed_beside_code,
    "a change, `git commit -a` alone": changed_alone,
    "`git rm`": removed,
    "`git mv`": renamed,
    "`git revert`": reverted,
    "`git checkout` of another branch": checked_out,
    "`git merge` of branches that add to one folder": merged,
    "`git merge` of two versions, then one side": in_conflict,
    "`git reset --hard`": was_reset,
    "`git stash`": stashed,
}


def test_every_row_is_tried() -> None:
    assert list(ROWS) == list(TRIED)


@pytest.fixture
def side(request: pytest.FixtureRequest, make_repo: Callable[..., Repo]) -> Side:
    kind: str = request.param
    repo = make_repo(guarded=kind == OURS)
    if kind == GIT_LFS:
        if shutil.which("git-lfs") is None:
            require("git-lfs")
        repo.git("lfs", "install", "--local")
        repo.git("lfs", "track", "*.csv")
    side = Side(kind, repo)
    side.write(OLD)
    repo.write("code.py", b"1")
    side.type("git add -A && git commit -qm base")
    assert side.recorded(OLD)
    return side


@pytest.mark.slow
@pytest.mark.parametrize("row", TRIED)
@pytest.mark.parametrize("side", [GIT_LFS, OURS], indirect=True)
def test_what_the_table_says_is_so(side: Side, row: str) -> None:
    assert TRIED[row](side) == ROWS[row][(GIT_LFS, OURS).index(side.kind)]
