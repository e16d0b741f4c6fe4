"""A DVC project made by hand, with what a checkout works on: pointers, a cache, working files; no hook, no command."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.helpers.support import Repo
from trinity_guard import git
from trinity_guard.checkout.plan import Follower, Former
from trinity_guard.dvcrepo import odb, pointer, tracked
from trinity_guard.dvcrepo.output import Output


class World:
    """A work tree whose artifacts follow pointers."""

    def __init__(self, repo: Repo) -> None:
        self.repo = repo
        repo.stage(".dvc/config", b"")
        repo.commit()
        self.place = git.place()
        self.cache = odb.Store(os.fsencode(repo.path / ".dvc" / "cache"))

    def hold(self, content: bytes, suffix: str = "") -> str:
        """Put bytes into the cache; return their md5."""
        stored = self.cache.take([content])
        stored.md5 += suffix
        self.cache.settle()
        return stored.md5

    def hold_folder(self, **files: bytes) -> str:
        listed = [{"md5": self.hold(data), "relpath": name.replace("_", "/")} for name, data in files.items()]
        return self.hold(json.dumps(listed).encode(), ".dir")

    def object(self, md5: str) -> Path:
        return Path(os.fsdecode(self.cache.path(md5)))

    def point(self, name: str, content: bytes) -> bytes:
        """Stage a pointer to these bytes, which the cache then holds; return its path."""
        path = name + ".dvc"
        self.repo.stage(path, pointer.encode(self.hold(content), len(content), Path(name).name))
        return path.encode()

    def goal(self, name: bytes, md5: str, size: int = -1) -> Output:
        return Output(name, md5, size, name + b".dvc")

    def follower(self) -> Follower:
        return Follower(self.place, tracked.load(self.place))

    def former(self, **files: str) -> Former:
        """Return what pointers said before: name -> md5."""
        former = Former()
        former.files = {name.replace("_", ".").encode(): [md5] for name, md5 in files.items()}
        return former


@pytest.fixture
def world(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.chdir(bare_repo.path)
    monkeypatch.setenv("TRINITY_GUARD_TRUST", "1")
    return World(bare_repo)
