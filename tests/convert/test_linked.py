"""Working files that are an object of the cache by a link, parted from it once an edit is recorded."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from tests.helpers.support import Repo
from trinity_guard import git
from trinity_guard.convert import linked
from trinity_guard.convert.outcome import Converted
from trinity_guard.dvcrepo import odb
from trinity_guard.dvcrepo.output import Output, seen_mark
from trinity_guard.git.attributes import Attributes
from trinity_guard.git.index import REGULAR, Entry


def md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


class World:
    """A working file `a.csv`, its former object, and an item that was taken from it."""

    def __init__(self, repo: Repo) -> None:
        self.place = git.place()
        self.cache = odb.Store(self.place.file(b".dvc", b"cache"))
        self.file = repo.file("a.csv")
        self.former = self.put(b"former\n")

    def put(self, data: bytes) -> str:
        stored = self.cache.take([data])
        self.cache.settle()
        return stored.md5

    def object(self, name: str) -> Path:
        return Path(os.fsdecode(self.cache.path(name)))

    def link(self, kind: str) -> None:
        if kind == "hardlink":
            self.file.hardlink_to(self.object(self.former))
        elif kind == "symlink":
            self.file.symlink_to(self.object(self.former))
        else:
            self.file.write_bytes(b"former\n")

    def edit(self, data: bytes) -> None:
        self.object(self.former).chmod(0o644)
        self.file.write_bytes(data)

    def item(self) -> Converted:
        item = Converted(Entry(REGULAR, b"", b"a.csv"), b"", Attributes([b"a.csv"]))
        data = self.file.read_bytes()
        item.md5, item.size, item.mark = md5(data), len(data), seen_mark(self.file.stat())
        item.held = Output(b"a.csv", self.former)
        return item


@pytest.fixture
def world(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.chdir(bare_repo.path)
    return World(bare_repo)


@pytest.mark.parametrize("kind", ["hardlink", "symlink"])
def test_the_damaged_object_goes_and_the_edit_stays(world: World, kind: str) -> None:
    world.link(kind)
    world.edit(b"edited\n")
    item = world.item()
    world.put(b"edited\n")
    linked.part(world.place, world.cache, [item])
    assert not world.object(world.former).exists()
    assert world.file.read_bytes() == b"edited\n"
    assert world.file.is_symlink() == (kind == "symlink")
    assert world.object(item.md5).read_bytes() == b"edited\n"
    assert item.mark == seen_mark(world.file.stat())


@pytest.mark.parametrize("kind", ["hardlink", "symlink", "copy"])
def test_an_object_that_is_what_its_name_says_stays(world: World, kind: str) -> None:
    world.link(kind)
    item = world.item()
    item.md5 = world.put(b"staged before\n")
    item.size = len(b"staged before\n")
    linked.part(world.place, world.cache, [item])
    assert world.object(world.former).read_bytes() == b"former\n"


@pytest.mark.parametrize("kind", ["hardlink", "symlink"])
def test_nothing_goes_while_the_edit_is_not_in_the_cache(world: World, kind: str) -> None:
    world.link(kind)
    world.edit(b"edited\n")
    linked.part(world.place, world.cache, [world.item()])
    assert world.object(world.former).read_bytes() == b"edited\n"


def test_what_was_written_through_a_symlink_since_it_was_read_stays(world: World) -> None:
    world.link("symlink")
    world.edit(b"edited\n")
    item = world.item()
    world.put(b"edited\n")
    world.edit(b"edited again\n")
    linked.part(world.place, world.cache, [item])
    assert world.file.read_bytes() == b"edited again\n"


def test_a_symlink_leads_to_an_object_only_inside_the_cache(world: World, tmp_path: Path) -> None:
    world.link("symlink")
    assert linked.linked_object(world.cache, os.fsencode(world.file)) == os.fsencode(world.object(world.former))
    world.file.unlink()
    (tmp_path / "mine").write_bytes(b"")
    for target in (tmp_path / "mine", world.object("0" * 32)):
        world.file.symlink_to(target)
        assert linked.linked_object(world.cache, os.fsencode(world.file)) == b""
        world.file.unlink()
