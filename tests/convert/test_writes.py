"""Blobs get into Git's store byte for byte, whatever Git's filters would make of a file, and leave no litter."""

from __future__ import annotations

import os

import pytest

from tests.convert.conftest import World
from trinity_guard import git
from trinity_guard.convert.writes import write_blobs

CONTENTS = [b"", b"one\r\ntwo\r\n", b"\0\xff", b"x" * 70_000, b"one\r\ntwo\r\n", b"no newline"]


def stored(ids: list[bytes]) -> list[bytes | None]:
    return git.read_all(ids)


def test_what_is_written_is_read_back_in_its_order(world: World) -> None:
    ids = write_blobs(world.place, CONTENTS)
    assert stored(ids) == CONTENTS
    assert ids[1] == ids[4]


def test_no_filter_touches_the_bytes(world: World) -> None:
    world.repo.git("config", "core.autocrlf", "input")
    world.repo.write(".gitattributes", b"* text=auto\n")
    assert stored(write_blobs(world.place, CONTENTS)) == CONTENTS


def test_nothing_stays_in_the_git_dir(world: World) -> None:
    write_blobs(world.place, CONTENTS)
    assert list(world.own("").iterdir()) == []


def test_nothing_stays_when_git_fails(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", "/proc/none")
    with pytest.raises(Exception, match="hash-object"):
        write_blobs(world.place, CONTENTS)
    assert list(world.own("").iterdir()) == []


def test_a_git_dir_with_a_newline_in_its_name_works(world: World) -> None:
    world.place.git_dir = os.fsencode(world.repo.path / "new\nline")
    assert stored(write_blobs(world.place, CONTENTS)) == CONTENTS
    assert not world.repo.file("new\nline").exists()
