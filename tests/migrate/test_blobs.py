"""What is known of blobs is the same packed as in a dict."""

from __future__ import annotations

import random

import pytest

from trinity_guard.git import ids
from trinity_guard.migrate import lfs
from trinity_guard.migrate.blobs import MANY, Blobs, Origins, Size, take_version

POINTER = lfs.read(b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"1" * 64 + b"\nsize 9\n")


def values(size: Size) -> tuple[object, ...]:
    return size.size, size.packed, size.lfs, size.stand_in, size.real, size.copied


@pytest.mark.parametrize("few", [1 << 15, 5])
def test_blobs_are_what_a_dict_would_hold(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids, "FEW", few)
    chosen = random.Random(1)
    blobs, known = Blobs(), dict[bytes, Size]()
    for number in range(300):
        oid = chosen.randbytes(20)
        size = Size(chosen.randrange(1 << 40), lfs=POINTER if not number % 7 else None)
        blobs.add(oid, size)
        known[oid] = size
    assert list(blobs) == list(known)
    assert [values(size) for size in blobs.values()] == [values(size) for size in known.values()]
    assert all(oid in blobs for oid in known)
    packed = [chosen.randrange(1 << 40) for _ in known]
    blobs.pack(packed)
    for number, (oid, size) in enumerate(known.items()):
        assert values(blobs[oid]) == (size.size, packed[number], size.lfs, None, size.real, size.copied)
    none = b"\1" * 20
    assert none not in blobs
    assert blobs.get(none) is None
    with pytest.raises(KeyError):
        blobs[none]
    assert len(blobs) == 300


def test_first_commits_are_what_a_dict_would_hold() -> None:
    chosen = random.Random(2)
    oids = [chosen.randbytes(20) for _ in range(300)]
    known = {oid: number for number, oid in enumerate(oids[:50])}
    found = Origins(known)
    for number in range(2000):
        oid = chosen.choice(oids)
        assert found.setdefault(oid, number) == known.setdefault(oid, number)
    assert list(found.items()) == list(known.items())
    assert list(reversed(found)) == list(reversed(known))
    assert found == known
    assert all(oid in found for oid in known)
    none = b"\1" * 20
    assert none not in found
    assert found.get(none) is None


def test_versions_of_a_path_are_packed_once_they_are_many() -> None:
    chosen = random.Random(3)
    oids = [chosen.randbytes(20) for _ in range(MANY + 5)]
    versions: dict[bytes, dict[bytes, int] | Origins] = {}
    for number, oid in enumerate([*oids, *oids]):
        take_version(versions, b"a.pkl", oid, number)
        assert isinstance(versions[b"a.pkl"], Origins) == (number + 1 >= MANY)
    take_version(versions, b"b.pkl", oids[0], 7)
    assert list(versions[b"a.pkl"].items()) == [(oid, number) for number, oid in enumerate(oids)]
    assert versions[b"b.pkl"] == {oids[0]: 7}
