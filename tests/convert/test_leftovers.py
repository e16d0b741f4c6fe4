"""The blobs that `git add` left behind are known by name and size as long as Git has them loose."""

from __future__ import annotations

import os

import pytest

from tests.convert.conftest import World
from tests.helpers.support import noise
from trinity_guard.convert import leftovers
from trinity_guard.dvcrepo import standin
from trinity_guard.errors import GuardError


def staged(world: World, name: str, size: int) -> tuple[bytes, bytes]:
    """Stage a file; return its path and blob."""
    world.repo.stage(name, noise(size))
    return name.encode(), world.repo.index()[name.encode()][1]


def size_on_disk(world: World, oid: bytes) -> int:
    name = oid.decode()
    return (world.repo.path / ".git" / "objects" / name[:2] / name[2:]).stat().st_size


def test_the_largest_comes_first_with_its_size_on_disk(world: World) -> None:
    small, large = staged(world, "small.csv", 100), staged(world, "d/é\n.csv", 5000)
    leftovers.note(world.place, [small])
    leftovers.note(world.place, [large, small])
    wanted = [(*item, size_on_disk(world, item[1])) for item in (large, small)]
    assert leftovers.read(world.place) == wanted
    assert wanted[0][2] > 5000


def test_nothing_was_left_where_nothing_was_noted(world: World) -> None:
    assert leftovers.read(world.place) == []


def test_what_git_has_let_go_is_named_no_more_and_forgotten_with_the_next(world: World) -> None:
    gone, kept, new = (staged(world, name, 100) for name in ("a.csv", "b.csv", "c.csv"))
    leftovers.note(world.place, [gone, kept])
    oid = gone[1].decode()
    (world.repo.path / ".git" / "objects" / oid[:2] / oid[2:]).unlink()
    assert [path for path, _, _ in leftovers.read(world.place)] == [b"b.csv"]
    leftovers.note(world.place, [new])
    assert world.own("left-behind").read_bytes() == b"\0".join([*kept, *new, b""])


def test_worktrees_share_the_list_as_they_share_the_objects(world: World) -> None:
    item = staged(world, "a.csv", 100)
    leftovers.note(world.place, [item])
    world.place.git_dir = os.fsencode(world.repo.path / ".git" / "worktrees" / "other")
    assert [path for path, _, _ in leftovers.read(world.place)] == [b"a.csv"]


@pytest.mark.parametrize("damage", [b"half", b"a.csv\0", b"\xff\0\xff\0\xff\0"])
def test_a_damaged_list_is_begun_anew(world: World, damage: bytes) -> None:
    item = staged(world, "a.csv", 100)
    world.own("").mkdir()
    world.own("left-behind").write_bytes(damage)
    assert leftovers.read(world.place) == []
    leftovers.note(world.place, [item])
    assert [path for path, _, _ in leftovers.read(world.place)] == [b"a.csv"]


def test_a_list_that_cannot_be_written_or_read_stops_no_commit_but_is_said_to_who_asks(world: World) -> None:
    item = staged(world, "a.csv", 100)
    world.own("left-behind").mkdir(parents=True)
    leftovers.note(world.place, [item])
    with pytest.raises(GuardError, match="left-behind"):
        leftovers.read(world.place)


def stand_ins(world: World, count: int) -> list[bytes]:
    """Have Git keep so many stand-ins, loose; return their texts."""
    texts = [standin.encode(f"{number:032x}", number) for number in range(count)]
    return [world.repo.stage(f"d/{number}.csv", text, raw=True) for number, text in enumerate(texts)]


def loose(world: World) -> int:
    return int(world.repo.git("count-objects").stdout.split()[0])


def test_many_stand_ins_are_packed_and_all_are_there(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = stand_ins(world, 3)
    before = loose(world)
    monkeypatch.setattr(leftovers, "WORTH_A_PACK", 3)
    leftovers.pack(world.place, 3)
    assert loose(world) == before, "Git does not mind so few"
    monkeypatch.setattr(leftovers, "CROWDED", -1)
    leftovers.pack(world.place, 0)
    assert loose(world) == before, "a command that brings none looks at none"
    leftovers.pack(world.place, 1)
    assert loose(world) == before - 3, "those of earlier commands go along, and nothing else"
    assert [world.repo.git("cat-file", "blob", f":d/{i}.csv").stdout for i in range(3)] == texts
    world.repo.git("fsck", "--strict")


def test_what_others_crowd_is_left_to_them(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_ins(world, 2)
    staged(world, "a.csv", 100)
    before = loose(world)
    monkeypatch.setattr(leftovers, "CROWDED", -1)
    monkeypatch.setattr(leftovers, "WORTH_A_PACK", 3)
    leftovers.pack(world.place, 2)
    assert loose(world) == before


def test_of_what_others_crowd_one_folder_is_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """At each `git add`, of a hundred thousand objects."""
    monkeypatch.setattr(leftovers, "CROWDED", -1)
    read: list[bytes] = []
    names = leftovers._names

    def noting(folder: bytes, first: bytes) -> list[bytes]:
        read.append(first)
        return names(folder, first)

    monkeypatch.setattr(leftovers, "_names", noting)
    leftovers.pack(world.place, 1)
    assert set(read) == {leftovers.SAMPLE}


def test_objects_that_are_kept_elsewhere_are_not_looked_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leftovers, "WORTH_A_PACK", 1)
    monkeypatch.setattr(leftovers, "CROWDED", -1)
    stand_ins(world, 1)
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", os.fspath(world.repo.file(".git/objects")))
    leftovers.pack(world.place, 1)
    assert not list(world.repo.file(".git/objects/pack").iterdir())


def test_of_an_empty_file_nothing_is_left_behind(world: World) -> None:
    leftovers.note(world.place, [staged(world, "empty.csv", 0), staged(world, "a.csv", 100)])
    assert [path for path, _, _ in leftovers.read(world.place)] == [b"a.csv"]
