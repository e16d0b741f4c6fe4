"""A repository with a DVC project, a cache and a folder as its remote, made by hand: no hook, no command."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.helpers.support import Repo
from trinity_guard import git
from trinity_guard.dvcrepo import odb, project
from trinity_guard.dvcrepo.output import Output, of_object


class World:
    """What a push works on. storage: the remote's folder."""

    def __init__(self, repo: Repo) -> None:
        self.repo = repo
        self.storage = repo.path.parent / "storage"
        repo.stage(".dvc/config", f"[core]\n    remote = s\n['remote \"s\"']\n    url = {self.storage}\n".encode())
        repo.commit()
        self.place = git.place()
        self.commit = repo.head().encode()
        self.cache = odb.Store(os.fsencode(repo.path / ".dvc" / "cache"))

    def settings(self) -> project.Project:
        return project.load(self.place.top)

    def named(self, md5: str, size: int = -1, remote: str = "") -> Output:
        item = of_object(md5, size)
        item.path, item.source, item.commit, item.remote = b"a", b"a.dvc", self.commit, remote
        return item

    def hold(self, content: bytes, remote: str = "") -> Output:
        """Put bytes into the cache; return them as a commit names them."""
        stored = self.cache.take([content])
        self.cache.settle()
        return self.named(stored.md5, len(content), remote)

    def hold_folder(self, *files: Output) -> Output:
        """Put a directory object into the cache that lists these files."""
        listed = json.dumps([{"md5": f.md5, "relpath": str(n)} for n, f in enumerate(files)]).encode()
        stored = self.cache.take([listed])
        stored.md5 += ".dir"
        self.cache.settle()
        return self.named(stored.md5, -1)

    def stored(self, item: Output) -> Path:
        """Return where an object is on the remote."""
        return self.storage / "files" / "md5" / item.md5[:2] / item.md5[2:]

    def cached(self, item: Output) -> Path:
        return Path(os.fsdecode(self.cache.path(item.md5)))

    def spoil(self, file: Path, content: bytes = b"spoilt") -> None:
        file.chmod(0o644)
        file.write_bytes(content)


@pytest.fixture
def world(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.chdir(bare_repo.path)
    return World(bare_repo)
