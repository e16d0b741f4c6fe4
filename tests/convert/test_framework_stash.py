"""Where the pre-commit framework could not put unstaged edits back, the conversion is undone and the commit refused."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.convert.conftest import World
from trinity_guard.convert import framework_stash
from trinity_guard.convert.journal import Journal
from trinity_guard.errors import GuardError
from trinity_guard.git import index


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder in which the framework keeps its patches."""
    folder = tmp_path / "framework"
    folder.mkdir()
    monkeypatch.setenv("PRE_COMMIT_HOME", str(folder))
    return folder


def stash(world: World, home: Path) -> Path:
    """Put unstaged edits away as the framework does; return its patch."""
    patch = home / f"patch1700000000-{os.getppid()}"
    patch.write_bytes(world.repo.git("diff", "--binary", "--no-color", "--no-ext-diff").stdout)
    world.repo.git("checkout", "-q", "--", ".")
    return patch


# --- whose patches


def test_only_those_of_processes_above_us_are_ours(home: Path) -> None:
    ours = home / f"patch1700000000-{os.getppid()}"
    for name in (ours.name, f"patch1700000000-{os.getpid()}", "patch1-1", f"other-{os.getppid()}", "patch", "db.db"):
        (home / name).touch()
    assert framework_stash.patches() == [os.fsencode(ours)]


def test_without_the_framework_there_are_none(home: Path) -> None:
    assert framework_stash.patches() == []
    home.rmdir()
    assert framework_stash.patches() == []


@pytest.mark.parametrize("cache", ["XDG_CACHE_HOME", "HOME"])
def test_they_are_looked_for_where_the_framework_keeps_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, cache: str
) -> None:
    monkeypatch.delenv("PRE_COMMIT_HOME")
    if cache == "HOME":
        monkeypatch.setenv("XDG_CACHE_HOME", "")
        monkeypatch.setenv("HOME", str(tmp_path))
    else:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / ".cache"))
    folder = tmp_path / ".cache" / "pre-commit"
    folder.mkdir(parents=True)
    (folder / f"patch1-{os.getppid()}").touch()
    assert framework_stash.patches() == [os.fsencode(folder / f"patch1-{os.getppid()}")]


def test_those_of_prek_are_told_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PREK_HOME", str(tmp_path))
    (tmp_path / "patches").mkdir()
    for pid in (os.getppid(), os.getpid(), 1):
        (tmp_path / "patches" / f"1700000000123-{pid}.patch").touch()
    assert framework_stash.patches() == [os.fsencode(tmp_path / "patches" / f"1700000000123-{os.getppid()}.patch")]


# --- the conversion under it


def test_edits_that_can_be_put_back_let_the_conversion_stand(world: World, home: Path) -> None:
    world.repo.stage("notes.txt", b"one\n")
    world.repo.commit()
    world.repo.write("notes.txt", b"one\ntwo\n")
    patch = stash(world, home)
    world.repo.stage("a.csv", b"a,b\n")
    with framework_stash.guarded(world.place, True):
        world.convert(b"a.csv")
    assert b"a.csv.dvc" in world.repo.index()
    world.repo.git("apply", str(patch))
    assert world.working("notes.txt") == b"one\ntwo\n"


def conflict(world: World, home: Path) -> dict[bytes, tuple[bytes, bytes]]:
    """Leave an unstaged edit where the conversion adds its line, and stage artifacts; return the index."""
    world.repo.stage(".gitignore", b"*.tmp\n")
    world.repo.stage("old.csv", b"old\n")
    world.convert(b"old.csv")
    world.repo.commit()
    world.repo.write(".gitignore", world.working(".gitignore") + b"# mine\n")
    stash(world, home)
    world.repo.stage("a.csv", b"a,b\n")
    world.repo.stage("d/[b].csv", b"a,b\n")
    world.repo.stage("old.csv", b"new\n")
    return world.repo.index()


def under_it(world: World, *steps: Callable[[], object]) -> None:
    with framework_stash.guarded(world.place, True):
        for step in steps:
            step()


def test_edits_that_cannot_undo_it_and_refuse(world: World, home: Path) -> None:
    before = conflict(world, home)
    pointer, ignored = world.working("old.csv.dvc"), world.working(".gitignore")
    why = "unstaged edits stand next to lines that the conversion adds"
    with pytest.raises(GuardError, match=why) as caught:
        under_it(world, lambda: world.convert(b"a.csv", b"d/[b].csv", b"old.csv"))
    assert caught.value.remedy == "git add .gitignore     # or: git stash\nthen commit again"
    assert world.repo.index() == before
    assert world.working("old.csv.dvc") == pointer
    assert world.working(".gitignore") == ignored
    assert not world.repo.file("a.csv.dvc").exists()
    assert not world.repo.file("d/[b].csv.dvc").exists()
    assert not world.repo.file("d/.gitignore").exists()
    assert not Journal(world.place).exists()
    assert (world.working("a.csv"), world.working("old.csv")) == (b"a,b\n", b"new\n")


def test_the_journal_of_an_undone_conversion_goes(world: World, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    conflict(world, home)
    monkeypatch.setattr(index, "is_temporary", lambda place: True)  # as in `commit -- path`, whose journal stays
    with pytest.raises(GuardError):
        under_it(world, lambda: world.convert(b"a.csv"))
    assert not Journal(world.place).exists()


def test_files_that_are_not_the_conversion_s_stay(world: World, home: Path) -> None:
    conflict(world, home)
    with pytest.raises(GuardError):
        under_it(world, lambda: world.convert(b"a.csv"), lambda: world.repo.stage("formatted.py", b"x = 1\n"))
    assert world.working("formatted.py") == b"x = 1\n"


def test_an_error_in_the_conversion_is_passed_on_as_it_is(world: World, home: Path) -> None:
    conflict(world, home)

    def fail() -> None:
        raise GuardError("its own")

    with pytest.raises(GuardError, match=r"^its own$"):
        under_it(world, lambda: world.convert(b"a.csv"), fail)
    assert b"a.csv.dvc" in world.repo.index()


def test_without_the_framework_patches_are_nobody_s(world: World, home: Path) -> None:
    conflict(world, home)
    with framework_stash.guarded(world.place, False):
        world.convert(b"a.csv")
    assert b"a.csv.dvc" in world.repo.index()
