"""What waits in a linked work tree outlives it: kept in the shared git dir, brought back, let go when it arrived."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.push.conftest import World
from trinity_guard import git
from trinity_guard.dvcrepo import odb
from trinity_guard.push import worktree_cache


@pytest.fixture
def linked(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """The same world, in a linked work tree with a cache of its own."""
    path = world.repo.path.parent / "linked"
    world.repo.git("worktree", "add", "-q", str(path), "-b", "other")
    monkeypatch.chdir(path)
    world.place = git.place()
    world.cache = odb.Store(os.fsencode(path / ".dvc" / "cache"))
    return world


def test_what_waits_is_kept_and_comes_back_into_another_cache(linked: World) -> None:
    item = linked.hold(b"one")
    worktree_cache.keep(linked.place, [item])
    linked.cached(item).unlink()
    other = odb.Store(os.fsencode(linked.repo.path / ".dvc" / "cache"))
    worktree_cache.bring_back(linked.place, other, [item])
    assert other.holds(item.md5)
    worktree_cache.let_go(linked.place, [item])
    assert worktree_cache.safe(linked.place).size(item.md5) is None
    assert other.holds(item.md5)


def test_a_directory_is_kept_with_its_files(linked: World) -> None:
    one, two = linked.hold(b"a"), linked.hold(b"b")
    folder = linked.hold_folder(one, two)
    worktree_cache.keep(linked.place, [folder])
    for item in (one, two, folder):
        linked.cached(item).unlink()
    worktree_cache.bring_back(linked.place, linked.cache, [folder])
    for item in (one, two, folder):
        assert linked.cache.holds(item.md5)
    worktree_cache.let_go(linked.place, [folder])
    assert worktree_cache.safe(linked.place).size(one.md5) is None


def test_what_is_nowhere_is_no_error(linked: World) -> None:
    lost = linked.named("0" * 32)
    worktree_cache.keep(linked.place, [lost])
    worktree_cache.bring_back(linked.place, linked.cache, [lost])
    worktree_cache.let_go(linked.place, [lost])


def test_the_main_work_tree_keeps_nothing_twice(world: World) -> None:
    worktree_cache.keep(world.place, [world.hold(b"one")])
    assert not Path(os.fsdecode(worktree_cache.safe(world.place).folder)).exists()
