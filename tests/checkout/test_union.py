"""Two versions of a directory become one where they changed different files."""

from __future__ import annotations

import json

import pytest

from tests.checkout.conftest import World
from trinity_guard.checkout import union
from trinity_guard.checkout.apply import Fetcher
from trinity_guard.dvcrepo.output import Output
from trinity_guard.errors import GuardError

Files = dict[str, bytes]


def output(world: World, files: Files | None) -> Output | None:
    if files is None:
        return None
    found = world.goal(b"d", world.hold_folder(**files), sum(map(len, files.values())))
    found.nfiles = len(files)
    return found.settle()


def united(world: World, ours: Files, base: Files | None, theirs: Files) -> dict[str, object] | None:
    follower = world.follower()
    mine, before, other = (output(world, side) for side in (ours, base, theirs))
    assert mine is not None
    assert other is not None
    return union.united(follower, Fetcher(follower, ""), mine, before, other)


@pytest.mark.parametrize(
    ("ours", "base", "theirs", "merged"),
    [
        ({"a": b"1", "b": b"22"}, {"a": b"1"}, {"a": b"1", "c": b"333"}, {"a": b"1", "b": b"22", "c": b"333"}),
        ({"a": b"1"}, {"a": b"1", "b": b"2"}, {"a": b"11", "b": b"2"}, {"a": b"11"}),
        ({"a": b"1", "n": b"55555"}, {"a": b"1"}, {"n": b"55555"}, {"n": b"55555"}),
        ({"a": b"1"}, None, {"b": b"2"}, {"a": b"1", "b": b"2"}),
        ({"a": b"1"}, None, {"a": b"1", "b": b"2"}, {"a": b"1", "b": b"2"}),
        ({}, {"a": b"1"}, {"a": b"1", "x_y": b"7"}, {"x_y": b"7"}),
    ],
)
def test_what_each_side_changed_is_in_it(
    world: World, ours: Files, base: Files | None, theirs: Files, merged: Files
) -> None:
    expected = world.hold_folder(**dict(sorted(merged.items())))
    size = sum(map(len, merged.values()))
    found = united(world, ours, base, theirs)
    assert found == {"md5": expected, "size": size, "nfiles": len(merged), "hash": "md5"}
    assert {e["relpath"] for e in json.loads(world.object(expected).read_bytes())} == {
        name.replace("_", "/") for name in merged
    }


@pytest.mark.parametrize(
    ("ours", "base", "theirs"),
    [
        ({"a": b"2"}, {"a": b"1"}, {"a": b"3"}),
        ({}, {"a": b"1"}, {"a": b"3"}),
        ({"a": b"2"}, None, {"a": b"3"}),
        ({"a": b"2"}, {}, {"a_b": b"3"}),
    ],
)
def test_what_both_changed_is_nobody_s_to_decide(world: World, ours: Files, base: Files | None, theirs: Files) -> None:
    assert united(world, ours, base, theirs) is None


def test_a_list_that_nobody_has_is_an_error(world: World) -> None:
    follower = world.follower()
    here = output(world, {"a": b"1"})
    assert here is not None
    gone = world.goal(b"d", "0" * 32 + ".dir", 1).settle()
    with pytest.raises(GuardError, match=r"no DVC remote is set"):
        union.united(follower, Fetcher(follower, ""), here, None, gone)


def test_dvc_itself_takes_the_union_for_its_own(world: World) -> None:
    """What DVC says of a folder with these files is what was written."""
    found = united(world, {"b_c": b"1", "ä": b"2"}, {}, {"b.c": b"3"})
    assert found is not None
    for name, data in {"b/c": b"1", "ä": b"2", "b.c": b"3"}.items():
        world.repo.write(f"d/{name}", data)
    world.repo.dvc("add", "-q", "d")
    text = world.repo.file("d.dvc").read_text()
    assert text == (f"outs:\n- md5: {found['md5']}\n  size: 3\n  nfiles: 3\n  hash: md5\n  path: d\n")
