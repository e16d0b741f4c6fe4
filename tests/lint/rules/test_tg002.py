"""TG002: artifacts that a commit of the range brought, though its end has them no more."""

from __future__ import annotations

from tests.helpers.support import Repo
from tests.lint.linted import found


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


def test_what_the_tree_still_has_is_the_other_rule_s(bare_repo: Repo) -> None:
    bare_repo.stage("x.py", b"1")
    bare_repo.commit()
    bare_repo.stage("a.pkl", b"1")
    bare_repo.commit("--no-verify")
    assert found(bare_repo, "--range", "HEAD~1..HEAD") == [("TG001", "a.pkl", "error")]
    assert found(bare_repo) == [("TG001", "a.pkl", "error")]
