"""A folder as a remote: asked, sent to and fetched from by the standard library alone, verified on the way."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.remotes.conftest import Hand, content
from trinity_guard.dvcrepo import odb
from trinity_guard.dvcrepo.output import of_object
from trinity_guard.remotes.base import RemoteError
from trinity_guard.remotes.folder import FolderRemote, dirs_last


@pytest.fixture
def remote(tmp_path: Path) -> FolderRemote:
    (tmp_path / "storage").mkdir()
    return FolderRemote("s", os.fsencode(tmp_path / "storage"))


def spoil(store_path: bytes, data: bytes) -> None:
    path = Path(os.fsdecode(store_path))
    path.chmod(0o644)
    path.write_bytes(data)


def test_what_is_sent_is_there_with_its_size_and_comes_back(hand: Hand, remote: FolderRemote) -> None:
    items = [hand.hold(b""), hand.hold(b"x" * 100)]
    told: list[tuple[int, int]] = []
    assert remote.sizes([i.name for i in items]) == {}
    assert remote.send(hand.cache, items, lambda *at: told.append(at)) == {}
    assert remote.sizes([*(i.name for i in items), "0" * 32]) == {i.name: i.size for i in items}
    assert told[-1] == (100, 100)
    assert remote.fetch([*items, of_object("0" * 32)], hand.other) == {"0" * 32: "is not on the remote"}
    assert content(hand.other, items[1].md5) == b"x" * 100


def test_a_folder_that_is_not_there_tells_nothing(hand: Hand, tmp_path: Path) -> None:
    away = FolderRemote("s", os.fsencode(tmp_path / "away"))
    for ask in (lambda: away.sizes(["0" * 32]), lambda: away.fetch([of_object("0" * 32)], hand.cache)):
        with pytest.raises(RemoteError, match="is not there") as caught:
            ask()
        assert "is its disk mounted" in caught.value.remedy


def test_a_group_s_folders_are_the_group_s(hand: Hand, tmp_path: Path) -> None:
    shared = FolderRemote("s", os.fsencode(tmp_path / "storage"), shared=True)
    assert shared.send(hand.cache, [hand.hold(b"x")]) == {}
    folders = [p for p in (tmp_path / "storage").rglob("*") if p.is_dir() and p.name != "trinity-guard-tmp"]
    assert {p.stat().st_mode & 0o7777 for p in folders} == {0o2775}


def test_a_longer_object_than_the_pointer_names_is_not_copied(hand: Hand, remote: FolderRemote) -> None:
    good = hand.hold(b"good")
    assert remote.send(hand.cache, [good]) == {}
    spoil(odb.Store(remote.folder).path(good.md5), b"x" * 100_000)
    assert remote.fetch([good], hand.other) == {good.md5: "is damaged on the remote"}


def test_a_damaged_object_goes_neither_way_and_the_others_do(hand: Hand, remote: FolderRemote) -> None:
    good, bad, lost = hand.hold(b"good"), hand.hold(b"bad"), of_object("0" * 32)
    spoil(hand.cache.path(bad.md5), b"BAD")
    lacking = remote.send(hand.cache, [bad, lost, good])
    assert lacking[lost.md5] == "its object is not in the cache"
    assert lacking[bad.md5].startswith("its object in the cache is damaged (")
    assert remote.sizes([good.md5, bad.md5]) == {good.md5: 4}
    spoil(odb.Store(remote.folder).path(good.md5), b"GOOD")
    assert remote.fetch([good], hand.other) == {good.md5: "is damaged on the remote"}
    assert hand.other.size(good.md5) is None


def test_what_lists_others_goes_last_and_each_object_once() -> None:
    items = [of_object("a.dir"), of_object("b"), of_object("c"), of_object("b")]
    assert [i.name for i in dirs_last(items)] == ["b", "c", "a.dir"]


def test_the_probe_leaves_nothing_and_makes_the_folder(remote: FolderRemote) -> None:
    remote.probe()
    assert os.listdir(remote.folder) == []  # noqa: PTH208  # its names are bytes


@pytest.mark.parametrize("step", ["bucket", "write"])
def test_the_probe_names_the_step_that_fails(remote: FolderRemote, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if step == "bucket":
        Path(os.fsdecode(remote.folder)).rmdir()
        Path(os.fsdecode(remote.folder)).write_bytes(b"a file in its way")
    else:

        def full(_: object, mode: str) -> object:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("builtins.open", full)
    with pytest.raises(RemoteError, match=f"failed the step `{step}`") as caught:
        remote.probe()
    assert caught.value.step == step
    assert caught.value.remedy.startswith("ls -ld ")


def test_a_folder_that_takes_nothing_is_an_error_of_the_remote(hand: Hand, remote: FolderRemote) -> None:
    Path(os.fsdecode(remote.folder)).rmdir()
    Path(os.fsdecode(remote.folder)).write_bytes(b"a file in its way")
    with pytest.raises(RemoteError) as caught:
        remote.send(hand.cache, [hand.hold(b"one")])
    assert caught.value.step == "write"
