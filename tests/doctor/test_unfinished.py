"""What a kill has left: each is told apart from what is at work now."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.helpers.support import Repo
from trinity_guard import git
from trinity_guard.doctor import unfinished
from trinity_guard.doctor.checks import ERROR, OK, WARNING, Repository
from trinity_guard.dvcrepo.pointer import encode
from trinity_guard.migrate import state


@pytest.fixture(autouse=True)
def work(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    monkeypatch.chdir(bare_repo.path)
    return bare_repo


def subject() -> Repository:
    return Repository(git.place(), offline=True)


@pytest.mark.parametrize(
    ("phase", "level", "words"),
    [
        ("", OK, "no migration is under way"),
        (state.MOVING, ERROR, "cut short while its refs moved"),
        (state.MOVED, ERROR, "cut short while its refs moved"),
        (state.UNDOING, ERROR, "`migrate undo` was cut short"),
        (state.DONE, OK, "a migration was run"),
    ],
)
def test_how_far_a_migration_came(phase: str, level: str, words: str) -> None:
    if phase:
        with state.State(git.place()) as held:
            held.write({"phase": phase})
    check = unfinished.migration(subject())
    assert check.level == level
    assert words in check.fact


def test_a_migration_that_is_at_work_is_left_alone() -> None:
    with state.State(git.place()) as held:
        held.write({"phase": state.MOVING})
        assert unfinished.migration(subject()).fact == "a migration is at work"


def test_a_conversion_and_a_sync_that_are_whole(work: Repo) -> None:
    assert unfinished.conversion(subject()).level == OK
    assert unfinished.following(subject()).level == OK
    work.write(".git/trinity-guard/following", b"0" * 40)
    check = unfinished.following(subject())
    assert (check.level, check.remedy) == (WARNING, "trinity-guard sync")


def test_files_of_a_process_that_ended_are_swept_and_those_of_one_that_runs_are_not(work: Repo) -> None:
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    dead = ended.stdout.decode().strip()
    for name in (f"tmp-{dead}/1", f"x.tmp-{dead}", f"tmp-{os.getpid()}", "tmp-x", f"xtmp-{dead}"):
        work.write(f".git/trinity-guard/{name}", 1000)
    check = unfinished.temporary(subject())
    assert check.level == WARNING
    assert "2 temporary files (2 kB)" in check.fact
    assert check.mend is not None
    assert check.mend().startswith("2 temporary files removed")
    left = {p.name for p in work.file(".git/trinity-guard").iterdir()}
    assert left >= {f"tmp-{os.getpid()}", "tmp-x", f"xtmp-{dead}"}
    assert unfinished.temporary(subject()).level == OK


@pytest.mark.parametrize("merging", [True, False])
def test_a_pointer_in_conflict_is_an_error_with_what_resolves_it(work: Repo, merging: bool) -> None:
    for branch, size in (("main", 10), ("other", 20), ("main", 30)):
        work.git("switch", "-q", *(["-c"] if size < 30 else []), branch, ok=size > 10)
        work.stage("a.csv.dvc", encode(f"{size}" * 16, size, "a.csv"))
        work.git("commit", "-qm", "x")
    if not merging:
        assert unfinished.unmerged(subject()).level == OK
        return
    work.git("merge", "other", ok=False)
    check = unfinished.unmerged(subject())
    assert check.level == ERROR
    assert check.fact.startswith("a.csv.dvc is in conflict.\n  ours    30 B")
    assert check.remedy.startswith("trinity-guard use --ours a.csv ")
