"""One run of `init`: what earlier runs recorded, and that nobody's own lines are staged along with ours."""

from __future__ import annotations

import pytest

from tests.helpers.support import Repo, run
from trinity_guard import git
from trinity_guard.errors import GuardError
from trinity_guard.setup import record
from trinity_guard.setup.record import InstallPlan

EMPTY: dict[str, object] = {
    "hooks": {}, "stages": [], "dvc": {}, "framework": {}, "filter": {}, "pending": [],
}  # fmt: skip


@pytest.fixture
def repo(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    monkeypatch.chdir(bare_repo.path)
    bare_repo.stage("clean", b"1\n")
    bare_repo.stage("edited", b"1\n")
    bare_repo.commit()
    bare_repo.write("edited", b"somebody's\n")
    bare_repo.write(".gitignore", b"ignored\n")
    return bare_repo


def staged(repo: Repo) -> list[bytes]:
    return repo.git("diff", "--cached", "--name-only", "-z").stdout.split(b"\0")[:-1]


def test_what_was_new_or_clean_is_staged_and_nothing_else(repo: Repo) -> None:
    plan = InstallPlan(git.place())
    repo.write("untracked", b"mine\n")
    names = ("new", "clean", "edited", "ignored", "untracked")
    for name in names:
        plan.about_to_change(name.encode())
    for name in names:
        repo.write(name, b"ours\n")
    plan.stage()
    assert staged(repo) == [b"clean", b"new"]
    assert sorted(plan.outcome.notes) == [
        f"not staged: {n}    # git add {option}{n}"
        for n, option in (("edited", ""), ("ignored", "-f "), ("untracked", ""))
    ]
    repo.type_in("git add -f ignored")
    assert b"ignored" in staged(repo)


def test_the_first_look_counts_and_what_was_removed_is_staged_as_removed(repo: Repo) -> None:
    plan = InstallPlan(git.place())
    plan.about_to_change(b"clean")
    repo.write("clean", b"ours\n")
    plan.about_to_change(b"clean")
    repo.file("clean").unlink()
    plan.stage()
    assert repo.git("diff", "--cached", "--name-status").stdout == b"D\tclean\n"
    assert plan.outcome.notes == []


@pytest.mark.parametrize("name", ["é", "a b", "-x", "new\nline", "*"])
def test_any_name_is_meant_as_it_stands(repo: Repo, name: str) -> None:
    repo.write("another", b"")
    plan = InstallPlan(git.place())
    plan.about_to_change(name.encode())
    repo.write(name, b"ours\n")
    plan.stage()
    assert staged(repo) == [name.encode()]


def test_what_is_recorded_is_read_by_the_next_run(repo: Repo) -> None:
    plan = InstallPlan(git.place())
    assert plan.record == EMPTY
    plan.record["hooks"]["a"] = "1"
    plan.save()
    assert InstallPlan(git.place()).record["hooks"] == {"a": "1"}


def test_what_a_run_that_was_cut_off_has_written_is_staged_by_the_next(repo: Repo) -> None:
    InstallPlan(git.place()).about_to_change(b"ours")
    repo.write("ours", b"1\n")
    plan = InstallPlan(git.place())
    plan.about_to_change(b"ours")
    plan.stage()
    assert staged(repo) == [b"ours"]
    plan.save()
    assert InstallPlan(git.place()).staging == {}


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"5", b'{"hooks": 5, "stages": {}, "dvc": [], "more": 1}', b"\xff"])
def test_a_damaged_record_says_nothing(repo: Repo, data: bytes) -> None:
    repo.write(".git/trinity-guard/installed.json", data)
    assert InstallPlan(git.place()).record == {
        "hooks": {},
        "stages": [],
        "dvc": {},
        "framework": {},
        "filter": {},
        "pending": [],
    }
    assert record.record_file(git.place()).endswith(b".git/trinity-guard/installed.json")


def test_a_bare_repository_is_refused_with_the_way_on(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    run("git", "init", "-q", "--bare", repo.path.parent / "bare.git")
    monkeypatch.chdir(repo.path.parent / "bare.git")
    with pytest.raises(GuardError, match="this is a bare repository") as caught:
        InstallPlan(git.place())
    assert caught.value.exit_code == 2
