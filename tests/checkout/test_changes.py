"""Which pointers moved, between commits and since the last time; what a sync that was cut short came from."""

from __future__ import annotations

import os

import pytest

from tests.checkout.conftest import World
from trinity_guard.checkout import changes
from trinity_guard.checkout.changes import Stamp


def committed(world: World, **files: bytes | None) -> bytes:
    for name, data in files.items():
        path = name.replace("_", ".")
        if data is None:
            world.repo.git("rm", "-q", path)
        else:
            world.repo.stage(path, data)
    world.repo.commit()
    return world.repo.head().encode()


def test_between_two_commits_pointers_and_locks_alone_count_with_their_former_blobs(world: World) -> None:
    old = committed(world, a_dvc=b"1\n", gone_dvc=b"1\n", dvc_lock=b"1\n", code_py=b"1\n", same_dvc=b"1\n")
    blob = world.repo.git("rev-parse", "HEAD:a.dvc").stdout.strip()
    new = committed(world, a_dvc=b"2\n", gone_dvc=None, dvc_lock=b"2\n", code_py=b"2\n", new_dvc=b"1\n")
    found = changes.between(old, new)
    assert found == {b"a.dvc": [blob], b"gone.dvc": [blob], b"dvc.lock": [blob], b"new.dvc": []}
    assert changes.between(new, new) == {}


def test_a_link_that_stood_in_a_pointer_s_place_names_no_bytes(world: World) -> None:
    world.repo.file("a.dvc").symlink_to("elsewhere")
    world.repo.git("add", "a.dvc")
    world.repo.commit()
    old = world.repo.head().encode()
    world.repo.file("a.dvc").unlink()
    assert changes.between(old, committed(world, a_dvc=b"1\n")) == {b"a.dvc": []}


@pytest.mark.parametrize("name", ["é.dvc", "new\nline.dvc", "sub/dvc.lock", "-x.dvc"])
def test_any_name_is_read(world: World, name: str) -> None:
    old = world.repo.head().encode()
    world.repo.stage(name, b"1\n")
    world.repo.commit()
    assert list(changes.between(old, world.repo.head().encode())) == [name.encode()]


def test_what_was_written_since_a_moment_is_touched(world: World) -> None:
    for name in ("one.dvc", "two.dvc"):
        world.repo.write(name, b"")
    time = world.repo.file("one.dvc").stat().st_ctime_ns
    assert b"one.dvc" in changes.touched_since(world.place, [b"one.dvc", b"gone.dvc"], time)
    assert changes.touched_since(world.place, [b"one.dvc"], time + 10**12) == []
    assert changes.touched_since(world.place, [b"one.dvc"], None) == []


def test_the_time_is_that_of_the_last_sync_s_beginning_before_it_that_of_init(world: World) -> None:
    stamp = Stamp(world.place)
    assert stamp.time() is None
    world.repo.write(".git/trinity-guard/installed.json", b"{}")
    os.utime(world.repo.file(".git/trinity-guard/installed.json"), ns=(5, 5))
    assert stamp.time() == 5
    stamp.begin()
    os.utime(world.repo.file(".git/trinity-guard/following"), ns=(9, 9))
    assert stamp.time() == 5
    stamp.end()
    assert stamp.time() == 9


def test_a_sync_that_was_cut_short_has_left_where_it_came_from(world: World) -> None:
    stamp = Stamp(world.place)
    commits = [b"1" * 40, b"a" * 64]
    assert stamp.unfinished() == []
    stamp.begin(commits)
    assert Stamp(world.place).unfinished() == commits
    world.repo.write(".git/trinity-guard/following", b"--all\0" + b"1" * 40 + b"\0" + b"Z" * 40 + b"\0")
    assert stamp.unfinished() == [b"1" * 40], "nothing else becomes an argument of Git"
    stamp.end()
    assert stamp.unfinished() == []
