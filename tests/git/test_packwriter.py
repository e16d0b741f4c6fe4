"""A pack of new objects: Git takes it, its objects are those that were given, and nothing is left of a failed one."""

from __future__ import annotations

import os
import random
import zlib
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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


def applied(base: bytes, delta: bytes) -> bytes:
    """Do what a delta says, but for its two lengths, of which each is as long as it is here."""
    at = len(packwriter._varint(len(base)))
    while delta[at] & 0x80:
        at += 1
    at += 1
    out = b""
    while at < len(delta):
        if delta[at] == 0xBF:
            start = int.from_bytes(delta[at + 1 : at + 5], "little")
            out += base[start : start + int.from_bytes(delta[at + 5 : at + 7], "little")]
            at += 7
        else:
            out += delta[at + 1 : at + 1 + delta[at]]
            at += 1 + delta[at]
    return out


PIECES = st.lists(st.sampled_from([bytes([n]) * (n * 9) + b"%d" % n for n in range(9)]), max_size=30).map(b"".join)


@settings(max_examples=300)
@given(PIECES, PIECES)
def test_whatever_two_versions_have_in_common_a_delta_gives_the_new_one(base: bytes, data: bytes) -> None:
    delta = packwriter._delta(base, data)
    if delta is not None:
        assert applied(base, delta) == data


def test_a_folder_that_differs_in_a_few_places_is_a_small_delta() -> None:
    ids = random.Random(1)
    entries = [(FILE, b"file-%04d" % n, ids.randbytes(20)) for n in range(1000)]
    old = tree_bytes([(FILE, b".gitignore", ids.randbytes(20)), *entries])
    del entries[700]
    entries[300] = (FILE, entries[300][1], ids.randbytes(20))
    new = tree_bytes([(FILE, b".gitignore", ids.randbytes(20)), *entries, (FILE, b"file-1001", ids.randbytes(20))])
    delta = packwriter._delta(old, new)
    assert delta is not None
    assert len(delta) < 250
    assert applied(old, delta) == new


def test_versions_of_a_file_are_deltas_of_its_own_kind(empty: Repo, source: Source) -> None:
    pack = Pack(os.fsencode(temporary(empty)))
    lines = [b"".join(b"/file-%04d\n" % n for n in range(count)) for count in range(100, 200)]
    oids = [pack.add(b"blob", data, family=b"d/.gitignore") for data in lines]
    assert pack.size < 100 * 60
    pack.finish(source)
    assert git.read_all([oid.hex().encode() for oid in oids]) == lines


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


@given(st.binary(max_size=600))
def test_a_few_bytes_that_are_not_deflated_are_what_zlib_reads(data: bytes) -> None:
    assert zlib.decompress(packwriter._stored(data)) == data
