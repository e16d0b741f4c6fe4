"""Small repositories that the tests of Git's readers share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.helpers.support import Repo
from trinity_guard import git

# Names that are misread by whoever takes a path for text, an option, a pattern or a line.
NAMES = [b"a.csv", b"d/e/f.txt", "é.pkl".encode(), b"a b", b"-x", b"new\nline", b"tab\there", b":x", b"*", b"\xff"]


@pytest.fixture
def empty(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """A repository without commits, which the test is in."""
    monkeypatch.chdir(bare_repo.path)
    return bare_repo


@pytest.fixture
def here(empty: Repo) -> Repo:
    """A repository that the test is in, with one commit of files, a program, a link and a submodule."""
    for name in NAMES:
        empty.write(name, name)
    empty.write("run.sh", b"#!/bin/sh\n")
    empty.file("run.sh").chmod(0o755)
    empty.file("link").symlink_to("a.csv")
    empty.git("add", "-A")
    empty.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},sub")
    empty.commit()
    return empty


def git_dir(repo: Repo) -> bytes:
    return os.fsencode(repo.path / ".git")


def place_of(path: Path) -> git.Place:
    return git.Place(os.fsencode(path), os.fsencode(path / ".git"), os.fsencode(path / ".git"))


def blobs(repo: Repo, contents: list[bytes]) -> list[bytes]:
    """Write blobs into a repository and return their ids."""
    return [git.run("hash-object", "-w", "--stdin", data=data, at=os.fsencode(repo.path)).strip() for data in contents]


def packed(repo: Repo) -> None:
    """Put all objects of a repository into one pack, with deltas."""
    repo.git("repack", "-q", "-a", "-d", "-f", "--depth=50", "--window=50")


def versions(count: int) -> list[bytes]:
    """Return texts of which each differs a little from the one before, so that Git packs them as deltas."""
    lines = [b"line %d of some text that is the same in every version\n" % n for n in range(400)]
    texts = []
    for number in range(count):
        lines[number * 7 % 400] = b"changed in version %d\n" % number
        texts.append(b"".join(lines))
    return texts


@pytest.fixture
def deltas(empty: Repo) -> tuple[Repo, dict[bytes, bytes]]:
    """A repository whose objects are in one pack, many as deltas; and id -> bytes of its blobs."""
    contents = [*versions(30), b"", b"x", os.urandom(300_000), bytes(2_000_000)]
    for number, data in enumerate(contents):
        empty.write(f"f{number}", data)
    empty.git("add", "-A")
    empty.commit()
    packed(empty)
    tree = empty.tree()
    return empty, {tree[b"f%d" % n][1]: data for n, data in enumerate(contents)}
