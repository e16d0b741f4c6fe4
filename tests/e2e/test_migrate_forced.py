"""Others rewrite what they had pushed, by force, while a history is migrated: `run --onto` goes the same way."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.migrations import Legacy, make_legacy, out
from tests.helpers.support import KB, run

ONTO = ("run", "--onto", ".git/trinity-guard/migrate/commit-map", "--yes")
FETCH = ("fetch", "-q", "--prune", "--tags", "--force", "origin")


class Forced:
    """`clone` is migrated; `mate` has the old history, and pushes with force."""

    def __init__(self, path: Path) -> None:
        self.path = path
        work = make_legacy(path / "work")
        work.add("models/b.pkl", 4 * KB)
        run("git", "clone", "-q", "--bare", work.path, path / "server.git")
        self.clone, self.mate = self.cloned("clone"), self.cloned("mate")
        self.migrate(self.clone)

    def cloned(self, name: str) -> Legacy:
        run("git", "clone", "-q", self.path / "server.git", self.path / name)
        return Legacy(self.path / name)

    def migrate(self, clone: Legacy) -> None:
        out(clone, "run", "--everything", "--remote-branches", "--yes", "--remote", str(self.path / "storage"))

    def push(self, *what: str) -> None:
        self.mate.git("push", "-q", "--force", "origin", *what)

    def carried(self) -> str:
        self.clone.git(*FETCH)
        return out(self.clone, *ONTO)

    def over_everything(self) -> dict[str, str]:
        whole = self.cloned("whole")
        self.migrate(whole)
        return own(whole)


def own(legacy: Legacy) -> dict[str, str]:
    return {n: oid for n, oid in legacy.refs().items() if n.startswith(("refs/heads/", "refs/tags/"))}


@pytest.fixture
def forced(tmp_path: Path) -> Forced:
    return Forced(tmp_path)


def test_a_commit_that_was_amended_takes_the_place_of_the_one_before(forced: Forced) -> None:
    mate, clone = forced.mate, forced.clone
    new = mate.stage("models/b.pkl", 5 * KB)
    mate.git("commit", "-q", "--amend", "-m", "amended")
    forced.push("main")
    said = forced.carried()
    assert own(clone) == forced.over_everything()
    assert "others have taken commits out of main by force" in said
    assert clone.file("models/b.pkl").read_bytes() == new
    assert clone.git("status", "--porcelain").stdout == b""
    assert "every byte is there" in out(clone, "verify")
    out(clone, "undo")
    assert clone.head_of("main") == mate.head_of("main")
    assert clone.git("status", "--porcelain").stdout == b""
    assert clone.file("models/b.pkl").read_bytes() == new


def test_what_others_took_away_is_not_published_again(forced: Forced) -> None:
    forced.mate.git("reset", "-q", "--hard", "HEAD~1")
    forced.push("main")
    forced.carried()
    assert own(forced.clone) == forced.over_everything()
    assert not forced.clone.file("models/b.pkl").exists()
    assert not forced.clone.file("models/b.pkl.dvc").exists()
    assert forced.clone.git("status", "--porcelain").stdout == b""


def test_a_branch_that_was_rebased_or_begun_anew_is_what_it_is_now(forced: Forced) -> None:
    mate = forced.mate
    mate.git("checkout", "-q", "side")
    mate.git("rebase", "-q", "main")
    mate.add("data/more.csv", b"q\n")
    forced.push("side")
    forced.carried()
    assert own(forced.clone) == forced.over_everything()
    mate.git("push", "-q", "origin", "--delete", "side")
    mate.git("checkout", "-q", "--orphan", "anew")
    mate.add("models/new.pkl", 2 * KB)
    forced.push("anew:side")
    forced.carried()
    run("rm", "-r", forced.path / "whole")
    assert own(forced.clone) == forced.over_everything()
    assert "every byte is there" in out(forced.clone, "verify")


def test_commits_that_nobody_else_had_stay_where_they_are(forced: Forced) -> None:
    """They were made before the migration, and not pushed: Git's own log of the remote's branch does not know them."""
    clone = forced.cloned("other")
    clone.add("mine.csv", b"m\n")
    forced.migrate(clone)
    here = clone.head_of("main")
    forced.mate.git("reset", "-q", "--hard", "HEAD~1")
    forced.mate.add("theirs.csv", b"t\n")
    forced.push("main")
    clone.git(*FETCH)
    said = out(clone, *ONTO)
    assert clone.head_of("main") == here
    assert "git rebase carried/main" in said
    assert clone.show("theirs.csv.dvc", "carried/main")


def test_an_old_clone_that_is_pushed_over_the_new_history_takes_nothing_out_of_it(forced: Forced) -> None:
    clone = forced.clone
    clone.git("push", "-q", "--force", "origin", "main")
    here = clone.head_of("main")
    forced.mate.git("reset", "-q", "--hard", "HEAD~1")
    forced.mate.add("theirs.csv", b"t\n")
    forced.push("main")
    forced.carried()
    assert clone.head_of("main") == here
    assert clone.show("theirs.csv.dvc", "carried/main")


def test_where_another_remote_still_has_them_they_stay(forced: Forced) -> None:
    clone = forced.clone
    run("git", "clone", "-q", "--bare", forced.path / "work", forced.path / "fork.git")
    clone.git("remote", "add", "fork", str(forced.path / "fork.git"))
    clone.git("fetch", "-q", "fork")
    here = clone.head_of("main")
    forced.mate.git("push", "-q", "--force", str(forced.path / "fork.git"), "HEAD~1:main")
    clone.git("fetch", "-q", "fork")
    assert "nothing to carry over" in out(clone, *ONTO)
    assert clone.head_of("main") == here


def test_a_branch_that_was_deleted_is_named_and_stays(forced: Forced) -> None:
    clone = forced.clone
    clone.git("branch", "mine")
    forced.mate.git("push", "-q", "origin", "--delete", "side")
    here = own(clone)
    clone.git("fetch", "-q", "--prune", "origin")
    for _ in range(2):
        said = out(clone, *ONTO)
        assert "nothing to carry over" in said
        assert "note: others have deleted side: what is here stays" in said
        assert own(clone) == here


def test_a_push_does_not_make_again_what_was_deleted(forced: Forced) -> None:
    clone, mate = forced.clone, forced.mate
    mate.git("push", "-q", "origin", "--delete", "side")
    for number in range(8):
        mate.git("push", "-q", "origin", f"main~1:refs/heads/more/{number}")
    said = forced.carried()
    [push] = [line.strip() for line in said.splitlines() if "push --force" in line]
    assert "xargs" in push
    clone.type_in(push)
    there = run("git", "for-each-ref", "--format=%(refname)", cwd=forced.path / "server.git").stdout.decode().split()
    assert "refs/heads/side" not in there
    assert {n: run("git", "rev-parse", n, cwd=forced.path / "server.git").stdout.decode()[:-1] for n in there} == {
        n: oid for n, oid in own(clone).items() if n != "refs/heads/side"
    }


def test_a_branch_that_was_deleted_here_is_not_pushed_and_comes_back_by_an_undo(forced: Forced) -> None:
    clone, side = forced.clone, forced.mate.head_of("origin/side")
    clone.git("branch", "-q", "-D", "side")
    forced.mate.git("push", "-q", "origin", "--delete", "side")
    forced.mate.add("late.csv", b"l\n")
    forced.push("main")
    said = forced.carried()
    assert "git push --force origin refs/heads/main refs/tags/v1\n" in said
    out(clone, "undo")
    assert clone.head_of("main") == forced.mate.head_of("main")
    assert clone.head_of("side") == side
