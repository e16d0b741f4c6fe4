"""The index with the working tree's configs and ignore files in it, and nothing else of the working tree."""

from __future__ import annotations

import pytest

from tests.helpers.support import Repo
from tests.lint.linted import pointer
from trinity_guard import git
from trinity_guard.config import Config
from trinity_guard.detect.patterns import Rules
from trinity_guard.lint import subject, worktree


@pytest.fixture
def work(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    monkeypatch.chdir(bare_repo.path)
    bare_repo.stage("m/a.pkl.dvc", pointer("a.pkl"))
    bare_repo.stage("m/.gitignore", b"/a.pkl\n")
    bare_repo.stage("x.py", b"1")
    return bare_repo


def on_disk() -> subject.Subject:
    return worktree.on_disk(subject.Subject(git.place(), Config(), Rules(Config()), subject.indexed()))


def content(found: subject.Subject, path: bytes) -> bytes | None:
    entry = found.tree.get(path)
    return found.contents([entry.oid])[entry.oid] if entry else None


def test_configs_and_ignore_files_are_those_of_the_working_tree_and_all_else_the_index_s(work: Repo) -> None:
    work.write("m/.gitignore", b"# changed\n")
    work.write(".gitignore", b"# new\n")
    work.write(".dvc/config", b"[core]\n")
    work.write("x.py", b"2")
    found = on_disk()
    assert content(found, b"m/.gitignore") == b"# changed\n"
    assert content(found, b".gitignore") == b"# new\n"
    assert content(found, b".dvc/config") == b"[core]\n"
    assert content(found, b"x.py") == b"1"
    assert len(found.tree.paths) == len(set(found.tree.paths)) == 5


def test_a_pointer_that_is_not_checked_out_is_left_out(work: Repo) -> None:
    work.file("m/a.pkl.dvc").unlink()
    assert on_disk().tree.get(b"m/a.pkl.dvc") is None


def test_a_link_is_not_read(work: Repo) -> None:
    work.file("m/.gitignore").unlink()
    work.file("m/.gitignore").symlink_to("/etc/hostname")
    assert content(on_disk(), b"m/.gitignore") == b"/a.pkl\n"


def test_a_config_that_is_too_large_has_no_content(work: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worktree, "MAX_BYTES", 3)
    work.write(".dvc/config", b"[core]\n")
    assert content(on_disk(), b".dvc/config") is None


def test_an_empty_index_has_no_files(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(bare_repo.path)
    bare_repo.git("read-tree", "--empty")
    assert on_disk().tree.paths == []
