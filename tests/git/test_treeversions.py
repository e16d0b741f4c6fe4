"""Tests of what differs between two versions of a tree, against both taken apart whole."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from trinity_guard.git import treeversions
from trinity_guard.git.catfile import Entry, tree_parser
from trinity_guard.git.treeversions import Version, keep

NAMES = st.binary(min_size=1, max_size=3).map(lambda n: n.replace(b"\0", b"0"))
IDS = st.sampled_from([b"\0" * 20, b"100644 a\0" + bytes(11), b"a" * 20, b"\n" * 20])
TREES = st.lists(st.tuples(st.sampled_from([b"100644", b"40000"]), NAMES, IDS), max_size=12, unique_by=lambda e: e[1])


def raw(entries: list[Entry]) -> bytes:
    return b"".join(b"%s %s\0%s" % entry for entry in entries)


@given(st.lists(TREES, min_size=1, max_size=6))
def test_what_is_gone_and_new_is_what_one_has_alone(trees: list[list[Entry]]) -> None:
    last = Version(raw(trees[0]))
    for before, after in pairwise(trees):
        found = last.difference(raw(after))
        assert found is not None
        assert set(found.gone) == set(before) - set(after)
        assert set(found.new) == set(after) - set(before)
        last = found.version
        assert list(last.ends()) == list(Version(raw(after)).ends())


@given(TREES, TREES, st.integers(0, 400))
def test_bytes_that_are_no_tree_are_no_next_version(one: list[Entry], other: list[Entry], end: int) -> None:
    damaged = raw(other)[:end]
    found = Version(raw(one)).difference(damaged)
    assert (found is not None) == (raw(tree_parser()(damaged)) == damaged)


def test_versions_with_little_in_common_have_no_difference() -> None:
    def files(count: int) -> bytes:
        return raw([(b"100644", b"%04d" % n, b"%020d" % n) for n in range(count)])

    assert Version(files(3)).difference(files(3 + treeversions.MOST)) is not None
    assert Version(files(3)).difference(files(5 + treeversions.MOST)) is None


def test_few_bytes_of_versions_are_kept_the_latest() -> None:
    kept: dict[bytes, tuple[int, int]] = {}
    for number in range(3):
        keep(kept, b"%d/" % number, number, treeversions.MAX_KEPT // 2)
    assert kept == {b"2/": (2, treeversions.MAX_KEPT // 2)}
    keep(kept, b"2/", 4, treeversions.MAX_KEPT)
    assert kept == {b"2/": (4, treeversions.MAX_KEPT)}
