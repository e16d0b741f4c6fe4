"""TG002: artifacts that a commit of the range brought, though its end has them no more."""

from __future__ import annotations

import pytest

from tests.helpers.support import Repo
from tests.lint.linted import found
from trinity_guard import git
from trinity_guard.config import Config
from trinity_guard.detect.patterns import Rules
from trinity_guard.git import revisions
from trinity_guard.lint import subject
from trinity_guard.lint.rules import tg002
from trinity_guard.lint.subject import Subject


def test_what_came_and_went_is_told_with_both_commits(bare_repo: Repo) -> None:
    bare_repo.stage("x.py", b"1")
    bare_repo.commit()
    base = bare_repo.head()
    bare_repo.stage("a.pkl", b"first")
    bare_repo.stage("b.pkl", b"other")
    bare_repo.commit("--no-verify")
    brought = bare_repo.head()[:10]
    bare_repo.git("rm", "-q", "a.pkl")
    bare_repo.stage("b.pkl", b"another")
    bare_repo.commit("--no-verify")
    ended = bare_repo.head()[:10]
    assert found(bare_repo, "--range", f"{base}..HEAD") == [
        ("TG001", "b.pkl", "error"), ("TG002", "a.pkl", "error"), ("TG002", "b.pkl", "error"),
    ]  # fmt: skip
    said = bare_repo.guard("lint", "--range", f"{base}..HEAD", ok=False).stdout.decode()
    assert f"that commit {brought} adds and {ended} takes out again" in said
    assert f"that commit {brought} adds and {ended} replaces" in said
    assert f"git rebase -i {brought}^     # take it out there, or merge it squashed" in said


def test_a_long_range_is_gone_through_bit_by_bit(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(bare_repo.path)
    monkeypatch.setattr(revisions, "BATCH", 2)
    for n in range(7):
        bare_repo.stage("x.py", b"%d" % n)
        bare_repo.stage("a.pkl", b"%d" % (n // 3))
        bare_repo.commit("--no-verify")
    ids = bare_repo.git("rev-list", "--reverse", "HEAD").stdout.split()
    looked = Subject(git.place(), Config(), Rules(Config()), subject.tree_of(b"HEAD"))
    subject.walk(looked, ids)
    first, second = (finding.problem for finding in tg002.find(looked))
    assert f"{ids[0][:10].decode()} adds and {ids[3][:10].decode()} replaces" in first
    assert f"{ids[3][:10].decode()} adds and {ids[6][:10].decode()} replaces" in second


def test_what_the_tree_still_has_is_the_other_rule_s(bare_repo: Repo) -> None:
    bare_repo.stage("x.py", b"1")
    bare_repo.commit()
    bare_repo.stage("a.pkl", b"1")
    bare_repo.commit("--no-verify")
    assert found(bare_repo, "--range", "HEAD~1..HEAD") == [("TG001", "a.pkl", "error")]
    assert found(bare_repo) == [("TG001", "a.pkl", "error")]
