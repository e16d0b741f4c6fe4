"""`mv`: what cannot be moved is refused before anything is touched; data, pointer and line go together."""

from __future__ import annotations

import pytest

from tests.convert.conftest import World
from trinity_guard.convert import rename
from trinity_guard.errors import GuardError

A, B = b"1\n", b"2\n"


def moved(world: World, source: bytes, target: bytes, force: bool = False) -> None:
    rename.rename(world.place, world.catalog(), source, target, force)


@pytest.mark.parametrize(
    ("source", "target", "new"),
    [(b"a.csv", b"z.csv", "z.csv"), (b"a.csv.dvc", b"z.csv.dvc", "z.csv"), (b"a.csv", b"d", "d/a.csv")],
)
def test_data_pointer_and_line_stand_under_the_new_name(
    committed: World, source: bytes, target: bytes, new: str
) -> None:
    moved(committed, source, target)
    assert committed.working(new) == A
    assert committed.staged(f"{new}.dvc") == committed.working(f"{new}.dvc")
    assert committed.ignored(new)
    assert not committed.repo.file("a.csv").exists()
    assert b"a.csv.dvc" not in committed.repo.index()


def test_a_folder_takes_all_along(committed: World) -> None:
    moved(committed, b"d", b"e")
    assert committed.working("e/b.csv") == B
    assert b"e/code.py" in committed.repo.index()
    assert b"e/b.csv.dvc" in committed.repo.index()
    assert committed.ignored("e/b.csv")


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        (b"a.csv", b"a.csv", "into itself"),
        (b"a.csv", b"none/z.csv", "there is no folder none"),
        (b"d/code.py", b"z.py", "it is Git's"),
        (b"nothing", b"z", "no such file"),
        (b"a.csv", b"d/b.csv", "exists"),
        (b"a.csv", b"d/code.py", "no pointer records it"),
        (b"a.csv", b".gitignore", "it belongs in Git"),
    ],
)
def test_what_cannot_be_moved_is_refused(committed: World, source: bytes, target: bytes, words: str) -> None:
    before = committed.repo.index()
    with pytest.raises(GuardError, match=words):
        moved(committed, source, target)
    assert committed.repo.index() == before
    assert committed.working("a.csv") == A


def test_an_artifact_gives_way_where_that_is_asked_for(committed: World) -> None:
    moved(committed, b"a.csv", b"d/b.csv", force=True)
    assert committed.working("d/b.csv") == A
