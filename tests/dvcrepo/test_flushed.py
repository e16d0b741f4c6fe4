"""What the filter driver has flushed is not flushed again by the commit; what is any other file is."""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path

import pytest

from tests.helpers.support import Repo
from trinity_guard import git
from trinity_guard.dvcrepo import flushed
from trinity_guard.dvcrepo.odb import Store
from trinity_guard.errors import GuardError


@pytest.fixture
def place(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> git.Place:
    monkeypatch.chdir(bare_repo.path)
    return git.place()


def put(store: Store, data: bytes) -> str:
    stored = store.take([data])
    store.put(stored)
    return stored.md5


def forced(store: Store, monkeypatch: pytest.MonkeyPatch, *md5s: str) -> int:
    """Return how often something is forced to the disk when the store is asked to have these there."""
    calls: list[int] = []
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", calls.append)
        for md5 in md5s:
            store.flush(md5)
        store.settle()
    return len(calls)


def test_what_is_noted_is_flushed_once(place: git.Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = os.fsencode(tmp_path / "cache")
    store = Store(folder)
    one, two = put(store, b"one"), put(store, b"two")
    flushed.note(place, store.settle())
    flushed.note(place, [])
    commit = Store(folder)
    assert forced(commit, monkeypatch, one, two) == 4  # two files, two folders
    commit.on_disk = flushed.noted(place)
    assert forced(commit, monkeypatch, one, two) == 0
    Path(os.fsdecode(commit.path(two))).chmod(0o644)
    assert forced(commit, monkeypatch, one, two) == 2
    flushed.forget(place)
    assert flushed.noted(place) == {}


def test_of_what_says_nothing_by_its_first_bytes_that_is_noted_too(place: git.Place, tmp_path: Path) -> None:
    store = Store(os.fsencode(tmp_path / "cache"))
    marks = {name: store.put(store.take([name])) for name in (b"table", b"pickle")}
    flushed.note(place, store.settle(), plain={marks[b"table"]})
    commit = Store(os.fsencode(tmp_path / "cache"))
    commit.on_disk = flushed.noted(place)
    md5s = {name: hashlib.md5(name).hexdigest() for name in marks}
    assert commit.flush(md5s[b"table"])
    assert not commit.flush(md5s[b"pickle"])
    assert commit.settle() == []
    Path(os.fsdecode(commit.path(md5s[b"table"]))).chmod(0o644)  # it may hold anything by now
    assert not commit.flush(md5s[b"table"])


def test_what_is_not_here_or_of_another_size_is_not_flushed(tmp_path: Path) -> None:
    store = Store(os.fsencode(tmp_path / "cache"))
    md5 = put(store, b"four")
    store.settle()
    absent = hashlib.md5(b"absent").hexdigest()
    Path(os.fsdecode(store.path(absent[::-1]))).mkdir(parents=True)
    assert store.flush_if_here(md5, 4) is False
    assert [store.flush_if_here(md5, 5), store.flush_if_here(absent, 6)] == [None, None]
    assert store.flush_if_here(absent[::-1], 4096) is None, "a folder"
    store.on_disk = {flushed.mark(store.path(md5)): True}
    assert store.flush_if_here(md5, 4) is True


def test_what_no_commit_asked_for_is_forgotten(place: git.Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flushed, "MAX_NOTED", 10)
    flushed.note(place, [b"1 2 3 4"])
    flushed.note(place, [b"5 6 7 8"])
    assert b"1 2 3 4" in flushed.noted(place)
    flushed.note(place, [b"9 9 9 9"])
    assert flushed.noted(place).keys() - {b""} == {b"9 9 9 9"}


def test_where_nothing_can_be_noted_nothing_is(place: git.Place) -> None:
    Path(os.fsdecode(place.git_dir), "trinity-guard").write_bytes(b"in the way")
    flushed.note(place, [b"1 2 3 4"])
    assert flushed.noted(place) == {}


def test_a_disk_that_fails_leaves_no_new_object(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(os.fsencode(tmp_path / "cache"))
    old = put(store, b"old")
    store.settle()
    new = put(store, b"new")
    put(store, b"old")

    def failing(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(GuardError, match="Input/output error"):
        store.settle()
    assert store.size(new) is None
    assert store.size(old) == 3
