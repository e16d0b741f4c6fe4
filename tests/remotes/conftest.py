"""A DVC project made by hand for the remotes' own functions; a cache, and a second one that stands for a teammate's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.helpers.support import Repo
from trinity_guard import git
from trinity_guard.dvcrepo import odb, project
from trinity_guard.dvcrepo.output import Output, of_object


class Hand:
    """A project in a plain repository."""

    def __init__(self, repo: Repo) -> None:
        self.repo = repo
        self.top = os.fsencode(repo.path)
        repo.stage(".dvc/.gitignore", b"/config.local\n/tmp\n/cache\n")
        repo.stage(".dvc/config", b"")
        self.place = git.Place(self.top, self.top + b"/.git", self.top + b"/.git")
        self.cache = odb.Store(self.top + b"/.dvc/cache")
        self.other = odb.Store(os.fsencode(repo.path.parent / "teammate"))

    def config(self, text: str, level: str = "") -> None:
        self.repo.write(f".dvc/config{level}", text.encode())

    def settings(self) -> project.Project:
        return project.load(self.top)

    def hold(self, content: bytes, suffix: str = "") -> Output:
        stored = self.cache.take([content])
        stored.md5 += suffix
        self.cache.settle()
        return of_object(stored.md5, stored.size)


def content(store: odb.Store, md5: str) -> bytes:
    return Path(os.fsdecode(store.path(md5))).read_bytes()


@pytest.fixture
def hand(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Hand:
    monkeypatch.chdir(bare_repo.path)
    return Hand(bare_repo)
