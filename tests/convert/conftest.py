"""A DVC project made by hand, with what a conversion works on; no hook, no command."""

from __future__ import annotations

import hashlib
import signal
import sys
from pathlib import Path

import pytest

from tests.helpers.support import Repo, run
from trinity_guard import git
from trinity_guard.config import Config
from trinity_guard.convert import convert as conversion
from trinity_guard.convert.outcome import Outcome
from trinity_guard.detect.patterns import Rules
from trinity_guard.dvcrepo import tracked
from trinity_guard.git import index

# Converts a file, and is killed just before (or after) the named function does its work for the first time.
KILLED = """
import os, sys
from trinity_guard import git
from trinity_guard.convert import convert
from trinity_guard.dvcrepo import tracked
from trinity_guard.git import files, index
from trinity_guard.convert.journal import Journal
when, owner, name, path = sys.argv[1:]
holder = {"index": index, "files": files, "journal": Journal}[owner]
real = getattr(holder, name)
def killed(*args, **options):
    if when == "after":
        real(*args, **options)
    os.kill(os.getpid(), 9)
setattr(holder, name, killed)
place = git.place()
convert.convert(place, tracked.load(place), index.entries_of([os.fsencode(path)]).values())
"""


class World:
    """A work tree in which files are staged and become pointers."""

    def __init__(self, repo: Repo) -> None:
        self.repo = repo
        repo.stage(".dvc/config", b"")
        self.place = git.place()
        self.rules = Rules(Config())

    def catalog(self) -> tracked.Catalog:
        return tracked.load(self.place)

    def entries(self, *names: bytes) -> list[index.Entry]:
        """Return what is staged under these names, in their order."""
        known = index.entries_of(names)
        return [known[name] for name in names]

    def convert(self, *names: bytes) -> Outcome:
        """Convert what is staged under these names."""
        return conversion.convert(self.place, self.catalog(), self.entries(*names))

    def add(self, *names: bytes) -> Outcome:
        """Convert working files as they are."""
        return conversion.convert(self.place, self.catalog(), [index.Entry(index.REGULAR, b"", name) for name in names])

    def staged(self, name: str) -> bytes:
        """Return the bytes of what is staged."""
        return self.repo.git("show", f":{name}").stdout

    def working(self, name: str) -> bytes:
        return self.repo.file(name).read_bytes()

    def own(self, name: str) -> Path:
        """Return a file of ours in the git dir."""
        return self.repo.path / ".git" / "trinity-guard" / name

    def ignored(self, name: str) -> bool:
        """Whether Git ignores a path by its rules, be it staged or not."""
        return not self.repo.git("check-ignore", "-q", "--no-index", f"./{name}", ok=False).returncode


def pointer(name: str, content: bytes) -> bytes:
    """Return the pointer of a file with these bytes, as DVC writes it."""
    md5 = hashlib.md5(content).hexdigest()
    return f"outs:\n- md5: {md5}\n  size: {len(content)}\n  hash: md5\n  path: {name}\n".encode()


def kill(world: World, when: str, owner: str, name: str, path: str = "a.csv") -> None:
    """Convert a file, and be killed before or after this function's work."""
    done = run(sys.executable, "-c", KILLED, when, owner, name, path, cwd=world.repo.path, ok=False)
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.fixture
def world(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.chdir(bare_repo.path)
    return World(bare_repo)


@pytest.fixture
def committed(world: World) -> World:
    """A work tree with two committed artifacts, one of them in a folder, and a file of Git's."""
    world.repo.stage("a.csv", b"1\n")
    world.repo.stage("d/b.csv", b"2\n")
    world.repo.stage("d/code.py", b"x = 1\n")
    world.convert(b"a.csv", b"d/b.csv")
    world.repo.commit()
    return world
