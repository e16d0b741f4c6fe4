"""Blobs get into Git's store byte for byte, whatever Git's filters would make of a file, and leave no litter."""

from __future__ import annotations

import os

import pytest

from tests.convert.conftest import World
from trinity_guard import git
from trinity_guard.convert.writes import PACKED, write_blobs

FEW = [b"", b"one\r\ntwo\r\n", b"\0\xff", b"x" * 70_000, b"one\r\ntwo\r\n", b"no newline"]
MANY = [*FEW, *(b"outs: %d\n" % i for i in range(PACKED))]
both = pytest.mark.parametrize("contents", [FEW, MANY], ids=["few", "many"])


def stored(ids: list[bytes]) -> list[bytes | None]:
    return git.read_all(ids)


@both
def test_what_is_written_is_read_back_in_its_order(world: World, contents: list[bytes]) -> None:
    ids = write_blobs(world.place, contents)
    assert stored(ids) == contents
    assert ids[1] == ids[4]


@both
def test_no_filter_touches_the_bytes(world: World, contents: list[bytes]) -> None:
    world.repo.git("config", "core.autocrlf", "input")
    world.repo.write(".gitattributes", b"* text=auto\n")
    assert stored(write_blobs(world.place, contents)) == contents


@both
def test_nothing_stays_in_the_git_dir(world: World, contents: list[bytes]) -> None:
    write_blobs(world.place, contents)
    assert list(world.own("").iterdir()) == []


@both
def test_nothing_stays_when_git_fails(world: World, contents: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", "/proc/none")
    with pytest.raises(Exception, match=r"hash-object|index-pack"):
        write_blobs(world.place, contents)
    assert list(world.own("").iterdir()) == []


def test_a_git_dir_with_a_newline_in_its_name_works(world: World) -> None:
    world.place.git_dir = os.fsencode(world.repo.path / "new\nline")
    assert stored(write_blobs(world.place, FEW)) == FEW
    assert not world.repo.file("new\nline").exists()


def test_many_blobs_are_one_pack_and_no_loose_objects(world: World) -> None:
    objects = world.repo.file(".git/objects")
    before = {path for path in objects.rglob("*") if path.is_file()}
    write_blobs(world.place, MANY)
    new = {path for path in objects.rglob("*") if path.is_file()} - before
    assert {path.suffix for path in new} <= {".pack", ".idx", ".rev"}
    assert sum(path.suffix == ".pack" for path in new) == 1


def test_few_blobs_make_no_pack(world: World) -> None:
    write_blobs(world.place, FEW)
    assert not list(world.repo.file(".git/objects/pack").glob("*.pack"))
