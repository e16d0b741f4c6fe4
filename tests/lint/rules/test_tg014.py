"""TG014: facts in a pointer that are of other bytes than it names."""

from __future__ import annotations

import pytest

from tests.helpers.support import Repo
from tests.lint.linted import found, rules
from trinity_guard.dvcrepo import noted, pointer

MD5 = "0b5c0ffee0f00dfeedfacecafebeef0a"


def stale(repo: Repo) -> None:
    plain = pointer.encode(MD5, 7, "t.csv")
    repo.write("t.csv.dvc", noted.with_facts(plain, {"rows": 3, "of": "1" + MD5[1:]}, True))
    repo.write(".gitignore", b"/t.csv\n")
    repo.git("add", "-A")


def test_stale_facts_are_a_warning_and_fix_takes_them_out_where_the_data_is_not_here(repo: Repo) -> None:
    stale(repo)
    assert found(repo) == [("TG014", "t.csv.dvc", "warning")]
    repo.guard("lint", "--fix", ok=False)
    assert repo.file("t.csv.dvc").read_bytes() == pointer.encode(MD5, 7, "t.csv")
    repo.git("add", "-A")
    assert rules(repo) == []


def test_what_is_mended_already_waits_for_its_git_add(repo: Repo) -> None:
    stale(repo)
    repo.guard("lint", "--fix", ok=False)
    assert b"git add -- t.csv.dvc" in repo.guard("lint", "--fix", ok=False).stdout


@pytest.mark.parametrize("of", [MD5, None])
def test_facts_of_its_data_and_none_are_fine(repo: Repo, of: str | None) -> None:
    plain = pointer.encode(MD5, 7, "t.csv")
    repo.write("t.csv.dvc", noted.with_facts(plain, {"rows": 3, "of": of}, True) if of else plain)
    repo.write(".gitignore", b"/t.csv\n")
    repo.git("add", "-A")
    assert rules(repo) == []


def test_fix_lays_no_pointer_out_without_its_facts(repo: Repo) -> None:
    plain = pointer.encode(MD5, 7, "t.csv")
    repo.write("t.csv.dvc", noted.with_facts(plain, {"rows": 3, "of": MD5}, True))
    repo.write(".gitignore", b"/t.csv\n")
    repo.git("add", "-A")
    before = repo.file("t.csv.dvc").read_bytes()
    repo.guard("lint", "--fix", ok=False)
    assert repo.file("t.csv.dvc").read_bytes() == before
