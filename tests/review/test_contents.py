"""Where the bytes of a version lie: the work tree, a cache, Git itself; and why they cannot be had."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.helpers.support import Repo
from trinity_guard import git
from trinity_guard.dvcrepo import directory, odb, tracked
from trinity_guard.dvcrepo.output import Output
from trinity_guard.review import contents
from trinity_guard.review.contents import Contents
from trinity_guard.review.sides import Version


@pytest.fixture
def repo(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    monkeypatch.chdir(bare_repo.path)
    bare_repo.stage(".dvc/config", b"")
    return bare_repo


@pytest.fixture
def found(repo: Repo, tmp_path: Path) -> Contents:
    place = git.place()
    (tmp_path / "scratch").mkdir()
    made = Contents(place, tracked.load(place), os.fsencode(tmp_path / "scratch"))
    made.stay_offline()
    return made


def held(repo: Repo, data: bytes, suffix: str = "") -> Output:
    """Put bytes into the cache."""
    cache = odb.Store(os.fsencode(repo.path / ".dvc" / "cache"))
    stored = cache.take([data])
    stored.md5 += suffix
    cache.settle()
    return Output(b"d", stored.md5, len(data), b"d.dvc")


def read(answer: tuple[bytes, str]) -> bytes | str:
    path, why = answer
    return why or Path(os.fsdecode(path)).read_bytes()


def test_an_object_of_the_cache(repo: Repo, found: Contents) -> None:
    assert read(found.file(Version(b"d", held(repo, b"data")))) == b"data"


def test_a_file_of_the_work_tree(repo: Repo, found: Contents) -> None:
    repo.write("d", b"here")
    assert read(found.file(Version(b"d", Output(b"d"), file=os.fsencode(repo.path / "d")))) == b"here"


def test_a_blob_of_gits_is_laid_out_once(repo: Repo, found: Contents) -> None:
    repo.write("d", b"raw")
    oid = repo.git("hash-object", "-w", "d").stdout.strip()
    version = Version(b"d", Output(b"d"), blob=oid)
    assert read(found.file(version)) == b"raw"
    assert found.file(version) == found.file(version)


def test_what_cannot_be_had_says_why(repo: Repo, found: Contents) -> None:
    away = Output(b"d", "1a" * 16, 5, b"d.dvc")
    assert read(found.file(Version(b"d", away))) == contents.OFFLINE
    assert read(found.file(Version(b"d", away, why="it is held by git-lfs"))) == "it is held by git-lfs"


def test_a_pipe_or_a_file_that_is_gone_is_not_opened(repo: Repo) -> None:
    os.mkfifo(repo.path / "pipe")
    for name in ("pipe", "gone"):
        path, why = contents.regular(os.fsencode(repo.path / name))
        assert path == b""
        assert why


def test_the_files_of_a_directory_are_those_of_its_list(repo: Repo, found: Contents) -> None:
    one = held(repo, b"one")
    folder = held(repo, directory.encode({b"a": one.md5}), ".dir")
    version = Version(b"d", folder)
    assert found.listed(version) == ({b"a": one.md5}, "")
    assert read(found.member(version, b"a", one.md5)) == b"one"


@pytest.mark.parametrize("data", [b"{broken", b'{"a": 1}', b'[{"md5": "x"}]'])
def test_a_damaged_list_is_said(repo: Repo, found: Contents, data: bytes) -> None:
    assert found.listed(Version(b"d", held(repo, data, ".dir"))) == (None, "its list of files is damaged")


def test_a_list_that_is_not_here_says_why(found: Contents) -> None:
    assert found.listed(Version(b"d", Output(b"d", "1a" * 16 + ".dir", 5, b"d.dvc"))) == (None, contents.OFFLINE)
