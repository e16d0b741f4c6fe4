"""Artifacts that git-lfs or a pipeline keeps are none of ours, as their own commit says it."""

from __future__ import annotations

from tests.push.conftest import World
from trinity_guard.config import Config
from trinity_guard.detect.patterns import Rules
from trinity_guard.push import contents, others

PIPELINE = b"stages:\n  fit:\n    cmd: x\n    metrics:\n    - scores.csv:\n        cache: %s\n"


def left(world: World, *commits: str) -> list[bytes]:
    """Return the artifacts of these commits that nobody else keeps."""
    found = contents.examine(world.place, Rules(Config()), [c.encode() for c in commits])
    others.left_to_others(world.place, found)
    return [a.entry.path for _, a in found.raw]


def committed(world: World, **files: bytes) -> str:
    for name, data in files.items():
        world.repo.stage(name.replace("_", "."), data)
    world.repo.commit()
    return world.repo.head()


def test_what_git_lfs_keeps_is_left_to_it(world: World) -> None:
    world.repo.stage(".gitattributes", b"big.csv filter=lfs\n")
    assert left(world, committed(world, big_csv=b"a,b\n", other_csv=b"a,b\n")) == [b"other.csv"]


def test_what_its_own_commit_s_pipeline_leaves_to_git_is_left_to_it(world: World) -> None:
    uncached = committed(world, dvc_yaml=PIPELINE % b"false", scores_csv=b"1\n", other_csv=b"1\n")
    assert left(world, uncached) == [b"other.csv"]
    cached = committed(world, dvc_yaml=PIPELINE % b"true", scores_csv=b"2\n")
    assert left(world, cached) == [b"scores.csv"]
    assert set(left(world, cached, uncached)) == {b"scores.csv", b"other.csv"}


def test_a_pipeline_that_nobody_can_read_leaves_nothing_to_git(world: World) -> None:
    assert left(world, committed(world, dvc_yaml=b"stages: [\n", scores_csv=b"1\n")) == [b"scores.csv"]
