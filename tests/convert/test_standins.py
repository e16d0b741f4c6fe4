"""Stand-ins in an index: pointers are made of them without reading, or Git gets the data where it is to keep that."""

from __future__ import annotations

import hashlib
import os

import pytest

from tests.convert.conftest import World, pointer
from trinity_guard.config import Config
from trinity_guard.convert import leftovers, standins
from trinity_guard.detect import inspect
from trinity_guard.detect.patterns import STAND_IN, Rules
from trinity_guard.dvcrepo import standin
from trinity_guard.dvcrepo.odb import Store
from trinity_guard.errors import GuardError
from trinity_guard.git import index

DATA = b"a,b\n1,2\n" * 100


def text_of(data: bytes) -> bytes:
    return standin.encode(hashlib.md5(data).hexdigest(), len(data))


def put(world: World, name: str, data: bytes = DATA) -> bytes:
    """Stage a stand-in as the filter does, with its bytes in the cache; return the object's path."""
    world.repo.stage(name, text_of(data))
    world.repo.write(name, data)
    cache = Store(world.place.file(b".dvc/cache"))
    stored = cache.take([data])
    cache.settle()
    return cache.path(stored.md5)


def artifacts(world: World, rules: Rules) -> list[inspect.Artifact]:
    return inspect.inspect(world.place, rules, index.entries()).artifacts


def test_a_pointer_is_made_without_reading_the_data(world: World) -> None:
    file = put(world, "a.csv")
    before = os.stat(file)  # noqa: PTH116  # a path of bytes
    (item,) = world.convert(b"a.csv").converted
    after = os.stat(file)  # noqa: PTH116
    assert world.staged("a.csv.dvc") == pointer("a.csv", DATA)
    assert b"a.csv" not in world.repo.index()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert not item.newer
    assert leftovers.read(world.place) == []


def test_a_newer_working_file_stays(world: World) -> None:
    put(world, "a.csv")
    world.repo.write("a.csv", b"newer")
    (item,) = world.convert(b"a.csv").converted
    assert item.newer
    assert world.staged("a.csv.dvc") == pointer("a.csv", DATA)
    assert world.working("a.csv") == b"newer"


def test_bytes_that_left_the_cache_are_taken_from_the_working_file_that_has_them(world: World) -> None:
    os.unlink(put(world, "a.csv"))  # noqa: PTH108  # a path of bytes
    world.convert(b"a.csv")
    assert world.repo.cached() == {hashlib.md5(DATA).hexdigest(): DATA}
    assert world.staged("a.csv.dvc") == pointer("a.csv", DATA)


@pytest.mark.parametrize("working", [b"other", DATA[:-1] + b"x"])
def test_bytes_that_are_nowhere_are_refused_and_nothing_is_changed(world: World, working: bytes) -> None:
    os.unlink(put(world, "a.csv"))  # noqa: PTH108
    world.repo.write("a.csv", working)
    before = world.repo.index()
    with pytest.raises(GuardError, match="neither in the DVC cache nor in the work tree") as caught:
        world.convert(b"a.csv")
    assert "git rm -q -f --cached" in caught.value.remedy
    assert world.repo.index() == before


def test_the_text_of_a_stand_in_is_not_added_as_data(world: World) -> None:
    put(world, "a.csv")
    world.repo.git("rm", "-q", "-f", "--cached", "a.csv")
    world.repo.write("a.csv", text_of(DATA))
    world.add(b"a.csv")
    assert world.staged("a.csv.dvc") == pointer("a.csv", DATA)


def test_a_damaged_one_is_refused(world: World) -> None:
    world.repo.stage("a.csv", b"<<<<<<< ours\n".join([standin.MARK + b"1\n", text_of(DATA)]))
    with pytest.raises(GuardError, match="that nobody can read"):
        world.convert(b"a.csv")


def test_one_that_a_pipeline_leaves_to_git_gets_its_data_back(world: World) -> None:
    put(world, "m.csv")
    world.repo.stage("dvc.yaml", b"stages:\n  s:\n    cmd: make\n    metrics:\n    - m.csv:\n        cache: false\n")
    outcome = world.convert(b"m.csv")
    assert outcome.remarks == [("m.csv is left to Git, which has its data now.", "")]
    assert world.staged("m.csv") == DATA
    assert not world.repo.file("m.csv.dvc").exists()


@pytest.mark.parametrize(
    ("config", "back"),
    [
        (Config(), False),
        (Config(exclude=("*.csv",)), True),
        (Config(min_size=10_000), True),
        (Config(patterns=("*.pkl",)), True),
    ],
)
def test_what_is_no_artifact_by_now_is_staged_as_it_is(world: World, config: Config, back: bool) -> None:
    put(world, "a.csv")
    rules = Rules(config)
    found = artifacts(world, rules)
    assert [(a.entry.path, a.reason, a.size) for a in found] == [(b"a.csv", STAND_IN, len(DATA))]
    left = standins.give_back(world.place, rules, world.catalog(), found)
    assert [a.entry.path for a in left] == ([] if back else [b"a.csv"])
    assert (world.staged("a.csv") == DATA) == back


def test_one_that_is_too_large_by_now_is_refused(world: World) -> None:
    put(world, "a.csv")
    rules = Rules(Config(patterns=("*.pkl",), max_size=10))
    with pytest.raises(GuardError, match="too large for Git"):
        standins.give_back(world.place, rules, world.catalog(), artifacts(world, rules))


def test_the_data_is_staged_in_place_of_each(world: World) -> None:
    put(world, "a.csv")
    put(world, "d/b.csv", b"other")
    world.repo.stage("code.py", b"x = 1\n")
    done = standins.restore(world.place, index.entries())
    assert done == [b"a.csv", b"d/b.csv"]
    assert (world.staged("a.csv"), world.staged("d/b.csv")) == (DATA, b"other")


def test_nothing_is_staged_where_the_data_of_one_is_gone(world: World) -> None:
    put(world, "a.csv")
    os.unlink(put(world, "b.csv", b"other"))  # noqa: PTH108
    with pytest.raises(GuardError, match=r"b\.csv"):
        standins.restore(world.place, index.entries())
    assert world.staged("a.csv") == text_of(DATA)
