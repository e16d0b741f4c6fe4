"""Ids, packed: as a list, a set and a dict of them would do, in less memory."""

from __future__ import annotations

import hashlib
import tracemalloc
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_guard.git import ids as module
from trinity_guard.git.ids import Hexes, IdMap, Ids, Packed, forget_older


@pytest.fixture(autouse=True, params=["few", "many"])
def kept(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many that a dict says where they are, and more."""
    monkeypatch.setattr(module, "FEW", {"few": 1 << 20, "many": 100}[request.param])


MANY = [hashlib.sha1(b"%d" % n, usedforsecurity=False).digest() for n in range(3000)]


def test_they_are_there_in_their_order_each_once() -> None:
    ids = Ids([*MANY, *reversed(MANY)])
    assert list(ids) == MANY
    assert len(ids) == len(MANY)
    assert [ids.find(oid) for oid in MANY] == list(range(len(MANY)))
    assert ids.find(bytes(20)) == -1
    assert ids[7] == MANY[7]
    assert list(Ids(MANY, few=False)) == MANY
    ids.pack()
    assert [ids.find(oid) for oid in MANY] == list(range(len(MANY)))
    ids.pack()
    assert ids.add(MANY[9]) == 9
    assert list(Packed([MANY[0]] * 2)) == [MANY[0]] * 2
    for number in (-1, len(MANY)):
        with pytest.raises(IndexError):
            ids[number]


@given(st.lists(st.binary(min_size=1, max_size=1), max_size=300))
def test_ids_that_all_want_the_same_place_are_told_apart(last: list[bytes]) -> None:
    """The last places go on at the first ones."""
    ids = Ids(b"\xff" * 19 + end for end in last)
    assert list(ids) == [b"\xff" * 19 + end for end in dict.fromkeys(last)]
    assert ids.starting(b"f" * 7) == [oid.hex().encode() for oid in ids]


def test_a_prefix_finds_all_that_begin_with_it() -> None:
    ids = Ids(MANY)
    for oid in MANY[:100]:
        name = oid.hex().encode()
        assert ids.starting(name[:7]) == [n for o in MANY if (n := o.hex().encode()).startswith(name[:7])]
        assert ids.starting(name) == [name]
    like = Ids([b"\xab\xcd\xef\x10" + bytes(16), b"\xab\xcd\xef\x1f" + bytes(16), b"\xab\xcd\xef\x20" + bytes(16)])
    assert len(like.starting(b"abcdef1")) == 2


@pytest.mark.parametrize("length", [40, 64])
def test_ids_in_hex_are_a_list(length: int) -> None:
    kept = [hashlib.sha256(b"%d" % n).hexdigest()[:length].encode() for n in range(20)]
    ids = Hexes(kept)
    assert list(ids) == kept
    assert len(ids) == 20
    assert (ids[3], ids[-1], ids[5:18:4], ids[18:30]) == (kept[3], kept[-1], kept[5:18:4], kept[18:30])
    assert ids.index(kept[7]) == 7
    for number in (20, -21):
        with pytest.raises(IndexError):
            ids[number]
    assert not Hexes()


def test_a_map_tells_the_place_of_a_key() -> None:
    keys = [oid.hex().encode() for oid in MANY]
    ids = IdMap((key, key[::-1]) for key in keys)
    assert [ids.number(key) for key in keys] == list(range(len(keys)))
    assert [ids.value(number) for number in range(len(keys))] == [key[::-1] for key in keys]
    assert ids.number(b"0" * 40) == ids.number(b"x" * 40) == ids.number(b"0") == -1


def test_a_map_is_a_dict() -> None:
    names = [oid.hex().encode() for oid in MANY]
    pairs = dict(zip(names, reversed(names), strict=True))
    found = IdMap(pairs.items())
    assert dict(found) == pairs
    assert list(found) == names
    found[names[0]] = names[1]
    assert found[names[0]] == names[1]
    assert len(found) == len(names)
    for other in (b"0" * 40, b"x" * 40, b"", "text"):
        assert other not in found
    assert found.get(b"x" * 40) is None
    assert found.starting(names[5][:9]) == [names[5]]


def test_many_take_a_third_of_the_memory_of_a_dict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FEW", 100)
    names = [oid.hex().encode() for oid in MANY]
    tracemalloc.start()
    try:
        kept = dict(zip((b"%s" % n for n in names), (b"%s" % n for n in names), strict=True))
        of_dict = tracemalloc.get_traced_memory()[0]
        packed = IdMap(kept.items())
        assert (tracemalloc.get_traced_memory()[0] - of_dict) * 3 <= of_dict
    finally:
        tracemalloc.stop()
    assert len(packed) == len(kept)


def test_the_older_half_is_forgotten() -> None:
    known = dict(zip(range(10), count(), strict=False))
    forget_older(known, 10)
    assert len(known) == 10
    forget_older(known, 9)
    assert list(known) == [5, 6, 7, 8, 9]
