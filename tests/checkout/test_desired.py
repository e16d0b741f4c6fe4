"""What pointers, locks and directories' lists ask for; none leads out of its project, none that DVC does not keep."""

from __future__ import annotations

import json
import os

import pytest

from tests.checkout.conftest import World
from trinity_guard.checkout import desired
from trinity_guard.dvcrepo.output import LEGACY
from trinity_guard.errors import GuardError

MD5 = "1" * 32


def asked(data: str, path: bytes = b"sub/a.dvc") -> list[tuple[bytes, str, int, str, bool, bool]]:
    goals = desired.outputs(path, data.encode(), None, b"")
    return [(g.path, g.name, g.object_size, g.remote, g.isexec, g.is_dir) for g in goals]


def out(path: str = "a", **more: object) -> str:
    lines = {"md5": MD5, "size": 5, "hash": "md5", "path": path} | more
    return "outs:\n- " + "\n  ".join(f"{k}: {v}" for k, v in lines.items() if v is not None) + "\n"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (out(), [(b"sub/a", MD5, 5, "", False, False)]),
        (out(isexec="true", remote="other"), [(b"sub/a", MD5, 5, "other", True, False)]),
        (out(size=None), [(b"sub/a", MD5, -1, "", False, False)]),
        (out(hash=None), [(b"sub/a", LEGACY + MD5, -1, "", False, False)]),
        (out(md5=f"{MD5}.dir"), [(b"sub/a", f"{MD5}.dir", -1, "", False, True)]),
        (out(cache="false"), []),
        (out(md5=None, cache="false"), []),
        ("wdir: ..\n" + out(), [(b"a", MD5, 5, "", False, False)]),
    ],
)
def test_a_pointer_asks_for_what_dvc_keeps(data: str, expected: list[tuple[object, ...]]) -> None:
    assert asked(data) == expected


@pytest.mark.parametrize("path", ["../../a", "/etc/passwd", ".git/hooks/x", "a/../../../b"])
def test_a_pointer_that_leads_out_of_bounds_is_refused(path: str) -> None:
    try:
        found = asked(out(path))
    except GuardError:
        return
    assert found == [], "an external output is none of ours"


def test_only_an_ordinary_file_of_the_work_tree_is_read(world: World) -> None:
    world.repo.write("a.dvc", b"outs: []\n")
    world.repo.file("link.dvc").symlink_to("a.dvc")
    world.repo.file("folder.dvc").mkdir()
    os.mkfifo(world.repo.file("pipe.dvc"))
    assert desired.read_working(world.place.top, b"a.dvc") == b"outs: []\n"
    for name in (b"link.dvc", b"folder.dvc", b"pipe.dvc", b"none.dvc", b"a.dvc/deeper.dvc"):
        assert desired.read_working(world.place.top, name) is None


# --- directories


def listed(world: World, *entries: object) -> str:
    return world.hold(json.dumps(entries).encode(), ".dir")


def test_a_directory_is_its_files_with_the_pointer_s_own_facts(world: World) -> None:
    goal = world.goal(b"set", listed(world, {"md5": MD5, "relpath": "é/b"}, {"md5": "2" * 32, "relpath": "a"}))
    goal.remote = "other"
    members = desired.expand(world.follower().projects.cache_reader(b""), goal)
    assert members
    assert [(m.path, m.md5, m.remote, m.source) for m in members] == [
        ("set/é/b".encode(), MD5, "other", b"set.dvc"),
        (b"set/a", "2" * 32, "other", b"set.dvc"),
    ]


@pytest.mark.parametrize("name", ["../a", "/a", "", "a/../../b", "a.dvc", ".git/config", "a/.GIT/x", "a\0b", "."])
def test_a_list_that_leads_out_of_its_directory_is_refused(world: World, name: str) -> None:
    goal = world.goal(b"set", listed(world, {"md5": MD5, "relpath": "fine"}, {"md5": MD5, "relpath": name}))
    with pytest.raises(GuardError, match="nothing of it was touched"):
        desired.expand(world.follower().projects.cache_reader(b""), goal)


@pytest.mark.parametrize("content", [b"{}", b"5", b"[5]", b'[{"md5": "x", "relpath": "a"}]', b"\xff", b"[" * 10_000])
def test_what_is_no_list_is_refused(world: World, content: bytes) -> None:
    goal = world.goal(b"set", world.hold(content, ".dir"))
    if content == b"{}":
        assert desired.expand(world.follower().projects.cache_reader(b""), goal) == []
        return
    with pytest.raises(GuardError, match="is no list of files"):
        desired.expand(world.follower().projects.cache_reader(b""), goal)


def test_a_list_that_is_not_here_or_not_whole_is_unknown(world: World) -> None:
    reader = world.follower().projects.cache_reader(b"")
    goal = world.goal(b"set", listed(world, {"md5": MD5, "relpath": "a"}))
    assert desired.expand(reader, world.goal(b"set", "0" * 32 + ".dir")) is None
    world.object(goal.md5).chmod(0o644)
    world.object(goal.md5).write_bytes(b"[]")
    assert desired.expand(reader, goal) is None


# --- projects


def test_each_file_belongs_to_the_nearest_project(world: World) -> None:
    world.repo.write("sub/.dvc/config", b"")
    projects = desired.Projects(world.place)
    assert [projects.of(p) for p in (b"a.csv", b"sub/a.csv", b"sub/deep/a.csv")] == [b"", b"sub", b"sub"]


def test_a_linked_work_tree_reads_the_main_one_s_cache_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from trinity_guard import git

    md5 = world.hold(b"one")
    path = world.repo.path.parent / "linked"
    world.repo.git("worktree", "add", "-q", str(path), "-b", "other")
    monkeypatch.chdir(path)
    reader = desired.Projects(git.place()).cache_reader(b"")
    assert reader.find(md5) is not None
    assert reader.own.size(md5) is None


def test_a_cache_that_the_commit_before_named_is_still_looked_into(world: World) -> None:
    world.repo.stage(".dvc/config", b"[cache]\n    dir = old\n")
    world.repo.commit()
    before = world.repo.head().encode()
    world.repo.file(".dvc/config").unlink()
    stores = desired.Projects(world.place, before).cache_reader(b"").stores
    assert [s.folder for s in stores][-1].endswith(b".dvc/old")
    assert len(desired.Projects(world.place).cache_reader(b"").stores) == 1
