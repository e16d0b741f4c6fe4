"""A step that cannot be completed leaves index, files and journal as they were, whichever of its writes failed."""

from __future__ import annotations

import pytest

from tests.convert.conftest import World
from trinity_guard.convert import relocate, staged_moves
from trinity_guard.convert.journal import Journal
from trinity_guard.convert.transaction import Transaction
from trinity_guard.errors import GuardError
from trinity_guard.git import files, index


def failing_at(monkeypatch: pytest.MonkeyPatch, path: bytes) -> None:
    """Have one file be one that cannot be written: its folder is somebody else's, immutable, read-only, full."""
    real = files.replace

    def replace(target: bytes, data: bytes, *args: int, **options: object) -> None:
        if target.endswith(b"/" + path):
            raise files.unwritable(target, PermissionError(1, "Operation not permitted"))
        real(target, data, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(files, "replace", replace)


def all_files(world: World) -> dict[str, bytes]:
    """Return every file of the work tree that is neither Git's nor the cache's."""
    top = world.repo.path
    found = [p for p in top.rglob("*") if p.is_file() and not {".git", "cache"} & set(p.relative_to(top).parts)]
    return {str(p.relative_to(top)): p.read_bytes() for p in found}


@pytest.mark.parametrize("failing", [b"a.csv.dvc", b"d/b.csv.dvc", b"d/.gitignore", b".gitignore", b".gitattributes"])
def test_a_conversion_that_cannot_be_written_changes_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, failing: bytes
) -> None:
    world.repo.stage(".gitignore", b"*.log\n")
    world.repo.stage("a.csv", b"1\n")
    world.convert(b"a.csv")
    world.repo.stage("d/b.csv", b"2\n")
    world.repo.write("a.csv", b"another\n")
    world.repo.write(".gitignore", world.working(".gitignore") + b"edited, and not staged\n")
    world.repo.write(".gitattributes", b"")
    world.repo.git("rm", "-q", "-f", "--cached", ".gitattributes")
    world.repo.git("add", "-f", "a.csv")
    world.repo.write("c.csv", b"3\n")
    world.repo.git("add", "-f", "c.csv")
    before = world.repo.index(), all_files(world)
    failing_at(monkeypatch, failing)
    with pytest.raises(GuardError, match="cannot write"):
        world.convert(b"a.csv", b"c.csv", b"d/b.csv")
    assert (world.repo.index(), all_files(world)) == before
    assert not Journal(world.place).exists()
    monkeypatch.undo()
    monkeypatch.chdir(world.repo.path)
    assert len(world.convert(b"a.csv", b"c.csv", b"d/b.csv").converted) == 3


@pytest.mark.parametrize("failing", [b"d/b.csv.dvc", b"d/.gitignore"])
def test_a_move_that_cannot_be_written_changes_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, failing: bytes
) -> None:
    world.repo.stage("a.csv", b"1\n")
    world.convert(b"a.csv")
    world.repo.commit("-n", "-m", "one")
    (world.repo.path / "d").mkdir()
    world.repo.git("mv", "a.csv.dvc", "d/b.csv.dvc")
    world.repo.write("d/b.csv.dvc", world.working("d/b.csv.dvc") + b"desc: edited\n")
    before = world.repo.index(), all_files(world)
    failing_at(monkeypatch, failing)
    catalog = world.catalog()
    moves = staged_moves.find(world.place, catalog, index.former("HEAD"))
    with pytest.raises(GuardError, match="cannot write"):
        relocate.settle(world.place, catalog, moves)
    assert (world.repo.index(), all_files(world)) == before
    assert not Journal(world.place).exists()


def test_a_folder_s_former_pointers_come_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.repo.stage("d/a.csv", b"1\n")
    world.convert(b"d/a.csv")
    before = world.repo.index(), all_files(world)
    entries = index.entries_of([b"d/a.csv.dvc"])

    def step() -> None:
        with Transaction(world.place, entries, []) as under_way:
            under_way.change_index([(b"0", b"0" * 40, b"d/a.csv.dvc")])
            under_way.unlink(b"d/a.csv.dvc")
            under_way.replace(b"d/new", b"x")
            raise OSError(28, "the disk is full")

    with pytest.raises(OSError, match="full"):
        step()
    assert (world.repo.index(), all_files(world)) == before


def test_a_kill_is_left_to_the_journal(world: World) -> None:
    world.repo.stage("a.csv", b"1\n")
    with pytest.raises(KeyboardInterrupt), Transaction(world.place, {}, [(b"a.csv", b"1", b"a.csv.dvc", b"2", b"")]):
        raise KeyboardInterrupt
    assert Journal(world.place).read() == [(b"a.csv", b"1", b"a.csv.dvc", b"2", b"")]
