"""Programs that commit without Git itself, or in a way of their own: dulwich, GitPython, IDEs, DVC's experiments."""

from __future__ import annotations

import sys

import pytest

from tests.helpers.support import Repo, run

DULWICH = """
import sys
from dulwich import porcelain
print(porcelain.commit(".", message=b"work", author=b"A <a@example.com>", committer=b"A <a@example.com>").decode())
"""
GITPYTHON = """
import git
git.Repo(".").index.commit("work")
"""


def test_a_commit_by_dulwich_is_guarded_and_pushed(repo: Repo) -> None:
    """It starts the hook after the commit in the git dir, and tells it nothing."""
    data = repo.stage("m.pkl", 3000, raw=True)
    done = run(sys.executable, "-c", DULWICH, cwd=repo.path)
    assert repo.tracked("m.pkl.dvc")
    assert not repo.tracked("m.pkl")
    assert b"pushed 1 object" in done.stderr
    assert repo.pulled_in_a_fresh_clone("m.pkl") == data


def test_of_a_commit_that_gitpython_makes_of_what_it_read_before_the_hook_the_raw_file_is_named(repo: Repo) -> None:
    repo.stage("m.pkl", 3000, raw=True)
    said = run(sys.executable, "-c", GITPYTHON, cwd=repo.path, ok=False).stderr
    assert repo.tracked("m.pkl.dvc") or b"m.pkl" in said


@pytest.mark.parametrize("args", [["--allow-empty-message", "--file", "-"], ["--allow-empty-message", "-m", "again"]])
def test_an_ide_makes_no_empty_commit_of_what_is_recorded_already(repo: Repo, args: list[str]) -> None:
    repo.stage("m.pkl", 3000)
    repo.commit()
    head = repo.head()
    repo.git("add", "-f", "m.pkl")
    done = run("git", "commit", "--quiet", *args, cwd=repo.path, data=b"again\n", ok=False)
    assert done.returncode == 1
    assert b"already recorded, byte for byte" in done.stderr
    assert repo.head() == head


def test_an_experiment_that_dvc_commits_is_nobody_s_to_publish(repo: Repo) -> None:
    repo.stage("m.pkl", 3000)
    repo.commit(TRINITY_GUARD_SKIP="push")
    running = repo.file(".git/refs/exps/exec/EXEC_BASELINE")
    running.parent.mkdir(parents=True)
    running.write_text(repo.head() + "\n")
    done = run("../.git/hooks/post-commit", cwd=repo.file(".git"))
    assert (done.stdout, done.stderr) == (b"", b"")
    assert not list(repo.storage.rglob("??/*"))
    running.unlink()
    assert b"pushed 1 object" in run("../.git/hooks/post-commit", cwd=repo.file(".git")).stderr


@pytest.mark.slow
def test_where_another_program_took_the_hook_s_place_the_advice_leads_out_of_it(repo: Repo) -> None:
    hook = repo.file(".git/hooks/pre-commit")
    hook.rename(hook.with_name("pre-commit.old"))
    hook.write_text("#!/bin/sh\nexit 0\n")
    hook.chmod(0o755)
    data = repo.stage("m.pkl", 3000, raw=True)
    said = repo.commit().stderr
    assert b"The hook pre-commit is not ours" in said
    (line,) = [line.partition(b" # ")[0].strip() for line in said.splitlines() if b"--amend" in line]
    assert line == b"trinity-guard init && git commit --amend --no-edit"
    repo.guard("init")
    repo.git("commit", "-q", "--amend", "--no-edit")
    assert not repo.tracked("m.pkl")
    assert repo.pulled_in_a_fresh_clone("m.pkl") == data


def test_a_manager_that_leads_git_to_other_hooks_is_named_when_an_artifact_is_added(repo: Repo) -> None:
    repo.write(".husky/_/h", b'[ ! -f ".husky/${0##*/}" ] || sh -e ".husky/${0##*/}" "$@"\n')
    repo.write(".husky/_/pre-commit", b'#!/bin/sh\n. "${0%/*}/h"\n')  # what husky does at each `npm install`
    repo.file(".husky/_/pre-commit").chmod(0o755)
    repo.git("config", "core.hooksPath", ".husky/_")
    data = repo.write("a.csv", 3000)
    said = repo.git("add", "a.csv").stderr
    assert b"the hook pre-commit is not ours, or gone" in said
    assert repo.show("a.csv", "") == data, "a stand-in would be published, and its data nowhere"
    assert b"trinity-guard init " in said
    repo.guard("init", "-q")
    repo.commit()
    assert repo.tracked("a.csv.dvc")


def test_a_push_that_nobody_looks_at_any_more_is_named_when_an_artifact_is_committed(repo: Repo) -> None:
    repo.file(".git/hooks/pre-push").write_text("#!/bin/sh\ngit lfs pre-push\n")  # git lfs install --force
    repo.stage("a.csv", 3000)
    assert b"the hook pre-push is not ours, or gone" in repo.commit().stderr
    repo.guard("init", "-q")
    repo.stage("b.csv", 3000)
    assert b"not ours" not in repo.commit().stderr


def test_where_artifacts_are_refused_the_advice_converts_first(repo: Repo) -> None:
    repo.stage(".trinity-guard.toml", b'on-artifact = "block"\n')
    repo.commit()
    repo.stage("m.pkl", 3000, raw=True)
    said = repo.commit("--no-verify").stderr
    assert b"trinity-guard convert m.pkl && git commit --amend --no-edit" in said
    repo.guard("convert", "m.pkl")
    repo.git("commit", "-q", "--amend", "--no-edit")
    assert not repo.tracked("m.pkl")
