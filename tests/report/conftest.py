"""A DVC project made by hand whose history holds an artifact in Git and another in DVC; no hook, no command."""

from __future__ import annotations

import hashlib
import os

import pytest

from tests.helpers.support import Repo
from trinity_guard import git
from trinity_guard.config import Config
from trinity_guard.detect.patterns import Rules
from trinity_guard.dvcrepo import odb, pointer


class World:
    """What a report is about. The remote `s` is a folder beside the repository."""

    def __init__(self, repo: Repo) -> None:
        self.repo = repo
        self.storage = repo.path.parent / "storage"
        self.storage.mkdir()
        repo.stage(".dvc/config", f"[core]\n    remote = s\n['remote \"s\"']\n    url = {self.storage}\n".encode())
        self.place = git.place()
        self.config = Config()
        self.rules = Rules(self.config)

    def track(self, name: str, content: bytes, pushed: bool = True) -> str:
        """Stage a pointer to these bytes, which the cache holds, and the remote too; return their md5."""
        cache = odb.Store(os.fsencode(self.repo.path / ".dvc" / "cache"))
        stored = cache.take([content])
        cache.settle()
        if pushed:
            there = self.storage / "files" / "md5" / stored.md5[:2] / stored.md5[2:]
            there.parent.mkdir(parents=True, exist_ok=True)
            there.write_bytes(content)
        self.repo.write(name, content)
        self.repo.stage(f"{name}.dvc", pointer.encode(stored.md5, len(content), name.rpartition("/")[2]))
        return stored.md5

    def commit(self, when: int) -> str:
        """Commit what is staged at this time (seconds since 1970); return the commit's id."""
        date = f"{when} +0000"
        self.repo.commit("--allow-empty", GIT_AUTHOR_DATE=date, GIT_COMMITTER_DATE=date)
        return self.repo.head()


def md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


@pytest.fixture
def world(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.chdir(bare_repo.path)
    monkeypatch.setenv("TRINITY_GUARD_TRUST", "1")
    return World(bare_repo)
