"""What the commits of a push hold: every version of every file looked at once, whatever came of it later."""

from __future__ import annotations

import pytest

from tests.helpers.support import Repo, run
from tests.push.conftest import World
from trinity_guard.config import Config
from trinity_guard.detect.patterns import Rules
from trinity_guard.push import contents

PIPELINE = b"stages:\n  fit:\n    cmd: x\n    metrics:\n    - scores.csv:\n        cache: %s\n"
POINTER = b"outs:\n- md5: %s\n  size: 4\n  hash: md5\n  path: a.csv\n"


def examined(world: World, *commits: str) -> contents.PushContents:
    return contents.examine(world.place, Rules(Config()), [c.encode() for c in commits])


def committed(repo: Repo, name: str, data: bytes) -> str:
    repo.stage(name, data)
    repo.commit()
    return repo.head()


def test_an_artifact_is_found_in_the_commit_that_brought_it_though_it_is_gone_from_the_tip(world: World) -> None:
    brought = committed(world.repo, "a.csv", b"a,b\n")
    world.repo.git("rm", "-q", "a.csv")
    world.repo.commit()
    found = examined(world, world.repo.head(), brought)
    assert [(c.decode(), a.entry.path, a.reason) for c, a in found.raw] == [(brought, b"a.csv", "matches *.csv")]


def test_each_version_counts_once_and_a_link_is_no_artifact(world: World) -> None:
    one = committed(world.repo, "a.csv", b"a,b\n")
    two = committed(world.repo, "a.csv", b"c,d\n")
    world.repo.file("link.csv").symlink_to("a.csv")
    world.repo.git("add", "link.csv")
    world.repo.commit()
    three = world.repo.head()
    again = committed(world.repo, "a.csv", b"a,b\n")
    found = examined(world, again, three, two, one)
    assert [(c.decode(), a.entry.path) for c, a in found.raw] == [(again, b"a.csv"), (two, b"a.csv")]


def test_pointers_name_objects_and_those_that_nobody_can_read_are_kept_with_the_reason(world: World) -> None:
    good = committed(world.repo, "a.csv.dvc", POINTER % (b"1" * 32))
    bad = committed(world.repo, "b.csv.dvc", b"outs: 5\n")
    found = examined(world, bad, good)
    assert [(n.md5, n.record, n.commit.decode()) for n in found.named] == [("1" * 32, b"a.csv.dvc", good)]
    assert [(c.decode(), p) for c, p in found.broken] == [(bad, b"b.csv.dvc")]
    assert {e.path for _, e in found.records} == {b"a.csv.dvc", b"b.csv.dvc"}


def test_a_commit_that_leads_the_default_remote_elsewhere_names_all_again(world: World) -> None:
    committed(world.repo, "a.csv.dvc", POINTER % (b"1" * 32))
    moved = committed(world.repo, ".dvc/config", b"[core]\n    remote = s\n['remote \"s\"']\n    url = /elsewhere\n")
    assert [n.md5 for n in examined(world, moved).named] == ["1" * 32]
    other = committed(world.repo, ".dvc/config", b"[core]\n    remote = s\n['remote \"s\"']\n    url = /elsewhere\n#\n")
    assert examined(world, other).named == []


def test_what_another_remote_has_cannot_be_held_back_any_more(world: World) -> None:
    there = committed(world.repo, "a.csv", b"a,b\n")
    run("git", "init", "-q", "--bare", world.repo.path.parent / "there.git")
    world.repo.git("remote", "add", "origin", "../there.git")
    world.repo.git("push", "-q", "origin", "main")
    here = committed(world.repo, "b.csv", b"a,b\n")
    found = examined(world, here, there)
    assert len(found.raw) == 2
    contents.published_elsewhere(found)
    assert [a.entry.path for _, a in found.raw] == [b"b.csv"]
    assert contents.known_elsewhere(found) == {there.encode()}


@pytest.mark.parametrize("name", ["é.csv", "new\nline.csv", "a b.csv", "-x.csv"])
def test_any_name_is_read(world: World, name: str) -> None:
    commit = committed(world.repo, name, b"a,b\n")
    assert [a.entry.path for _, a in examined(world, commit).raw] == [name.encode()]


# --- what others keep


def left(world: World, *commits: str) -> list[bytes]:
    """Return the artifacts of these commits that nobody else keeps."""
    found = contents.examine(world.place, Rules(Config()), [c.encode() for c in commits])
    contents.left_to_others(world.place, found)
    return [a.entry.path for _, a in found.raw]


def committed_all(world: World, **files: bytes) -> str:
    for name, data in files.items():
        world.repo.stage(name.replace("_", "."), data)
    world.repo.commit()
    return world.repo.head()


def test_what_git_lfs_keeps_is_left_to_it(world: World) -> None:
    world.repo.stage(".gitattributes", b"big.csv filter=lfs\n")
    assert left(world, committed_all(world, big_csv=b"a,b\n", other_csv=b"a,b\n")) == [b"other.csv"]


def test_what_its_own_commit_s_pipeline_leaves_to_git_is_left_to_it(world: World) -> None:
    uncached = committed_all(world, dvc_yaml=PIPELINE % b"false", scores_csv=b"1\n", other_csv=b"1\n")
    assert left(world, uncached) == [b"other.csv"]
    cached = committed_all(world, dvc_yaml=PIPELINE % b"true", scores_csv=b"2\n")
    assert left(world, cached) == [b"scores.csv"]
    assert set(left(world, cached, uncached)) == {b"scores.csv", b"other.csv"}


def test_a_pipeline_that_nobody_can_read_leaves_nothing_to_git(world: World) -> None:
    assert left(world, committed_all(world, dvc_yaml=b"stages: [\n", scores_csv=b"1\n")) == [b"scores.csv"]
