"""A conflict of pointers is resolved to a side, to what both share, or to both; nothing is guessed."""

from __future__ import annotations

import pytest

from tests.checkout.conftest import World
from tests.helpers.support import run
from trinity_guard.checkout import sides
from trinity_guard.detect.conflicts import BASE, OURS, THEIRS, Conflict
from trinity_guard.dvcrepo import pointer
from trinity_guard.errors import GuardError
from trinity_guard.git import index


def said(name: str, digit: str) -> bytes:
    return pointer.encode(digit * 31 + "a", 5, name)


@pytest.fixture
def conflict() -> Conflict:
    made = Conflict(b"d/a.csv.dvc", True)
    made.versions = {BASE: said("a.csv", "1"), OURS: said("a.csv", "2"), THEIRS: None}
    return made


@pytest.mark.parametrize("name", [b"d/a.csv.dvc", b"d/a.csv", b"d", b""])
def test_pointer_artifact_or_folder_means_it(conflict: Conflict, name: bytes) -> None:
    assert sides.meant([conflict], [name] if name else []) == [conflict]


def test_what_is_not_in_conflict_is_said(conflict: Conflict) -> None:
    with pytest.raises(GuardError, match=r"other is not in conflict"):
        sides.meant([conflict], [b"d", b"other"])
    with pytest.raises(GuardError, match=r"no pointer and no dvc\.lock is in conflict"):
        sides.meant([], [])


def test_a_side_is_what_it_has_or_nothing(world: World, conflict: Conflict) -> None:
    assert sides.version(conflict, OURS, world.place, "") == said("a.csv", "2")
    assert sides.version(conflict, THEIRS, world.place, "") is None


def test_a_side_that_is_not_known_names_those_that_are(world: World, conflict: Conflict) -> None:
    del conflict.versions[BASE]
    with pytest.raises(GuardError, match="the version 'base' is not known") as caught:
        sides.version(conflict, BASE, world.place, "")
    assert caught.value.remedy.splitlines() == [
        "trinity-guard use --ours d/a.csv", "trinity-guard use --theirs d/a.csv",
    ]  # fmt: skip


def test_of_a_side_that_renamed_both_the_path_is_the_pointers_own(world: World, conflict: Conflict) -> None:
    conflict.versions = {BASE: said("b.csv", "1"), OURS: said("a.csv", "1"), THEIRS: said("b.csv", "3")}
    assert sides.version(conflict, THEIRS, world.place, "") == said("a.csv", "3")


def test_two_changes_of_the_same_have_no_union(world: World, conflict: Conflict) -> None:
    conflict.versions[THEIRS] = said("a.csv", "3")
    with pytest.raises(GuardError, match="there is no union of them"):
        sides.version(conflict, sides.UNION, world.place, "")


def test_a_conflict_is_gone_from_index_and_work_tree(world: World) -> None:
    texts = {stage: said("a.csv", stage) for stage in "123"}
    ids = {}
    for stage, text in texts.items():
        world.repo.write("text", text)
        ids[stage] = world.repo.git("hash-object", "-w", "text").stdout.strip()
    lines = [f"100644 {oid.decode()} {stage}\ta.csv.dvc\n" for stage, oid in ids.items()]
    run("git", "update-index", "--index-info", cwd=world.repo.path, data="".join(lines).encode())
    assert world.repo.git("ls-files", "-u").stdout
    sides.resolve(world.place, {b"a.csv.dvc": texts["2"]}, {b"a.csv.dvc": ids["2"]})
    assert world.repo.git("ls-files", "-u").stdout == b""
    assert index.entries_of([b"a.csv.dvc"])[b"a.csv.dvc"].oid == ids["2"]
    assert world.repo.file("a.csv.dvc").read_bytes() == texts["2"]
    sides.resolve(world.place, {b"a.csv.dvc": None}, {})
    assert not index.entries_of([b"a.csv.dvc"])
    assert not world.repo.file("a.csv.dvc").exists()
