"""Working files are put whole or not at all, by the cache's kind of link, and no last copy of any bytes is touched."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

import pytest

from tests.checkout.conftest import World
from trinity_guard.checkout import workfiles
from trinity_guard.checkout.workfiles import CacheReader, Damaged, StagingDir, WorkTree
from trinity_guard.dvcrepo import odb
from trinity_guard.dvcrepo.output import LEGACY
from trinity_guard.errors import GuardError


def put(world: World, md5: str, name: str = "a.csv", types: tuple[str, ...] = ("copy",), isexec: bool = False) -> Path:
    """Put an object into the work tree."""
    target = world.repo.file(name)
    staging = StagingDir(os.fsencode(world.repo.path), types)
    try:
        staging.put(os.fsencode(world.object(md5)), md5, os.fsencode(target), isexec)
    finally:
        staging.close()
    return target


def leftovers(world: World) -> list[Path]:
    return list(world.repo.file(".dvc/tmp").rglob("trinity-guard-tmp*"))


# --- putting


@pytest.mark.parametrize("isexec", [False, True])
@pytest.mark.parametrize("types", [("copy",), ("hardlink",), ("symlink",), ("reflink", "copy"), ()])
@pytest.mark.parametrize("content", [b"", b"a,b\n"])
def test_every_kind_of_link_gives_the_object_s_bytes(
    world: World, types: tuple[str, ...], isexec: bool, content: bytes
) -> None:
    target = put(world, world.hold(content), types=types, isexec=isexec)
    assert target.read_bytes() == content
    assert bool(target.stat().st_mode & 0o100) == isexec
    assert leftovers(world) == []
    if types in (("copy",), ()):
        assert target.stat().st_mode & 0o200, "its owner may write a copy"
    if types == ("hardlink",) and content:
        assert target.stat().st_nlink == 2
    if types == ("symlink",):
        assert target.is_symlink()


@pytest.mark.parametrize("types", [("copy",), ("hardlink",), ("symlink",)])
def test_a_damaged_object_replaces_nothing(world: World, types: tuple[str, ...]) -> None:
    md5 = world.hold(b"good")
    world.object(md5).chmod(0o644)
    world.object(md5).write_bytes(b"evil")
    world.repo.write("a.csv", b"mine")
    with pytest.raises(Damaged) as caught:
        put(world, md5, types=types)
    assert caught.value.path == os.fsencode(world.object(md5))
    assert world.repo.file("a.csv").read_bytes() == b"mine"
    assert leftovers(world) == []


def test_what_was_there_is_replaced_in_one_step(world: World) -> None:
    world.repo.write("a.csv", b"old")
    with world.repo.file("a.csv").open("rb") as reading:
        put(world, world.hold(b"new"))
        assert reading.read() == b"old"
    assert world.repo.file("a.csv").read_bytes() == b"new"


def test_a_way_that_does_not_work_here_is_not_tried_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[bytes] = []

    def refuse(source: bytes, name: bytes) -> None:
        tries.append(name)
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    staging = StagingDir(os.fsencode(world.repo.path), ("hardlink",))
    for name in ("a.csv", "b.csv"):
        md5 = world.hold(name.encode())
        staging.put(os.fsencode(world.object(md5)), md5, os.fsencode(world.repo.file(name)), False)
        assert world.repo.file(name).read_bytes() == name.encode()
    assert len(tries) == 1


def test_too_many_links_to_one_object_are_no_reason_for_the_next_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(source: bytes, name: bytes) -> None:
        raise OSError(errno.EMLINK, "too many links")

    staging = StagingDir(os.fsencode(world.repo.path), ("hardlink",))
    one, two = world.hold(b"one"), world.hold(b"two")
    with monkeypatch.context() as patched:
        patched.setattr(os, "link", refuse)
        staging.put(os.fsencode(world.object(one)), one, os.fsencode(world.repo.file("a.csv")), False)
    staging.put(os.fsencode(world.object(two)), two, os.fsencode(world.repo.file("b.csv")), False)
    assert world.repo.file("a.csv").stat().st_nlink == 1
    assert world.repo.file("b.csv").stat().st_nlink == 2


def test_an_error_that_no_other_way_mends_is_said(world: World) -> None:
    world.repo.file("a.csv").mkdir()
    with pytest.raises(GuardError, match=r"cannot write .*a\.csv: Is a directory"):
        put(world, world.hold(b"one"))
    assert leftovers(world) == []


def test_a_rename_across_file_systems_is_a_copy_beside_first(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    rename, refused = os.rename, list[bytes]()
    md5 = world.hold(b"one")

    def crossing(source: bytes, target: bytes) -> None:
        if b"trinity-guard-tmp/" in os.fsencode(source) and not refused:
            refused.append(source)
            raise OSError(errno.EXDEV, "another file system")
        rename(source, target)

    monkeypatch.setattr(os, "rename", crossing)
    killed, at_work = world.repo.file(".trinity-guard-killed"), world.repo.file(".trinity-guard-at-work")
    for left, age in ((killed, 3600), (at_work, 0)):
        left.write_bytes(b"on")
        os.utime(left, (time.time() - age,) * 2)
    staging = StagingDir(os.fsencode(world.repo.path), ("hardlink",))
    staging.put(os.fsencode(world.object(md5)), md5, os.fsencode(world.repo.file("a.csv")), False)
    assert refused
    assert world.repo.file("a.csv").read_bytes() == b"one"
    assert list(world.repo.path.glob(".trinity-guard-*")) == [at_work]


# --- what is in their places


@pytest.mark.parametrize(
    ("path", "obstacle"),
    [
        (b"a.csv", ""),
        (b"new/deep/a.csv", ""),
        (b"folder/a.csv", ""),
        (b"file/a.csv", "needs a folder where file is a file"),
        (b"link/a.csv", "lies behind the symlink link"),
        (b"link/deeper/a.csv", "lies behind the symlink link"),
        (b"other/a.csv", "lies in another repository, other"),
    ],
)
def test_what_is_in_the_way_is_said(world: World, path: bytes, obstacle: str) -> None:
    world.repo.write("file", b"")
    world.repo.write("folder/x", b"")
    world.repo.file("link").symlink_to("folder")
    world.repo.write("other/.git", b"gitdir: elsewhere\n")
    assert WorkTree(world.place.top).obstacle(path) == obstacle


def test_a_file_that_is_leaving_is_in_nobody_s_way(world: World) -> None:
    world.repo.write("file", b"")
    world.repo.write("folder/x", b"")
    tree = WorkTree(world.place.top)
    assert not tree.emptied(b"folder")
    tree.leaving.update([b"file", b"folder/x"])
    assert tree.obstacle(b"file/a.csv") == ""
    assert tree.emptied(b"folder")
    world.repo.file("folder/link").symlink_to("/tmp")
    assert not tree.emptied(b"folder")


def test_what_is_removed_takes_empty_folders_along_but_not_the_user_s_own(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one/deep/a", "two/deep/a", "three/a", "three/b"):
        world.repo.write(name, b"")
    monkeypatch.setenv("GIT_PREFIX", "two/")
    tree = WorkTree(world.place.top)
    for path in (b"one/deep/a", b"two/deep/a", b"three/a"):
        tree.remove(path)
    assert not world.repo.file("one").exists()
    assert list(world.repo.file("two").iterdir()) == []
    assert world.repo.file("three/b").exists()


def test_two_looks_at_one_file_agree_until_it_is_written_to(world: World) -> None:
    world.repo.write("a", b"1")
    tree = WorkTree(world.place.top)
    before = tree.stat(b"a")
    assert workfiles.same_moment(before, tree.stat(b"a"))
    world.repo.file("a").rename(world.repo.file("b"))
    world.repo.write("a", b"1")
    assert not workfiles.same_moment(before, tree.stat(b"a"))
    assert workfiles.same_moment(tree.stat(b"nothing"), None)
    assert not workfiles.same_moment(before, None)


# --- copies


def test_a_file_is_safe_when_a_cache_holds_its_very_bytes(world: World) -> None:
    md5, other = world.hold(b"same"), world.hold(b"else")
    reader = CacheReader(world.cache)
    file = os.fsencode(world.repo.file("a"))
    world.repo.write("a", b"same")
    assert workfiles.kept_elsewhere(reader, file, [md5]) == md5
    assert workfiles.kept_elsewhere(reader, file, [other]) == md5, "found by its own md5"
    assert workfiles.kept_elsewhere(reader, file, []) == md5
    world.object(md5).chmod(0o644)
    world.object(md5).write_bytes(b"SAME")
    assert workfiles.kept_elsewhere(reader, file, [md5]) == "", "the right name alone is no second copy"
    world.repo.write("a", b"mine")
    assert workfiles.kept_elsewhere(reader, file, [md5, other]) == ""


def test_objects_are_found_in_any_store_in_dvc_2_s_layout_and_by_size(world: World, tmp_path: Path) -> None:
    shared = odb.Store(os.fsencode(tmp_path / "shared"))
    reader = CacheReader(world.cache, [shared])
    md5 = world.hold(b"good")
    assert reader.find(md5) == os.fsencode(world.object(md5))
    assert reader.find(md5, 4) is not None
    assert reader.find(md5, 5) is None
    old = tmp_path / "shared" / md5[:2] / md5[2:]
    old.parent.mkdir(parents=True)
    world.object(md5).rename(old)
    assert reader.find(LEGACY + md5) == os.fsencode(old)
    old.unlink()
    old.mkdir()
    assert reader.find(md5) is None


def test_a_link_into_a_cache_names_its_object_and_any_other_link_none(world: World) -> None:
    md5 = world.hold(b"good")
    reader = CacheReader(world.cache)
    link = world.repo.file("a.csv")
    for target, expected in (
        (world.object(md5), md5),
        (os.path.relpath(world.object(md5), world.repo.path), md5),
        ("/etc/passwd", ""),
        (world.object("0" * 32), ""),
        ("elsewhere/" + md5[:2] + "/" + md5[2:], ""),
    ):
        link.unlink(missing_ok=True)
        link.symlink_to(target)
        assert workfiles.object_of_link(reader, os.fsencode(link)) == expected
