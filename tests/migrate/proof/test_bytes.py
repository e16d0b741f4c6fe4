"""Every byte: the old blob, its pointer's md5 and the cache's file must be the same."""

from __future__ import annotations

import os
import random

import pytest

from tests.migrate.legacy import Legacy, lfs_pointer, md5, put_object, stand_in
from trinity_guard.dvcrepo import odb, standin
from trinity_guard.git import ids
from trinity_guard.git.catfile import Source
from trinity_guard.migrate.progress import silent
from trinity_guard.migrate.proof.bytes import Taken, compare
from trinity_guard.migrate.state import Object


@pytest.fixture
def cache(legacy: Legacy) -> odb.Store:
    store = odb.Store(legacy.place.own + b"/cache")
    store.take([b"data"])
    store.settle()
    return store


def compared(legacy: Legacy, blob: str, digest: str, size: int, known: dict[bytes, Object] | None = None) -> list[str]:
    pairs = {(blob.encode(), digest, size): b"m/a.pkl"}
    return compare(Source(legacy.place), legacy.place.own + b"/cache", pairs, known, silent)


@pytest.mark.usefixtures("cache")
def test_the_same_bytes_are_the_same(legacy: Legacy) -> None:
    assert compared(legacy, legacy.write("blob", b"data"), md5(b"data"), 4) == []


@pytest.mark.usefixtures("cache")
def test_an_lfs_pointer_stands_for_the_bytes_of_its_sha256(legacy: Legacy) -> None:
    assert compared(legacy, legacy.write("blob", lfs_pointer(b"data")), md5(b"data"), 4) == []
    [wrong] = compared(legacy, legacy.write("blob", lfs_pointer(b"else")), md5(b"data"), 4)
    assert wrong == "m/a.pkl: it is not what its LFS pointer named"


@pytest.mark.usefixtures("cache")
def test_a_stand_in_stands_for_the_bytes_that_it_names(legacy: Legacy) -> None:
    blob = legacy.write("blob", stand_in(b"data"))
    assert compared(legacy, blob, md5(b"data"), 4) == []
    put_object(legacy, stand_in(b"data"))
    [text] = compared(legacy, blob, md5(stand_in(b"data")), len(stand_in(b"data")))
    [other] = compared(legacy, legacy.write("blob", stand_in(b"else")), md5(b"data"), 4)
    [size] = compared(legacy, legacy.write("blob", standin.encode(md5(b"data"), 5)), md5(b"data"), 4)
    assert text == other == size == "m/a.pkl: it is not what its stand-in named"


def test_a_stand_in_proves_nothing_where_its_object_is_damaged(legacy: Legacy, cache: odb.Store) -> None:
    file = put_object(legacy, b"data")
    assert os.fsencode(file) == cache.path(md5(b"data"))
    file.chmod(0o644)
    file.write_bytes(b"dxta")
    [wrong] = compared(legacy, legacy.write("blob", stand_in(b"data")), md5(b"data"), 4)
    assert "is damaged" in wrong


@pytest.mark.usefixtures("cache")
def test_other_bytes_are_told_with_both_md5s(legacy: Legacy) -> None:
    [wrong] = compared(legacy, legacy.write("blob", b"atad"), md5(b"data"), 4)
    assert md5(b"atad") in wrong
    assert md5(b"data") in wrong


def test_an_object_that_is_away_or_of_another_size_is_told(legacy: Legacy, cache: odb.Store) -> None:
    blob = legacy.write("blob", b"data")
    [wrong] = compared(legacy, blob, md5(b"data"), 5)
    assert "(5 bytes) is not in the cache" in wrong
    legacy.cache().joinpath("files/md5", md5(b"data")[:2], md5(b"data")[2:]).unlink()
    assert cache.size(md5(b"data")) is None
    assert "is not in the cache" in compared(legacy, blob, md5(b"data"), 4)[0]


@pytest.mark.usefixtures("cache")
def test_a_damaged_object_is_told_once_however_many_blobs_it_stands_for(legacy: Legacy) -> None:
    file = legacy.cache().joinpath("files/md5", md5(b"data")[:2], md5(b"data")[2:])
    file.chmod(0o644)
    file.write_bytes(b"dxta")
    [wrong] = compared(legacy, legacy.write("blob", b"data"), md5(b"data"), 4)
    assert "is damaged: its md5 is " + md5(b"dxta") in wrong


@pytest.mark.usefixtures("cache")
def test_what_this_run_has_hashed_is_not_read_again_but_must_agree(legacy: Legacy) -> None:
    blob = legacy.write("blob", b"data")
    known = {bytes.fromhex(blob): Object(md5(b"data"), 4)}
    assert compared(legacy, blob, md5(b"data"), 4, known) == []
    assert "other bytes than were extracted" in compared(legacy, blob, md5(b"data"), 4, {})[0]


def test_what_was_taken_is_what_a_dict_would_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids, "FEW", 9)
    blobs = [b"%040x" % (n * 7919 << 130) for n in range(20)]
    said = [(f"{n:032x}", n) for n in range(3)] + [
        ("", 0),
        ("x" * 32, 1),
        ("A" * 32, 1),
        ("0" * 31, 4),
        ("0" * 32, 1 << 63),
    ]
    taken, known = Taken(), dict[tuple[bytes, str, int], bytes]()
    chosen = random.Random(2)
    for number in range(300):
        pair = (chosen.choice(blobs), *chosen.choice(said))
        taken[pair] = known[pair] = b"path%d" % (number % 11)
    assert dict(taken) == known
    assert len(taken) == len(known)
    assert all(pair in taken for pair in known)
    assert (b"f" * 40, "", 0) not in taken
    assert list(Taken()) == []


@pytest.mark.usefixtures("cache")
def test_of_each_object_its_size_counts_however_often_it_is_named(legacy: Legacy) -> None:
    taken = Taken()
    for number, size in enumerate((4, 4, 5)):
        taken[b"%040x" % number, md5(b"data"), size] = b"m/%d.pkl" % number
    taken[b"%040x" % 3, "none", 4] = b"m/3.pkl"
    wrong = compare(Source(legacy.place), legacy.place.own + b"/cache", taken, {}, silent)
    assert [text for text in wrong if "is not in the cache" in text] == [
        f"m/2.pkl: its object {md5(b'data')} (5 bytes) is not in the cache",
        "m/3.pkl: its object none (4 bytes) is not in the cache",
    ]
