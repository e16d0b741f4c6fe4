"""Which artifacts a commit or the work tree has, and which of them are not the same on both sides."""

from __future__ import annotations

import pytest

from tests.helpers.support import Repo
from trinity_guard import git
from trinity_guard.config import Config
from trinity_guard.detect.patterns import Rules
from trinity_guard.dvcrepo import odb
from trinity_guard.dvcrepo.output import Output
from trinity_guard.review import sides
from trinity_guard.review.sides import Change, Side, Version


def version(path: bytes, md5: str = "") -> Version:
    return Version(path, Output(path, md5, 1))


def side(**artifacts: str) -> Side:
    made = Side(b"", {})
    made.artifacts = {name.encode(): version(name.encode(), md5 * 32) for name, md5 in artifacts.items()}
    return made


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"a": "1"}, {"a": "1"}, []),
        ({"a": "1"}, {"a": "2"}, [("changed", b"a")]),
        ({}, {"a": "1"}, [("added", b"a")]),
        ({"a": "1"}, {}, [("removed", b"a")]),
        ({"a": "1"}, {"b": "1"}, [("renamed", b"b")]),
        ({"a": "1"}, {"b": "2"}, [("removed", b"a"), ("added", b"b")]),
        ({"b": "1", "a": "2"}, {"b": "3", "a": "4"}, [("changed", b"a"), ("changed", b"b")]),
    ],
)
def test_what_differs_is_told_in_the_order_of_paths(
    before: dict[str, str], after: dict[str, str], expected: list[tuple[str, bytes]]
) -> None:
    assert [(c.word, c.path) for c in sides.changes(side(**before), side(**after))] == expected


def test_the_same_bytes_are_the_same_under_any_name() -> None:
    assert Change(version(b"a", "1" * 32), version(b"b", "1" * 32)).same_bytes
    assert not Change(version(b"a", "1" * 32), version(b"a", "2" * 32)).same_bytes
    assert not Change(version(b"a"), version(b"a")).same_bytes, "nobody knows"
    assert not Change(None, version(b"a", "1" * 32)).same_bytes


@pytest.fixture
def repo(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """Three commits: an artifact that Git has raw, one that a pointer holds, and one that git-lfs holds."""
    monkeypatch.chdir(bare_repo.path)
    bare_repo.stage(".dvc/config", b"")
    bare_repo.stage("raw.csv", b"raw")
    bare_repo.commit()
    bare_repo.stage("held.csv.dvc", b"outs:\n- md5: %b\n  size: 4\n  hash: md5\n  path: held.csv\n" % (b"1a" * 16))
    bare_repo.stage("broken.dvc", b"outs: 5\n")
    bare_repo.commit()
    bare_repo.stage("lfs.csv", sides.LFS + b"v1\noid sha256:1\nsize 5\n")
    bare_repo.commit()
    return bare_repo


def found(before: str, after: str = "") -> tuple[Side, Side]:
    ids = [git.require_commit(name.encode()) if name else b"" for name in (before, after)]
    return sides.Sides(git.place(), Rules(Config()), lambda _: True).of(*ids)


@pytest.mark.usefixtures("repo")
def test_pointers_raw_files_and_those_of_git_lfs_are_artifacts() -> None:
    one, other = found("HEAD~2", "HEAD")
    assert [(c.word, c.path) for c in sides.changes(one, other)] == [("added", b"held.csv"), ("added", b"lfs.csv")]
    assert other.artifacts[b"held.csv"].md5 == "1a" * 16
    assert other.artifacts[b"lfs.csv"].why == "it is held by git-lfs"
    assert list(other.broken) == [b"broken.dvc"]


def test_of_the_work_tree_what_lies_there_counts(repo: Repo) -> None:
    repo.write("raw.csv", b"edited")
    one, other = found("HEAD")
    assert (one.artifacts[b"raw.csv"].blob, other.artifacts[b"raw.csv"].blob) != (b"", b"")
    assert other.artifacts[b"raw.csv"].size == 6
    assert ("changed", b"raw.csv") in [(c.word, c.path) for c in sides.changes(one, other)]


def test_what_git_sees_unchanged_in_the_work_tree_is_no_change_whoever_holds_it(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a file that git-lfs holds no md5 is known on either side, and a raw one need not be read."""
    repo.git("checkout", "-q", "--", "raw.csv", "lfs.csv")
    monkeypatch.setattr(odb, "md5_of", lambda _: pytest.fail("it was read"))
    assert [c.path for c in sides.changes(*found("HEAD")) if c.path != b"held.csv"] == []


def test_a_changed_file_of_git_lfs_in_the_work_tree_is_a_change(repo: Repo) -> None:
    repo.git("checkout", "-q", "--", "raw.csv")
    repo.write("lfs.csv", b"a,b\n1,2\n")
    assert ("changed", b"lfs.csv") in [(c.word, c.path) for c in sides.changes(*found("HEAD"))]
