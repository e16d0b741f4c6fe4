"""Which pointers go in a commit, and which only stand elsewhere."""

from __future__ import annotations

import pytest

from tests.convert.conftest import World, pointer
from trinity_guard.convert import staged_moves
from trinity_guard.convert.relocate import Moves
from trinity_guard.errors import GuardError
from trinity_guard.git import index


def find(world: World, *staged: bytes) -> Moves:
    """Return what is found of the staged changes against HEAD."""
    return staged_moves.find(world.place, world.catalog(), index.former("HEAD"), staged)


def names(found: Moves) -> tuple[list[bytes], list[tuple[bytes, bytes]]]:
    return [g.pointer for g in found.gone], [(m.gone.pointer, m.pointer) for m in found.moved]


def commit(world: World, **files: bytes) -> None:
    """Commit these tables as pointers."""
    for name, data in files.items():
        world.repo.stage(f"{name}.csv", data)
    world.convert(*(f"{name}.csv".encode() for name in files))
    world.repo.commit()


def test_a_pointer_that_the_index_has_no_more_goes(world: World) -> None:
    commit(world, a=b"1", b=b"2")
    world.repo.git("rm", "-q", "a.csv.dvc")
    assert names(find(world)) == ([b"a.csv.dvc"], [])


def test_one_that_a_staged_file_brings_back_does_not(world: World) -> None:
    commit(world, a=b"1")
    world.repo.git("rm", "-q", "a.csv.dvc")
    assert names(find(world, b"a.csv")) == ([], [])


def test_of_twins_each_finds_the_one_of_its_name(world: World) -> None:
    commit(world, a=b"1", b=b"1")
    world.repo.file("sub").mkdir()
    world.repo.git("mv", "a.csv.dvc", "b.csv.dvc", "sub")
    moved = [(b"a.csv.dvc", b"sub/a.csv.dvc"), (b"b.csv.dvc", b"sub/b.csv.dvc")]
    assert names(find(world)) == ([], moved)


def test_the_same_object_under_another_text_is_the_same_pointer_and_keeps_the_path_that_it_says(world: World) -> None:
    commit(world, a=b"1")
    world.repo.git("mv", "a.csv.dvc", "z.csv.dvc")
    world.repo.stage("z.csv.dvc", pointer("a.csv", b"1") + b"desc: mine\n")
    [moved] = find(world).moved
    assert [o.path for o in moved.outputs] == [b"a.csv"]
    assert moved.pairs() == []


def test_a_pointer_that_was_renamed_says_the_new_name_of_its_file(world: World) -> None:
    commit(world, a=b"1")
    world.repo.git("mv", "a.csv.dvc", "z.csv.dvc")
    [moved] = find(world).moved
    assert moved.for_index == moved.for_tree == pointer("z.csv", b"1")


def test_one_that_nobody_could_read_held_nothing(world: World) -> None:
    world.repo.stage("a.csv.dvc", b"no pointer\n")
    world.repo.commit()
    world.repo.git("rm", "-q", "a.csv.dvc")
    assert names(find(world)) == ([], [])


def test_another_pointer_that_is_new_is_no_rename(world: World) -> None:
    commit(world, a=b"1")
    world.repo.git("rm", "-q", "a.csv.dvc")
    world.repo.stage("z.csv", b"2")
    world.convert(b"z.csv")
    assert names(find(world)) == ([b"a.csv.dvc"], [])


def test_a_pointer_that_is_brought_back_without_its_line_is_found(world: World) -> None:
    commit(world, a=b"1", b=b"2")
    world.repo.git("rm", "-q", "a.csv.dvc", ".gitignore")
    world.repo.commit()
    world.repo.git("checkout", "HEAD~1", "--", "a.csv.dvc")
    assert [o.path for o in find(world).brought] == [b"a.csv"]
    world.repo.write(".gitignore", b"*.csv\n")
    assert find(world).brought == []


def mv(world: World, *moves: str) -> None:
    for step in moves:
        world.repo.git("mv", *(f"{name}.dvc" for name in step.split()))


TAKEN = {
    "a swap": (("a.csv t.csv", "b.csv a.csv", "t.csv b.csv"), ["a.csv b.csv", "b.csv a.csv"]),
    "a rotation": (
        ("a.csv t.csv", "b.csv a.csv", "c.csv b.csv", "t.csv c.csv"),
        ["a.csv c.csv", "b.csv a.csv", "c.csv b.csv"],
    ),
    "one after another": (("b.csv z.csv", "a.csv b.csv"), ["a.csv b.csv", "b.csv z.csv"]),
}


@pytest.mark.parametrize("case", TAKEN)
def test_a_place_that_another_pointer_took_is_found_and_each_says_its_own_name(world: World, case: str) -> None:
    steps, moved = TAKEN[case]
    commit(world, a=b"1", b=b"2", c=b"3")
    mv(world, *steps)
    found = find(world)
    pairs = [tuple(f"{name}.dvc".encode() for name in pair.split()) for pair in moved]
    assert (found.gone, sorted(names(found)[1])) == ([], pairs)
    assert all([o.path + b".dvc" for o in m.outputs] == [m.pointer] for m in found.moved)


def test_a_copy_of_a_pointer_says_its_own_name_and_moves_no_data(world: World) -> None:
    commit(world, a=b"1")
    world.repo.stage("z.csv.dvc", pointer("a.csv", b"1"))
    world.repo.stage("table.dvc", pointer("a.csv", b"1"))  # any name but that of a file is one to keep
    [copy] = find(world).moved
    assert (copy.pointer, copy.for_index, copy.pairs()) == (b"z.csv.dvc", pointer("z.csv", b"1"), [])


def test_a_pointer_whose_path_a_person_wrote_keeps_it(world: World) -> None:
    commit(world, a=b"1", b=b"2")
    world.repo.stage("a.csv.dvc", pointer("other.csv", b"1"))
    world.repo.stage("b.csv.dvc", pointer("a.csv", b"new"))
    assert not find(world).moved


def test_a_pointer_is_not_given_the_name_of_what_another_one_holds(world: World) -> None:
    commit(world, a=b"1", b=b"2")
    mv(world, "b.csv table")
    world.repo.commit("--no-verify")
    world.repo.stage("b.csv.dvc", pointer("a.csv", b"1"))
    with pytest.raises(GuardError, match=r"b\.csv is recorded in table\.dvc already") as refused:
        find(world)
    assert refused.value.remedy.partition("     #")[0] == "git rm -q -f -- b.csv.dvc"
    world.repo.git("rm", "-q", "-f", "--", "b.csv.dvc")
    assert not find(world)
