"""Tests of trees that are taken apart by what differs from the version before."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.migrate.legacy import Legacy
from trinity_guard.git import treeversions
from trinity_guard.git.catfile import Source
from trinity_guard.migrate.proof.versions import Pair, Pairs, Version, entries, rest

NAMES = st.binary(min_size=1, max_size=3).map(lambda n: n.replace(b"\0", b"0"))
IDS = st.sampled_from([b"\0" * 20, b"100644 a\0" + bytes(11), b"a" * 20, b"\n" * 20])
ITEMS = st.tuples(st.sampled_from([b"100644", b"40000", b"040000"]), NAMES, IDS)
TREES = st.lists(ITEMS, max_size=12, unique_by=lambda item: item[1])


def raw(items: list[tuple[bytes, bytes, bytes]]) -> bytes:
    return b"".join(b"%s %s\0%s" % item for item in items)


def files(*names: str, oid: bytes = b"1" * 20) -> bytes:
    return raw([(b"100644", name.encode(), oid) for name in names])


def grown(count: int) -> list[tuple[bytes, bytes, bytes]]:
    return [(b"100644", b"file-%04d" % n, b"%020d" % n) for n in range(count)]


def test_trees_come_apart_into_modes_and_ids(legacy: Legacy) -> None:
    tree = legacy.tree({"a b": b"1", "d/x": b"2"})
    found = entries(Source(legacy.place).one(tree.encode()))
    assert {name: mode for name, (mode, _) in found.items()} == {b"a b": b"100644", b"d": b"40000"}
    assert found[b"a b"][1].decode() == legacy.id(f"{tree}:a b")


@pytest.mark.parametrize("raw", [b"x", b"100644 a\0short", b"100644 a\0" + bytes(20) + b"1", b"1006x4 a\0" + bytes(20)])
def test_bytes_that_are_no_tree_are_not_read_as_one(raw: bytes) -> None:
    with pytest.raises(ValueError, match="no tree"):
        entries(raw)


def test_every_entry_of_a_tree_is_read_whatever_its_bytes(legacy: Legacy) -> None:
    oids = [bytes([i]) * 20 for i in (0, 10, 32, 48, 255)]
    raw = b"".join(b"100644 n %d\n\0%s" % (i, oid) for i, oid in enumerate(oids)) + b"40000 d\0" + bytes(20)
    expected = {b"n %d\n" % i: (b"100644", oid.hex().encode()) for i, oid in enumerate(oids)}
    assert entries(raw) == {**expected, b"d": (b"40000", b"0" * 40)}
    assert entries(b"") == {}


@given(st.lists(TREES, min_size=1, max_size=6))
def test_a_version_becomes_each_other_one_whatever_their_order(trees: list[list[tuple[bytes, bytes, bytes]]]) -> None:
    version = Version(raw(trees[0]))
    for tree in trees[1:]:
        before = dict(version.entries)
        touched = version.turn_into(raw(tree))
        assert touched is not None
        assert version.entries == entries(raw(tree))
        assert {name for name, _ in before.items() ^ version.entries.items()} <= touched


@given(st.data())
def test_of_a_long_version_only_what_differs_is_touched(data: st.DataObject) -> None:
    items = grown(300)
    version = Version(raw(items))
    for _ in range(3):
        for at in data.draw(st.lists(st.integers(0, 290), max_size=5)):
            entry = (b"100644", b"file-%04d%s" % (at, data.draw(st.sampled_from([b"", b"+"]))), b"%020d" % (at + 1000))
            items = sorted([*(item for item in items if item[1] != entry[1]), entry], key=lambda item: item[1])
        del items[data.draw(st.integers(0, len(items) - 1))]
        touched = version.turn_into(raw(items))
        assert touched is not None
        assert len(touched) <= 2 * 6
        assert version.entries == entries(raw(items))


@given(TREES, TREES, st.integers(0, 400))
def test_a_version_never_becomes_bytes_that_are_no_tree(
    one: list[tuple[bytes, bytes, bytes]], other: list[tuple[bytes, bytes, bytes]], end: int
) -> None:
    damaged = raw(other)[:end]
    try:
        expected = entries(damaged)
    except ValueError:
        assert Version(raw(one)).turn_into(damaged) is None
    else:
        version = Version(raw(one))
        assert version.turn_into(damaged) is not None
        assert version.entries == expected


def test_a_name_that_comes_a_second_time_is_no_next_version() -> None:
    for items in ([*grown(40), grown(1)[0]], [grown(40)[3], *grown(40)]):
        assert Version(raw(grown(40))).turn_into(raw(items)) is None


def test_versions_with_little_in_common_are_taken_apart_as_a_whole() -> None:
    assert Version(raw(grown(200))).turn_into(files(*(f"other-{n}" for n in range(200)))) is None


def test_what_is_settled_is_looked_at_again_as_soon_as_it_or_its_pointer_changes() -> None:
    old, new = files("a.csv", "b.csv", "c.py"), files("a.csv.dvc", "b.csv.dvc", "c.py")
    pair = Pair(old, new)
    assert {name for name, _ in pair.changed()} == {b"a.csv", b"b.csv"}
    pair.settle([b"a.csv", b"b.csv"])
    assert pair.turn_into(old, new)
    assert not pair.changed() | pair.added()
    assert pair.settled == {b"a.csv", b"b.csv"}
    for then_old, then_new, changed, added in [
        (old, files("b.csv.dvc", "c.py"), {b"a.csv"}, set()),
        (old, files("a.csv.dvc", "b.csv.dvc"), {b"c.py"}, set()),
        (files("b.csv", "c.py"), new, set(), {b"a.csv.dvc"}),
        (files("a.csv", "a.csv.dvc", "b.csv", "c.py"), new, {b"a.csv"}, set()),
        (old, files("a.csv", "a.csv.dvc", "b.csv.dvc", "c.py"), set(), {b"a.csv.dvc"}),
        (old, files("a.csv.dvc", "b.csv.dvc", "c.py", "d"), set(), {b"d"}),
        (old, raw([(b"100644", n, b"2" * 20) for n in (b"a.csv.dvc", b"b.csv.dvc")]) , {b"a.csv", b"b.csv", b"c.py"},
         {b"a.csv.dvc", b"b.csv.dvc"}),
    ]:  # fmt: skip
        pair = Pair(old, new)
        pair.settle([b"a.csv", b"b.csv"])
        assert pair.turn_into(then_old, then_new)
        assert {name for name, _ in pair.changed()} == changed
        assert {name for name, _ in pair.added()} == added


def test_what_is_not_settled_is_looked_at_in_every_version() -> None:
    pair = Pair(files("a.csv", "b.py"), files("b.py", "x"))
    pair.settle([])
    assert pair.turn_into(files("a.csv", "b.py", "c"), files("b.py", "c", "x"))
    assert {name for name, _ in pair.changed()} == {b"a.csv"}
    assert {name for name, _ in pair.added()} == {b"x"}


def test_only_large_folders_are_kept_and_few_bytes_of_them() -> None:
    pairs = Pairs()
    small, large = raw(grown(2)), raw(grown(100))
    assert pairs.next(b"s/", [small, small]) is not pairs.next(b"s/", [small, small])
    first = pairs.next(b"l/", [large, large])
    assert pairs.next(b"l/", [large, large]) is first
    for number in range(treeversions.MAX_KEPT // len(large)):
        pairs.next(b"%d/" % number, [large, large])
    assert pairs.next(b"l/", [large, large]) is not first


def test_what_two_small_trees_have_in_common_is_left_out_but_for_what_speaks_of_others() -> None:
    old = [(b"40000", b"src", b"1" * 20), (b"100644", b".gitignore", b"2" * 20), (b"100644", b"a.pkl", b"3" * 20)]
    new = [*old[:2], (b"100644", b"a.pkl.dvc", b"4" * 20)]
    assert rest(raw(old), raw(new)) == (frozenset(old[2:]), frozenset(new[2:]), frozenset(old[1:2]))
    both = [(b"100644", b"b.dvc", b"5" * 20)]
    found = rest(raw(old + both), raw(new + both))
    assert found is not None
    assert found[2] == {old[1], *both}
    changed = [(b"100644", b".gitignore", b"6" * 20), *old[::2]]
    assert rest(raw(old), raw(changed)) == (frozenset(old[1:2]), frozenset(changed[:1]), frozenset())


@pytest.mark.parametrize(
    "bytes_of_it", [files("a", "a"), files("a") + b"x", b"x", b"100644 a\0" + bytes(19), raw(grown(150))]
)
def test_a_tree_that_is_large_or_damaged_or_names_a_file_twice_is_looked_at_as_a_whole(bytes_of_it: bytes) -> None:
    assert rest(files("a"), bytes_of_it) is None
    assert rest(bytes_of_it, files("a")) is None
    assert rest(files("a"), files("a")) is not None
