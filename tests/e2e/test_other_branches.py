"""A branch from before DVC has no ignore file of its folder: what lies there stays, and stays out of Git."""

from __future__ import annotations

import pytest

from tests.helpers.support import Repo, run
from trinity_guard.dvcrepo import paths


@pytest.fixture
def old_branch(repo: Repo) -> Repo:
    """Return a repository on a branch without DVC, whose only artifact is in the cache alone."""
    repo.stage(".trinity-guard.toml", b'push = "off"\n')
    repo.write(".dvc/config.local", b"[core]\n    checksum_jobs = 1\n")
    repo.stage("new.csv", b"the only copy\n")
    repo.commit()
    tree = repo.git("hash-object", "-t", "tree", "-w", "--stdin").stdout.decode().strip()
    commit = repo.git("commit-tree", "-m", "before DVC", tree).stdout.decode().strip()
    repo.git("checkout", "-q", "-b", "legacy", commit)
    assert not repo.file("new.csv").exists()
    assert not repo.file(".dvc/.gitignore").exists()
    return repo


@pytest.mark.parametrize("command", [("clean", "-fdq"), ("stash", "-u", "-q")])
def test_cleaning_up_leaves_the_only_copy(old_branch: Repo, command: tuple[str, ...]) -> None:
    old_branch.write("untracked")
    old_branch.git(*command)
    assert not old_branch.file("untracked").exists()
    old_branch.git("checkout", "-q", "main")
    assert old_branch.file("new.csv").read_bytes() == b"the only copy\n"
    assert old_branch.file(".dvc/config.local").exists()


def test_adding_everything_adds_no_object(old_branch: Repo) -> None:
    old_branch.write("code.py", b"2\n")
    old_branch.git("add", "-A")
    old_branch.commit()
    assert list(old_branch.tree()) == [b"code.py"]


def test_a_clone_that_was_set_up_before_gets_the_lines_as_it_leaves_such_a_branch(repo: Repo) -> None:
    repo.stage("new.csv", b"1\n")
    repo.commit()
    repo.file(".git/info/exclude").unlink()
    repo.git("checkout", "-q", "HEAD^")
    assert b"/.dvc/cache\n" in repo.file(".git/info/exclude").read_bytes()


def test_an_object_that_is_staged_by_force_is_refused_and_the_remedy_takes_it_out(repo: Repo) -> None:
    repo.stage("new.csv", b"1,2\n")
    repo.commit()
    repo.git("add", "-f", ".dvc/cache")
    said = repo.commit(ok=False)
    assert said.returncode == 1
    assert b"lies in .dvc/cache/, where DVC keeps its own files" in said.stderr
    assert b"git rm -r -q --cached -- .dvc/cache " in said.stderr
    repo.commit("--no-verify")
    assert (
        b"git rm -r -q --cached -- .dvc/cache && git commit --amend --no-edit"
        in repo.git("hook", "run", "post-commit").stderr
    )
    found = repo.guard("lint", ok=False)
    assert b"TG001" in found.stdout
    repo.git("rm", "-r", "-q", "--cached", "--", ".dvc/cache")
    repo.write("code.py", b"1\n")
    repo.git("add", "code.py")
    repo.commit("--amend")
    assert not any(paths.store_of(path) for path in repo.tree())
    assert list(repo.cached().values()) == [b"1,2\n"]


def test_a_branch_without_dvc_that_is_guarded_anew_ignores_the_cache_for_everybody(old_branch: Repo) -> None:
    old_branch.guard("init", "-q")
    assert old_branch.file(".dvc/.gitignore").read_bytes() == b"/config.local\n/tmp\n/cache\n"
    old_branch.commit()
    assert old_branch.tracked(".dvc/.gitignore")
    assert list(old_branch.cached().values()) == [b"the only copy\n"]


def test_an_edit_outlives_the_checkout_of_a_commit_that_holds_the_file_raw(bare_repo: Repo) -> None:
    bare_repo.stage("a b.csv", b"v1,1\n")
    bare_repo.commit()
    bare_repo.guard("init", "-q")
    bare_repo.guard("convert", "a b.csv")
    bare_repo.commit()
    with bare_repo.file("a b.csv").open("ab") as file:
        file.write(b"three days of work\n")
    said = bare_repo.git("checkout", "-q", "HEAD^").stderr.decode()
    assert "a b.csv had changes that were recorded nowhere" in said
    command = said.splitlines()[-1].partition("#")[0].strip()
    assert command.startswith("git checkout - && cp ")
    assert b"now as its pointer says" in bare_repo.git("checkout", "-q", "main").stderr
    run("sh", "-c", command.removeprefix("git checkout - && "), cwd=bare_repo.path)
    assert bare_repo.file("a b.csv").read_bytes() == b"v1,1\nthree days of work\n"
