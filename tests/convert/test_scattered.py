"""Pointers where one for the folder may be wanted: stopped once, and the line of the config that says which."""

from __future__ import annotations

import os

import pytest

from tests.convert.conftest import World
from tests.helpers.support import run
from trinity_guard import config
from trinity_guard.convert import convert as conversion
from trinity_guard.convert import scattered
from trinity_guard.detect import configuration
from trinity_guard.detect.inspect import is_bookkeeping
from trinity_guard.detect.patterns import Rules
from trinity_guard.errors import GuardError
from trinity_guard.git import index


def stage(world: World, folder: str, count: int) -> list[bytes]:
    for number in range(count):
        world.repo.write(f"{folder}{number}.csv", b"%d\n" % number)
    world.repo.git("add", "-f", ".")
    return [e.path for e in index.entries(".") if e.path.endswith(b".csv")]


def convert(world: World) -> list[bytes]:
    rules = Rules(configuration.read(world.place.top))
    entries = [e for e in index.entries(".") if rules.named(e.path) and not is_bookkeeping(e.path)]
    outcome = conversion.convert(world.place, world.catalog(), entries, rules=rules)
    return [item.pointer for item in outcome.converted]


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scattered, "MAX_POINTERS", 3)


def test_two_hundred_pointers_in_a_folder_are_what_a_person_may_want() -> None:
    assert scattered.MAX_POINTERS == 200


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize(
    ("folder", "problem"),
    [
        ("d/", "d/ would get 4 pointers, one for each file."),
        ("top/d e/", "top/d e/ would get 4 pointers, one for each file."),
        ('é "q"\\#/[x]/', 'é "q"\\#/[x]/ would get 4 pointers, one for each file.'),
    ],
)
@pytest.mark.parametrize("choice", [0, 1])
def test_it_stops_once_and_either_line_that_it_prints_settles_it(
    world: World, folder: str, problem: str, choice: int
) -> None:
    paths = stage(world, folder, 4)
    before = world.repo.index()
    with pytest.raises(GuardError) as caught:
        convert(world)
    assert caught.value.problem == problem
    assert world.repo.index() == before
    command = caught.value.remedy.splitlines()[choice].split("     # ")[0]
    run("bash", "-c", command, cwd=world.repo.path)
    whole = os.fsencode(folder[:-1]) + b".dvc"
    assert convert(world) == ([whole] if choice == 0 else [p + b".dvc" for p in paths])


@pytest.mark.usefixtures("few")
def test_three_are_few_and_so_are_those_that_are_there_already(world: World) -> None:
    stage(world, "d/", 3)
    assert len(convert(world)) == 3
    stage(world, "d/", 6)
    assert len(convert(world)) == 6


@pytest.mark.usefixtures("few")
def test_at_the_top_there_is_no_folder_to_offer(world: World) -> None:
    stage(world, "", 5)
    assert len(convert(world)) == 5


@pytest.mark.usefixtures("few")
def test_the_innermost_folder_that_holds_so_many_is_meant(world: World) -> None:
    stage(world, "a/b/", 4)
    stage(world, "a/c/", 2)
    with pytest.raises(GuardError, match=r"^a/b/ would get 4 pointers, one for each file\.$"):
        convert(world)
    stage(world, "a/c/", 4)
    with pytest.raises(GuardError, match=r"^a/b/ would get 4 pointers, a/c/ would get 4 pointers, one") as caught:
        convert(world)
    assert """'folders = ["/a/b/", "/a/c/"]'""" in caught.value.remedy


@pytest.mark.parametrize("choice", [0, 1])
def test_pointers_inside_a_dataset_are_asked_about(world: World, choice: int) -> None:
    world.repo.stage("data/t.parquet/year=1/x.parquet", b"PAR1")
    with pytest.raises(
        GuardError, match=r"^data/t.parquet/ is a dataset by its name: .*year=1/x.parquet.dvc"
    ) as caught:
        convert(world)
    run("bash", "-c", caught.value.remedy.splitlines()[choice].split("     # ")[0], cwd=world.repo.path)
    pointer = b"data/t.parquet.dvc" if choice == 0 else b"data/t.parquet/year=1/x.parquet.dvc"
    assert convert(world) == [pointer]
    # The answer is for all datasets of this kind.
    world.repo.stage("other.parquet/x.parquet", b"PAR1")
    assert convert(world) == [b"other.parquet.dvc" if choice == 0 else b"other.parquet/x.parquet.dvc"]


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        (config.OWN_FILE, 'folders = ["*.zarr/"]\n', "in .trinity-guard.toml, write one of:"),
        (config.OWN_FILE, 'push = "off"\n[min-size]\n"*.x" = "0"\n', "in .trinity-guard.toml, write one of:"),
        (config.OWN_FILE, 'push = "off"', "in .trinity-guard.toml, write one of:"),
        (config.PYPROJECT, "[tool.trinity-guard]\n", "in pyproject.toml, below [tool.trinity-guard], write one of:"),
    ],
)
def test_where_a_line_at_the_end_would_be_wrong_the_key_is_shown(
    world: World, name: str, text: str, words: str
) -> None:
    world.repo.write(name, text.encode())
    stage(world, "d/", 4)
    with pytest.raises(GuardError) as caught:
        convert(world)
    first, whole, apart = caught.value.remedy.splitlines()
    before = '"*.zarr/", ' if "zarr" in text else ""
    assert first == words
    assert whole.startswith(f'folders = [{before}"/d/"]     # ')
    assert apart.startswith(f'folders = [{before}"!/d/"]     # ')
