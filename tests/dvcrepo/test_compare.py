"""How a file of the work tree stands to what is recorded of it, beside `dvc status`."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.dvcrepo.kinds import OTHER, TABLE, md5, place, room
from tests.dvcrepo.work import Work, states
from tests.helpers.support import run
from trinity_guard import git
from trinity_guard.dvcrepo import compare, odb, tracked

KIND = pytest.mark.parametrize("kind", ["directory"])
FILE = pytest.mark.parametrize("kind", ["single file"])


@pytest.fixture
def work(kind: str, tmp_path: Path) -> Work:
    shutil.copytree(room(kind), tmp_path / "room", symlinks=True)
    return Work(tmp_path / "room")


def ours(work: Work, limit: int = compare.UNLIMITED) -> dict[str, str]:
    with contextlib.chdir(work.path):
        catalog = tracked.load(git.place())
        found = compare.Comparison(git.place(), limit).states(catalog.outputs())
        return {os.fsdecode(output.path): state for output, state in found}


def put(name: str, data: bytes = b"x\n") -> Callable[[Work], None]:
    def change(work: Work) -> None:
        file = work.path / "folder" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)

    return change


def linked(work: Work) -> None:
    file = work.path / "folder" / "one.csv"
    file.rename(work.path / "elsewhere")
    file.symlink_to(work.path / "elsewhere")


def empty_folder(work: Work) -> None:
    (work.path / "folder" / "empty").mkdir()


def ignored(work: Work) -> None:
    (work.path / ".dvcignore").write_text("*.tmp\n")
    put("sub/x.tmp")(work)


def touched(work: Work) -> None:
    os.utime(work.path / "folder" / "one.csv")


def without_one(work: Work) -> None:
    (work.path / "folder" / "sub" / "two.csv").unlink()


def nothing(_: Work) -> None:
    """Leave it as it is."""


CHANGES = {
    "nothing": nothing,
    "a new file": put("new.csv"),
    "a hidden file": put(".hidden"),
    "a name that is no English": put("caf\xe9.csv"),
    "an empty folder": empty_folder,
    "a link to the same bytes": linked,
    "touched": touched,
    "a file that DVC is told to ignore": ignored,
    "a file gone": without_one,
}


@KIND
@pytest.mark.parametrize("change", CHANGES)
def test_a_directory_is_changed_when_dvc_says_so(work: Work, change: str) -> None:
    CHANGES[change](work)
    assert ours(work) == states(work)


@KIND
def test_a_directory_that_was_seen_to_agree_is_not_read_again(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    work.guard("status")
    monkeypatch.setattr(odb, "md5_of", lambda _: pytest.fail("it was read again"))
    assert ours(work) == {"folder": "present"}


@KIND
def test_a_commit_does_not_walk_through_a_directory_without_end(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    put("new.csv")(work)
    monkeypatch.setattr(compare, "MAX_WALKED", 1)
    assert ours(work, limit=1 << 20) == {"folder": "unknown"}
    assert ours(work) == {"folder": "changed"}


@KIND
def test_of_a_directory_that_is_too_large_to_hash_names_and_sizes_tell(work: Work) -> None:
    assert ours(work, limit=0) == {"folder": "unknown"}
    put("new.csv")(work)
    assert ours(work, limit=0) == {"folder": "changed"}


@FILE
def test_what_would_take_too_long_to_hash_is_left_to_status(work: Work) -> None:
    work.change()
    assert ours(work, limit=len(TABLE) - 1) == {"t.csv": "unknown"}
    assert ours(work, limit=len(TABLE)) == {"t.csv": "changed"}


@FILE
@pytest.mark.parametrize("known", [True, False])
def test_the_hook_and_status_tell_another_version_from_a_change(work: Work, known: bool) -> None:
    """After a revert without hooks the pointer is the old one, and the file the new one, which the cache has too."""
    (work.path / "t.csv").write_bytes(OTHER)
    if known:
        there = work.cache / place(md5(OTHER))
        there.parent.mkdir(parents=True, exist_ok=True)
        there.write_bytes(OTHER)
    (work.path / "README").write_text("some text\n")
    run("git", "add", "README", cwd=work.path)
    table, hook = work.guard("status").out, work.guard("hook", "pre-commit").err
    [line] = [line for line in table.splitlines() if line.startswith("t.csv")]
    assert ("trinity-guard pull t.csv" in line) == ("trinity-guard pull t.csv" in hook) == known
    assert ("another version" in line) == ("another one that was recorded" in hook) == known
    assert ("changed" in line) == ("has changed" in hook) == (not known)


@pytest.mark.parametrize(
    ("kind", "command"),
    [
        ("single file", "trinity-guard convert t.csv"),
        ("wdir", "dvc commit -f t.csv.dvc"),
        ("import", "dvc commit -f t.csv.dvc"),
        ("directory", "trinity-guard convert folder"),
        ("dvc.lock", "dvc commit -f make"),
        ("dvc.lock of foreach", "dvc commit -f make@one"),
    ],
)
def test_the_command_that_the_hook_names_records_the_change(
    work: Work, kind: str, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")  # where there is a dvc
    work.change()
    (work.path / "README").write_text("some text\n")
    run("git", "add", "README", cwd=work.path)
    said = work.guard("hook", "pre-commit").err
    assert command in [line.partition("     # ")[0].strip() for line in said.splitlines()]
    program, *args = command.split()
    if program == "dvc":
        with work.dvc() as repo:
            repo.commit(args[-1], force=True)
    else:
        assert work.guard(*args).code == 0
    run("git", "add", "-A", cwd=work.path)
    assert set(states(work).values()) == set(ours(work).values()) == {"present"}
