"""The parent and the tree of a commit under way, read from Git's own files, are Git's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.support import Repo
from trinity_guard.git import Place, nextcommit


def place(repo: Repo) -> Place:
    folder = os.fsencode(repo.path / ".git")
    return Place(os.fsencode(repo.path), folder, folder)


def seen(repo: Repo) -> tuple[bytes, bytes] | None:
    where = place(repo)
    return nextcommit.parent_and_tree(where, where.git_dir + b"/index")


def written(repo: Repo) -> tuple[bytes, bytes]:
    """What Git itself says; this also writes the cache tree into the index, as `git commit` does before its hooks."""
    tree = repo.git("write-tree").stdout.strip()
    return repo.git("rev-parse", "HEAD").stdout.strip(), tree


@pytest.fixture
def plain(tmp_path: Path) -> Repo:
    repo = Repo.make(tmp_path / "plain", guarded=False)
    for name in ("a", "d/b", "d/e/c", "TREE"):
        repo.stage(name, os.urandom(20))
    repo.commit()
    return repo


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"index.version": "4"},
        {"core.untrackedCache": "true"},
        {"index.recordEndOfIndexEntries": "true", "index.threads": "2"},
        {"index.skipHash": "true"},
    ],
    ids=lambda config: "+".join(config) or "plain",
)
def test_what_git_would_commit(plain: Repo, config: dict[str, str]) -> None:
    for key, value in config.items():
        plain.git("config", key, value)
    plain.git("update-index", "--force-write-index", ok=False)
    plain.stage("d/new", b"new")
    assert seen(plain) is None or seen(plain) == written(plain)  # `git add` leaves no valid tree behind
    expected = written(plain)
    assert seen(plain) == expected
    plain.git("checkout", "-q", "--detach")
    assert seen(plain) == expected


def test_an_index_whose_tree_is_not_written_says_nothing(plain: Repo) -> None:
    written(plain)
    plain.stage("d/b", b"another")
    assert seen(plain) is None


def test_a_merge_has_other_parents(plain: Repo) -> None:
    written(plain)
    (plain.path / ".git/MERGE_HEAD").write_bytes(plain.git("rev-parse", "HEAD").stdout)
    assert seen(plain) is None


def test_a_packed_ref_is_not_looked_for(plain: Repo) -> None:
    written(plain)
    plain.git("pack-refs", "--all")
    assert seen(plain) is None


def test_before_the_first_commit_there_is_no_parent(tmp_path: Path) -> None:
    repo = Repo.make(tmp_path / "unborn", guarded=False)
    repo.stage("a", b"a")
    repo.git("write-tree")
    assert seen(repo) is None


def test_a_split_index_says_the_truth_or_nothing(plain: Repo) -> None:
    plain.git("update-index", "--split-index")
    plain.stage("d/new", b"new")
    expected = written(plain)
    assert seen(plain) in (None, expected)


@given(st.binary(max_size=300), st.integers(0, 300))
def test_no_bytes_of_an_index_make_it_fail(tmp_path_factory: pytest.TempPathFactory, data: bytes, at: int) -> None:
    file = tmp_path_factory.getbasetemp() / "index"
    for content in (data, data[:at] + b"TREE\0\0\0\x1a\x001 0\n" + data[at:], b"TREE" + data):
        file.write_bytes(content)
        tree = nextcommit._tree(os.fsencode(file))
        assert tree is None or len(tree) in (40, 64)
