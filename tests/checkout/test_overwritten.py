"""A second name keeps what Git overwrites without asking: an artifact that an older commit holds raw."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.helpers.support import Repo
from trinity_guard import git
from trinity_guard.checkout.overwritten import OnceRaw
from trinity_guard.dvcrepo import odb


@pytest.fixture
def repo(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """Return a work tree with a DVC project, and a.csv in it, noted and in the cache."""
    monkeypatch.chdir(bare_repo.path)
    bare_repo.write(".dvc/config", b"")
    bare_repo.write("a.csv", b"recorded\n")
    cache = odb.Store(os.fsencode(bare_repo.file(".dvc/cache")))
    cache.take([b"recorded\n"])
    cache.settle()
    OnceRaw(git.place()).note([b"a.csv"])
    return bare_repo


def overwritten_by_git(repo: Repo, data: bytes = b"raw\n") -> None:
    """Do as a checkout of a commit that holds a.csv raw."""
    repo.file("a.csv").unlink()
    repo.stage("a.csv", data)


def rescued() -> list[bytes]:
    return [Path(os.fsdecode(kept)).read_bytes() for _, kept in OnceRaw(git.place()).rescue()]


def test_an_edit_is_kept_once(repo: Repo) -> None:
    with repo.file("a.csv").open("ab") as file:
        file.write(b"three days of work\n")
    overwritten_by_git(repo)
    assert rescued() == [b"recorded\nthree days of work\n"]
    assert rescued() == []
    assert repo.file("a.csv").read_bytes() == b"raw\n"


def test_what_the_cache_has_or_git_itself_is_not_kept(repo: Repo) -> None:
    overwritten_by_git(repo)
    assert rescued() == []
    repo.git("rm", "-q", "--cached", "a.csv")
    repo.write("a.csv", b"as in Git\n")
    OnceRaw(git.place()).renew()
    overwritten_by_git(repo, b"as in Git\n")
    assert rescued() == []


def test_what_a_person_put_in_its_place_is_no_work_of_git(repo: Repo) -> None:
    with repo.file("a.csv").open("ab") as file:
        file.write(b"an edit\n")
    repo.write("new", b"by an editor that renames\n")
    repo.file("new").rename(repo.file("a.csv"))
    assert rescued() == []
    once_raw = OnceRaw(git.place())
    once_raw.renew()
    assert Path(os.fsdecode(once_raw.kept[b"a.csv"])).samefile(repo.file("a.csv"))


def test_a_file_that_somebody_took_away_is_let_go_of(repo: Repo) -> None:
    repo.file("a.csv").unlink()
    once_raw = OnceRaw(git.place())
    once_raw.renew()
    assert not Path(os.fsdecode(once_raw.kept[b"a.csv"])).exists()
    assert rescued() == []


def test_without_hard_links_nothing_is_kept_and_nothing_fails(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(1, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    repo.write("b.csv", b"1\n")
    once_raw = OnceRaw(git.place())
    once_raw.note([b"b.csv"])
    assert not Path(os.fsdecode(once_raw.kept[b"b.csv"])).exists()
    assert list(OnceRaw(git.place()).kept) == [b"a.csv", b"b.csv"]
