"""doctor says what lint's rules find, in the index and in the working tree, and mends what lint mends."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from tests.helpers.support import Repo
from trinity_guard import git
from trinity_guard.doctor import rules
from trinity_guard.doctor.checks import ERROR, OK, WARNING, Check, Repository
from trinity_guard.dvcrepo import pointer
from trinity_guard.lint.rules import table
from trinity_guard.lint.subject import indexed

MD5 = "0123456789abcdef0123456789abcdef"
SECRET = b"['remote \"r\"']\n    url = s3://bucket/path\n    secret_access_key = hunter2hunter2\n"
PROGRAM = b"['remote \"r\"']\n    url = https://example.com\n    bearer_token_command = steal\n"
PERSONAL = b"['remote \"r\"']\n    url = ssh://example.com/x\n    user = me\n"
LOCK = f"schema: '2.0'\nstages:\n  s:\n    cmd: x\n    outs:\n    - path: made.bin\n      hash: md5\n      md5: {MD5}\n      size: 3\n"  # noqa: E501  # a file


@pytest.fixture
def work(make_repo: Callable[..., Repo], monkeypatch: pytest.MonkeyPatch) -> Repo:
    """A repository with a `.dvc` folder and a pointer that all agree about, and the test at its top."""
    repo = make_repo(guarded=False)
    repo.stage(".dvc/config", b"")
    repo.stage(".dvc/.gitignore", b"/config.local\n/tmp\n/cache\n")
    repo.stage("m/a.pkl.dvc", pointer.encode(MD5, 3, "a.pkl"))
    repo.stage("m/.gitignore", b"/a.pkl\n")
    repo.git("commit", "-q", "-m", "dvc")
    monkeypatch.chdir(repo.path)
    return repo


def looked(look: Callable[[Repository], Check]) -> Check:
    return look(Repository(git.place(), offline=True))


def test_where_all_agree_nothing_is_found(work: Repo) -> None:
    checks = [looked(look) for look in (rules.pointers, rules.not_ignored, rules.tracked_twice, rules.credentials)]
    assert [c.level for c in checks] == [OK] * 4
    assert checks[0].fact == "1 pointer can be read"


@pytest.mark.parametrize(
    ("rule", "look", "name", "data"),
    [
        ("TG004", rules.not_ignored, "m/.gitignore", b"# none\n"),
        ("TG005", rules.pointers, "m/a.pkl.dvc", b"outs: 3\n"),
        ("TG005", rules.pointers, "dvc.yaml", b"stages: 3\n"),
        ("TG005", rules.pointers, "dvc.lock", b"schema: '1.0'\n"),
        ("TG006", rules.credentials, ".dvc/config", SECRET),
        ("TG006", rules.credentials, "sub/.dvc/config", PERSONAL),
        ("TG006", rules.credentials, ".dvc/config.local", b""),
        ("TG007", rules.tracked_twice, "m/a.pkl", b"raw"),
        ("TG007", rules.tracked_twice, "made.bin", b"raw"),
    ],
)
def test_what_a_rule_finds_in_the_index_doctor_says(
    work: Repo, rule: str, look: Callable[[Repository], Check], name: str, data: bytes
) -> None:
    work.stage("dvc.lock", LOCK.encode())
    work.write(name, data)
    work.git("add", "-f", "--", name)
    [found] = table.run(Repository(git.place()).linted(), [rule])
    check = looked(look)
    assert check.level == (WARNING if rule == "TG004" else found.level)
    told = found.problem if rule in ("TG005", "TG006") else os.fsdecode(found.path if rule == "TG007" else b"m/a.pkl")
    assert told in check.fact
    assert found.remedy.partition("     #")[0] in check.remedy or rule == "TG004"


@pytest.mark.parametrize(
    ("data", "level", "fixable"), [(SECRET, ERROR, True), (PROGRAM, ERROR, False), (PERSONAL, WARNING, False)]
)
def test_a_credential_that_only_the_working_tree_has_is_found_before_it_is_staged(
    work: Repo, data: bytes, level: str, fixable: bool
) -> None:
    work.write(".dvc/config", data)
    check = looked(rules.credentials)
    assert (check.level, check.mend is not None) == (level, fixable)
    assert "hunter2" not in check.fact + check.remedy
    assert table.run(Repository(git.place()).linted(), ["TG006"]) == []


def test_a_credential_that_only_the_index_has_is_found_too(work: Repo) -> None:
    work.stage(".dvc/config", SECRET)
    work.write(".dvc/config", b"")
    assert looked(rules.credentials).level == ERROR


def test_ignore_lines_count_as_they_stand_in_the_working_tree(work: Repo) -> None:
    work.write("m/.gitignore", b"")
    check = looked(rules.not_ignored)
    assert check.level == WARNING
    assert check.mend is not None
    assert check.mend() == "m/.gitignore: ignores m/a.pkl now"
    assert work.file("m/.gitignore").read_bytes() == b"/a.pkl\n"
    work.git("rm", "-q", "--cached", "m/.gitignore")
    assert looked(rules.not_ignored).level == OK  # there, though nobody tracks it


def test_what_fix_changes_is_staged_where_nobody_s_lines_would_go_along(work: Repo) -> None:
    work.stage("m/.gitignore", b"# none\n")
    check = looked(rules.not_ignored)
    assert check.mend is not None
    check.mend()
    assert work.git("cat-file", "blob", ":m/.gitignore").stdout == b"# none\n/a.pkl\n"


def test_a_pointer_that_is_not_checked_out_asks_for_no_ignore_line(work: Repo) -> None:
    for name in ("m/a.pkl.dvc", "m/.gitignore"):
        work.git("update-index", "--skip-worktree", name)
        work.file(name).unlink()
    assert looked(rules.not_ignored).level == OK


def test_files_that_are_in_conflict_keep_nothing_from_being_looked_at(work: Repo) -> None:
    work.git("checkout", "-q", "-b", "side")
    work.stage("m/a.pkl.dvc", pointer.encode("1" * 32, 3, "a.pkl"))
    work.git("commit", "-q", "-m", "theirs")
    work.git("checkout", "-q", "main")
    work.stage("m/a.pkl.dvc", pointer.encode("2" * 32, 3, "a.pkl"))
    work.stage("b.pkl.dvc", b"outs: 3\n")
    work.git("commit", "-q", "-m", "ours")
    work.git("merge", "-q", "side", ok=False)
    assert b"m/a.pkl.dvc" not in indexed(in_conflict=True).paths
    assert looked(rules.pointers).fact.startswith("b.pkl.dvc: ")


def test_all_files_of_a_folder_that_are_tracked_twice_are_left_to_dvc_by_the_remedy(work: Repo) -> None:
    folder = f"outs:\n- md5: {MD5}.dir\n  size: 3\n  nfiles: 3\n  hash: md5\n  path: data\n"
    work.stage("data.dvc", folder.encode())
    for name in ("data/a", "data/b", "data/deep/c"):
        work.stage(name, b"1")
    remedy = looked(rules.tracked_twice).remedy
    for command in remedy.partition("     #")[0].split(" && ")[:-1]:
        work.git(*command.split()[1:])
    assert looked(rules.tracked_twice).level == OK
