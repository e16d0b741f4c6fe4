"""Git is asked what the ignore files of a tree say, and nothing of this machine is in its answer."""

from __future__ import annotations

import pytest

from tests.helpers.support import Repo
from tests.lint.linted import pointer
from trinity_guard import git
from trinity_guard.config import Config
from trinity_guard.detect.patterns import Rules
from trinity_guard.dvcrepo.output import DIR, FILE, Output
from trinity_guard.lint.rules import ignored
from trinity_guard.lint.subject import Subject, indexed


@pytest.fixture
def work(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    monkeypatch.chdir(bare_repo.path)
    return bare_repo


def left(*paths: bytes, kind: str = FILE) -> list[bytes]:
    """Return those of the paths that are not ignored."""
    subject = Subject(git.place(), Config(), Rules(Config()), indexed())
    held = [Output(p) for p in paths]
    for output in held:
        output.kind = kind
    return [h.path for h in ignored.not_ignored(subject, held)]


def test_a_line_of_the_tree_counts_and_one_s_own_excludes_do_not(work: Repo) -> None:
    work.stage("m/.gitignore", b"/a.pkl\n")
    work.write(".git/info/exclude", b"b.pkl\n")
    work.write(".gitignore", b"b.pkl\n")
    assert left(b"m/a.pkl", b"m/b.pkl", b"a.pkl") == [b"m/b.pkl", b"a.pkl"]


def test_a_folder_is_asked_for_as_a_folder(work: Repo) -> None:
    work.stage(".gitignore", b"/data/\n")
    assert left(b"data", kind=DIR) == []
    assert left(b"data") == [b"data"]


@pytest.mark.parametrize("path", [b":x.pkl", b"-x.pkl", b"new\nline.pkl", b"a b.pkl", "é.pkl".encode()])
def test_odd_names_are_asked_for_as_they_are(work: Repo, path: bytes) -> None:
    work.stage(".gitignore", b"*.pkl\n")
    assert left(path) == []
    work.stage(".gitignore", b"# none\n")
    assert left(path) == [path]


def test_names_that_lead_elsewhere_are_not_laid_out(work: Repo) -> None:
    work.stage("a.pkl.dvc", pointer("a.pkl"))
    assert left(b"../a.pkl", b".git/a.pkl", b"") == []
