"""A repository that is copied (tests/helpers/copies.py) is what building it at its place would have left."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from tests.helpers.support import Repo, made_once

BUILT: list[Path] = []


@made_once
def begin(repo: Repo, name: str) -> str:
    BUILT.append(repo.path)
    repo.stage(name)
    repo.commit()
    repo.stage("code.py", b"x = 1\n")
    repo.commit()
    return f"{name}.dvc"


def begun(make_repo: Callable[..., Repo], *names: str) -> list[Repo]:
    """Return repositories of which all but the first are copies."""
    BUILT.clear()
    repos = [make_repo(name) for name in names]
    assert [begin(repo, "a.pkl") for repo in repos] == ["a.pkl.dvc"] * len(repos)
    assert len(BUILT) <= 1
    return repos


def test_git_dvc_and_we_find_nothing_changed_in_a_copy(make_repo: Callable[..., Repo]) -> None:
    one, other = begun(make_repo, "one", "a-longer-name")
    assert other.head() != one.head(), "each has its own place in .dvc/config"
    for repo in (one, other):
        # Of the index as it is: the first looks at no content.
        assert repo.git("diff-files").stdout == b""
        assert repo.git("fsck", "--strict").returncode == 0
        assert repo.index() == repo.tree()
        assert repo.git("status", "--porcelain").stdout == b""
        assert repo.dvc("status").stdout.strip() == b"Data and pipelines are up to date."
    said = [repo.guard("status").stdout.replace(os.fsencode(repo.path), b"HERE") for repo in (one, other)]
    assert said[0] == said[1]
    assert one.cached() == other.cached() != {}


def test_no_place_of_the_first_is_in_a_copy(make_repo: Callable[..., Repo]) -> None:
    one, other = begun(make_repo, "one", "other")
    files = [file for file in other.path.rglob("*") if file.is_file()]
    assert [file for file in files if os.fsencode(one.path) in file.read_bytes()] == []
    for commit in other.git("rev-list", "HEAD").stdout.decode().split():
        assert str(other.storage) in other.show(".dvc/config", commit).decode()
        assert one.git("cat-file", "-e", commit, ok=False).returncode


def written(repo: Repo) -> list[tuple[int, int]]:
    """Return which files the records are, and of when: a hook that finds them out of step writes new ones."""
    files = [repo.file(f".git/trinity-guard/{name}").stat() for name in ("attributes", "config", "outputs")]
    return [(file.st_ino, file.st_mtime_ns) for file in files]


def test_what_hooks_remember_holds_in_a_copy(make_repo: Callable[..., Repo]) -> None:
    one, other = begun(make_repo, "one", "other")
    remembered = [repo.file(".git/trinity-guard/nothing-to-do").read_bytes().splitlines() for repo in (one, other)]
    assert [words[1] for words in remembered] == [
        repo.git("rev-parse", "HEAD^{tree}").stdout.strip() for repo in (one, other)
    ]
    before = written(other)
    other.stage("code.py", b"x = 2\n")
    other.commit()
    assert written(other) == before


def test_one_that_was_worked_on_is_built_on(make_repo: Callable[..., Repo]) -> None:
    begun(make_repo, "one")
    worked = make_repo("worked")
    worked.write("mine.txt")
    BUILT.clear()
    begin(worked, "a.pkl")
    assert [worked.path] == BUILT
    assert worked.file("mine.txt").exists()
