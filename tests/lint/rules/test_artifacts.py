"""What is said of an artifact that stands in Git: the command depends on where it lies and on who should keep it."""

from __future__ import annotations

import pytest

from tests.helpers.support import Repo
from trinity_guard import git
from trinity_guard.config import Config
from trinity_guard.detect.patterns import Rules
from trinity_guard.git.index import Entry
from trinity_guard.lint.rules import artifacts
from trinity_guard.lint.subject import Judged, Subject, Tree
from trinity_guard.lint.versions import Versions

OID = b"1" * 40


def judged(path: bytes, lfs: bool = False, commit: bytes = b"") -> Judged:
    found = Judged(commit, Entry(b"100644", OID, path), 5, Rules(Config()).decide(path, 5, b""))
    found.lfs = lfs
    return found


def subject(*paths: bytes) -> Subject:
    tree = Tree(b"", [b"100644"] * len(paths), [OID] * len(paths), list(paths))
    return Subject(git.place(), Config(), Rules(Config()), tree)


@pytest.mark.parametrize(
    ("path", "lfs", "command"),
    [
        (b"m/a b.pkl", False, "trinity-guard convert 'm/a b.pkl'"),
        (b".dvc/a.pkl", False, "git rm -q --cached -- .dvc/a.pkl"),
        (b"a.pkl", True, "git lfs install && git add --renormalize -- a.pkl"),
    ],
)
def test_the_command_that_helps(
    bare_repo: Repo, monkeypatch: pytest.MonkeyPatch, path: bytes, lfs: bool, command: str
) -> None:
    monkeypatch.chdir(bare_repo.path)
    assert artifacts.remedy_for(subject(path), judged(path, lfs)) == command
    assert ("git-lfs" in artifacts.unfiltered(judged(path, lfs))) == lfs


def test_what_a_range_s_end_still_has_is_in_the_tree(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(bare_repo.path)
    found = subject(b"a.pkl")
    assert artifacts.in_tree(found, judged(b"gone.pkl"))  # without a range there is nothing but the tree
    found.history = Versions()
    assert artifacts.in_tree(found, judged(b"a.pkl"))
    assert not artifacts.in_tree(found, judged(b"gone.pkl"))
    other = judged(b"a.pkl")
    other.entry = Entry(b"100644", b"2" * 40, b"a.pkl")
    assert not artifacts.in_tree(found, other)


def test_a_finding_is_known_by_its_bytes() -> None:
    found = artifacts.finding_of("TG001", judged(b"a.pkl", commit=b"c" * 40), "x", "y")
    assert (found.rule, found.path, found.commit, found.key) == ("TG001", b"a.pkl", "c" * 40, OID.decode())
    assert artifacts.short(judged(b"a.pkl", commit=b"c" * 40)) == "c" * 10


def test_what_a_filter_hides_is_not_for_convert(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(bare_repo.path)
    found = judged(b"keys/a.csv")
    found.filter = b"git-crypt"
    remedy = artifacts.remedy_for(subject(b"keys/a.csv"), found)
    assert remedy == """exclude = ["/keys/a.csv"]     # in .trinity-guard.toml; or take the filter 'git-crypt' off it"""
