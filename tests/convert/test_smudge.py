"""What a checkout writes in place of a stand-in, and that all else stays as it is."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator

import pytest

from tests.convert.conftest import World
from trinity_guard.convert.smudge import Smudger
from trinity_guard.dvcrepo import standin
from trinity_guard.dvcrepo.odb import Store
from trinity_guard.errors import GuardError
from trinity_guard.remotes.trust import Untrusted

DATA = os.urandom(3000)
MD5 = hashlib.md5(DATA).hexdigest()
TEXT = standin.encode(MD5, len(DATA))


def smudged(world: World, text: bytes) -> bytes | None:
    pieces: Iterator[memoryview] = iter([memoryview(text[i : i + 50]) for i in range(0, len(text), 50)])
    answer = Smudger(world.place).smudge(b"d/a.csv", pieces)
    return None if answer is None else b"".join(answer)


def put(folder: bytes, data: bytes = DATA) -> None:
    store = Store(folder)
    store.take([data])
    store.settle()


@pytest.mark.parametrize("text", [TEXT, TEXT.replace(b"\n", b"\r\n")])
@pytest.mark.parametrize("where", [b".dvc/cache", b".git/trinity-guard/cache"])
def test_the_bytes_come_from_a_cache_that_has_them(world: World, text: bytes, where: bytes) -> None:
    put(world.place.file(where))
    assert smudged(world, text) == DATA


@pytest.mark.parametrize("text", [b"", b"a,b\n", TEXT[:-1], TEXT + b"more", DATA, os.urandom(100_000)])
def test_all_that_is_no_stand_in_stays(world: World, text: bytes) -> None:
    put(world.place.file(b".dvc/cache"))
    assert smudged(world, text) is None


def test_bytes_that_are_not_here_are_named(world: World) -> None:
    with pytest.raises(GuardError, match=r"d/a\.csv: its data is in no cache here"):
        smudged(world, TEXT)


def test_a_damaged_object_ends_in_an_error(world: World) -> None:
    put(world.place.file(b".dvc/cache"))
    path = Store(world.place.file(b".dvc/cache")).path(MD5)
    os.chmod(path, 0o644)  # noqa: PTH101  # a path of bytes
    with open(path, "r+b") as file:  # noqa: PTH123  # the same
        file.write(b"other")
    with pytest.raises(GuardError, match="damaged"):
        smudged(world, TEXT)


def test_a_cache_that_a_clone_leads_elsewhere_is_not_read(
    world: World, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    put(os.fsencode(elsewhere))
    world.repo.stage(".dvc/config", f"[cache]\n    dir = {elsewhere}\n".encode())
    with pytest.raises(Untrusted):
        smudged(world, TEXT)
