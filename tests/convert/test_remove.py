"""`rm`: which outputs a path means, what is refused before anything is touched, and what goes."""

from __future__ import annotations

import pytest

from tests.convert.conftest import World
from trinity_guard.convert import remove
from trinity_guard.dvcrepo.output import Output
from trinity_guard.errors import GuardError

A, B = b"1\n", b"2\n"


def chosen(world: World, *paths: bytes) -> list[Output]:
    return remove.chosen(world.place, world.catalog(), paths)


def removed(world: World, *paths: bytes, cached: bool = False, force: bool = False) -> None:
    catalog = world.catalog()
    remove.remove(world.place, catalog, remove.chosen(world.place, catalog, paths), cached, force)


@pytest.mark.parametrize(
    ("path", "means"),
    [
        (b"a.csv", [b"a.csv"]), (b"a.csv.dvc", [b"a.csv"]), (b"d", [b"d/b.csv"]), (b"d/b.csv", [b"d/b.csv"]),
        (b"", [b"a.csv", b"d/b.csv"]),
    ],
)  # fmt: skip
def test_data_a_pointer_or_a_folder_of_such_is_meant(committed: World, path: bytes, means: list[bytes]) -> None:
    assert sorted(o.path for o in chosen(committed, path)) == means


@pytest.mark.parametrize(
    ("path", "words"),
    [(b"d/code.py", "it is Git's"), (b"none", "no such file"), (b".git/config", "no pointer holds it")],
)
def test_what_means_none_is_named(committed: World, path: bytes, words: str) -> None:
    with pytest.raises(GuardError, match=words):
        chosen(committed, path)


def test_outputs_that_share_a_pointer_go_together(world: World) -> None:
    both = b"outs:\n- md5: %b\n  path: x\n- md5: %b\n  path: y\n" % (b"1" * 31 + b"a", b"2" * 31 + b"b")
    world.repo.stage("both.dvc", both)
    assert sorted(o.path for o in chosen(world, b"both.dvc")) == [b"x", b"y"]
    with pytest.raises(GuardError, match="together with others"):
        chosen(world, b"x")
    assert {source: len(group) for source, group in remove.grouped(chosen(world, b"both.dvc")).items()} == {
        b"both.dvc": 2
    }


def test_file_pointer_and_line_go(committed: World) -> None:
    removed(committed, b"a.csv")
    assert not committed.repo.file("a.csv").exists()
    assert b"a.csv.dvc" not in committed.repo.index()
    assert not committed.ignored("a.csv")
    assert committed.repo.file("d/b.csv").read_bytes() == B


def test_the_data_stays_where_the_pointer_alone_is_to_go(committed: World) -> None:
    removed(committed, b"a.csv", cached=True)
    assert committed.working("a.csv") == A
    assert b"a.csv.dvc" not in committed.repo.index()


def test_bytes_that_are_recorded_nowhere_else_are_kept(committed: World) -> None:
    committed.repo.write("a.csv", b"edited")
    with pytest.raises(GuardError, match="recorded nowhere"):
        removed(committed, b"a.csv")
    assert committed.working("a.csv") == b"edited"
    assert b"a.csv.dvc" in committed.repo.index()
    removed(committed, b"a.csv", force=True)
    assert not committed.repo.file("a.csv").exists()


def test_a_pointer_that_no_commit_has_is_kept(committed: World) -> None:
    committed.repo.write("a.csv.dvc", committed.working("a.csv.dvc") + b"# mine\n")
    with pytest.raises(GuardError, match="changes that no commit has"):
        removed(committed, b"a.csv")
    assert committed.working("a.csv") == A


def test_an_object_that_the_cache_lacks_is_kept(committed: World) -> None:
    for file in (committed.repo.path / ".dvc" / "cache").rglob("*"):
        if file.is_file():
            file.unlink()
    with pytest.raises(GuardError, match="not in the DVC cache"):
        removed(committed, b"a.csv")
    assert committed.working("a.csv") == A
