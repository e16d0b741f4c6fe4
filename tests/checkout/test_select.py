"""Which artifacts some paths mean: data, pointer, folder, or a file in a directory; a path that means none is said."""

from __future__ import annotations

import pytest

from tests.checkout.conftest import World
from trinity_guard.checkout.select import PathSelection
from trinity_guard.dvcrepo.output import Output
from trinity_guard.errors import GuardError


@pytest.fixture
def goals(world: World) -> list[Output]:
    files = [world.goal(name, "1" * 32) for name in (b"a.csv", b"sub/b.csv", b"sub/deep/c.csv", b"subway.csv")]
    return [*files, world.goal(b"set", "2" * 32 + ".dir")]


@pytest.mark.parametrize(
    ("paths", "meant"),
    [
        ([], [b"a.csv", b"sub/b.csv", b"sub/deep/c.csv", b"subway.csv", b"set"]),
        ([b""], [b"a.csv", b"sub/b.csv", b"sub/deep/c.csv", b"subway.csv", b"set"]),
        ([b"a.csv"], [b"a.csv"]),
        ([b"a.csv.dvc"], [b"a.csv"]),
        ([b"sub"], [b"sub/b.csv", b"sub/deep/c.csv"]),
        ([b"sub/deep", b"a.csv", b"sub/deep/c.csv"], [b"sub/deep/c.csv", b"a.csv"]),
        ([b"set"], [b"set"]),
        ([b"set/in/it"], [b"set"]),
    ],
)
def test_paths_mean_what_lies_at_or_below_them(goals: list[Output], paths: list[bytes], meant: list[bytes]) -> None:
    assert [g.path for g in PathSelection(paths).goals(goals, "here")] == meant


@pytest.mark.parametrize("path", [b"b.csv", b"su", b"a.csv/deeper", b"a.cs"])
def test_a_path_that_means_none_is_said(goals: list[Output], path: bytes) -> None:
    with pytest.raises(GuardError, match=f"in HEAD no pointer names {path.decode()}") as caught:
        PathSelection([b"a.csv", path]).goals(goals, "in HEAD")
    assert caught.value.remedy == "trinity-guard status"


def test_of_a_directory_only_the_named_files_are_meant(world: World) -> None:
    one, two = world.goal(b"set/one", "1" * 32), world.goal(b"set/in/two", "1" * 32)
    for member in (one, two):
        member.source = b"set.dvc"
    assert [PathSelection([b"set/in"]).file(g) for g in (one, two)] == [False, True]
    assert [PathSelection([b"set"]).file(g) for g in (one, two)] == [True, True]
    assert [PathSelection([b"set.dvc"]).file(g) for g in (one, two)] == [True, True]
    assert PathSelection([]).file(one)
