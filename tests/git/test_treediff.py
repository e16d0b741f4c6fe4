"""What trees have that the one before has not: all of it, whatever the names; and no tree is passed over in silence."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.git.conftest import NAMES, place_of
from tests.helpers.support import Repo
from trinity_guard import git
from trinity_guard.errors import GuardError
from trinity_guard.git import treediff
from trinity_guard.git.catfile import Source

Told = Callable[..., list[tuple[bytes, bytes]]]


@pytest.fixture
def told(empty: Repo) -> Told:
    def told(*trees: bytes) -> list[tuple[bytes, bytes]]:
        return [entry for some in treediff.entering(Source(place_of(empty.path)), trees) for entry in some]

    return told


def blob(data: bytes) -> bytes:
    return git.run("hash-object", "-w", "--stdin", data=data).strip()


def tree(*lines: bytes) -> bytes:
    """Write a tree; a line is mode, type, id, a tab, and the name."""
    return git.run("mktree", "--missing", "-z", data=b"".join(line + b"\0" for line in lines)).strip()


def test_what_came_is_told_with_its_path_and_what_went_is_not(empty: Repo, told: Told) -> None:
    one, two = blob(b"1"), blob(b"2")
    inner = [tree(b"100644 blob %s\ta" % oid, b"120000 blob %s\tlink" % one) for oid in (one, two)]
    first, second = (tree(b"40000 tree %s\td" % oid, b"100644 blob %s\tx" % one) for oid in inner)
    assert told(first) == [(one, b"d/a"), (one, b"d/link"), (one, b"x")]
    assert told(first, first, second, inner[0]) == [*told(first), (two, b"d/a"), (one, b"a"), (one, b"link")]
    assert told() == []


def test_names_of_any_kind(empty: Repo, told: Told) -> None:
    oid = blob(b"1")
    names = sorted({name.rpartition(b"/")[2] for name in NAMES} | {b"a\n:100644 100644 0 0 M", b"M"})
    assert told(tree(*(b"100644 blob %s\t%s" % (oid, name) for name in names))) == [(oid, name) for name in names]


def test_more_trees_and_paths_than_go_through_at_once(empty: Repo, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(treediff, "PIECE", 100)
    monkeypatch.setattr(treediff, "ASKED", 3)
    ids = [blob(b"%d" % n) for n in range(10)]
    trees = [tree(b"100644 blob %s\tfile" % oid) for oid in ids]
    assert told(*trees) == [(oid, b"file") for oid in ids]


def test_a_tree_that_is_missing_or_none_is_an_error(empty: Repo, told: Told) -> None:
    good = tree(b"100644 blob %s\tx" % blob(b"1"))
    for bad in (b"1" * 40, blob(b"no tree"), tree(b"40000 tree %s\td" % (b"1" * 40))):
        with pytest.raises(GuardError, match="failed"):
            told(good, bad, good)


def test_leaving_early_ends_the_process(empty: Repo) -> None:
    one, two = (tree(b"100644 blob %s\tx" % blob(data)) for data in (b"1", b"2"))
    found = treediff.entering(Source(place_of(empty.path)), [one, two] * 50_000)
    assert next(found)
    found.close()  # type: ignore[attr-defined]


def test_what_git_says_beside_it_stops_nobody(empty: Repo, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    """As over a damaged pack, where it is a line for each object that it finds elsewhere; here it is asked to."""
    one, two = (tree(b"100644 blob %s\tx" % blob(data)) for data in (b"1", b"2"))
    git.run("pack-objects", "-q", ".git/objects/pack/pack", data=b"%s\n%s\n" % (one, two))
    git.run("prune-packed", "-q")
    monkeypatch.setenv("GIT_TRACE_PACK_ACCESS", "1")
    assert len(told(*[one, two] * 1000)) == 2000
