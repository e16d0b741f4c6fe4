"""A pack of new objects: Git takes it, its objects are those that were given, and nothing is left of a failed one."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.git.conftest import git_dir, place_of
from tests.helpers.support import Repo
from trinity_guard import git
from trinity_guard.errors import GuardError
from trinity_guard.git import packwriter
from trinity_guard.git.catfile import EXECUTABLE, FILE, Source, tree_bytes
from trinity_guard.git.packwriter import Pack


@pytest.fixture
def source(empty: Repo) -> Generator[Source, None, None]:
    found = Source(place_of(empty.path))
    yield found
    found.close()


def temporary(repo: Repo) -> Path:
    return repo.path / ".git" / "pack.tmp"


def test_objects_of_every_kind_are_there_afterwards(empty: Repo, source: Source) -> None:
    pack = Pack(os.fsencode(temporary(empty)))
    data = os.urandom(2_000_000)
    oids = [pack.add(b"blob", content) for content in (b"", b"x", data)]
    tree = pack.add(b"tree", tree_bytes([(FILE, b"large", oids[2]), (EXECUTABLE, b"small", oids[1])]))
    author = b"A <a@b> 1 +0000"
    commit = pack.add(b"commit", b"tree %s\nauthor %s\ncommitter %s\n\nx\n" % (tree.hex().encode(), author, author))
    tag = pack.add(b"tag", b"object %s\ntype commit\ntag v1\ntagger %s\n\nx\n" % (commit.hex().encode(), author))
    assert pack.add(b"blob", b"x") == oids[1]
    assert pack.count == 6
    assert pack.size > len(data)
    pack.finish(source)
    assert not temporary(empty).exists()
    assert git.read_all([o.hex().encode() for o in oids]) == [b"", b"x", data]
    for oid, kind in ((tree, b"tree"), (commit, b"commit"), (tag, b"tag")):
        assert git.run("cat-file", "-t", oid.hex()).strip() == kind
    empty.git("fsck", "--strict", "--no-dangling")


def test_versions_of_a_folder_are_deltas_and_come_back_whole(empty: Repo, source: Source) -> None:
    pack = Pack(os.fsencode(temporary(empty)))
    blob = pack.add(b"blob", b"x")
    entries = [(FILE, b"file-%04d" % n, blob) for n in range(300)]
    trees = {}
    for number in range(100):
        entries[number] = (EXECUTABLE, entries[number][1], blob)
        data = tree_bytes(entries)
        trees[pack.add(b"tree", data, family=b"d")] = data
    plain = sum(map(len, trees.values()))
    assert pack.size < plain / 20
    pack.finish(source)
    assert list(source.trees([t.hex().encode() for t in trees])) == list(trees.values())
    [index] = empty.path.glob(".git/objects/pack/*.idx")
    depths = [
        int(line.split()[5])
        for line in empty.git("verify-pack", "-v", str(index)).stdout.splitlines()
        if len(line.split()) == 7
    ]
    assert len(depths) > 80
    assert max(depths) <= 50


@pytest.mark.parametrize("change", ["none", "all", "begin", "end", "middle", "shorter", "longer"])
def test_a_delta_gives_what_it_was_made_of(empty: Repo, source: Source, change: str) -> None:
    old = os.urandom(100_000)
    new = {
        "none": old,
        "all": os.urandom(100_000),
        "begin": b"new" + old,
        "end": old + b"new",
        "middle": old[:50_000] + os.urandom(1000) + old[50_000:],
        "shorter": old[:30_000] + old[60_000:],
        "longer": old + old,
    }[change]
    delta = packwriter._delta(old, new)
    assert (delta is None) == (change == "all")
    pack = Pack(os.fsencode(temporary(empty)))
    oids = [pack.add(b"tree", data, family=b"d") for data in (old, new)]
    # Git checks what a tree holds nowhere but in fsck, and takes the bytes as they are.
    pack.finish(source)
    for oid, data in zip(oids, (old, new), strict=True):
        assert git.run("cat-file", "tree", oid.hex()) == data


def test_an_empty_pack_is_none(empty: Repo, source: Source) -> None:
    pack = Pack(os.fsencode(temporary(empty)))
    pack.finish(source)
    assert not temporary(empty).exists()
    assert list(empty.path.glob(".git/objects/pack/*")) == []


def test_before_the_end_nothing_is_in_the_repository(empty: Repo) -> None:
    pack = Pack(os.fsencode(temporary(empty)))
    oid = pack.add(b"blob", os.urandom(3_000_000))
    assert temporary(empty).stat().st_mode & 0o777 == 0o600
    pack.abandon()
    pack.abandon()
    assert not temporary(empty).exists()
    assert git.read_all([oid.hex().encode()]) == [None]


@pytest.mark.parametrize("step", ["write", "index"])
def test_what_fails_is_said_and_leaves_nothing(
    empty: Repo, source: Source, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    pack = Pack(os.fsencode(temporary(empty)))
    pack.add(b"blob", b"x")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    if step == "write":
        monkeypatch.setattr(packwriter, "write_all", full)
    else:
        source.place = git.Place(b"", b"/nowhere", b"/nowhere")
    with pytest.raises(GuardError, match="No space left" if step == "write" else "index-pack"):
        pack.finish(source)
    assert not temporary(empty).exists()
    assert list(empty.path.glob(".git/objects/pack/*.pack")) == []
    assert git_dir(empty)
