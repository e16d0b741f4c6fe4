"""Two branches that changed rows of one table, merged by hand: the pointer, the data, and a clone."""

from __future__ import annotations

from tests.helpers.support import Repo

BASE = b"id,rent\n1,800\n2,650\n3,700\n"


def commit(repo: Repo, data: bytes) -> None:
    repo.write("t.csv", data)
    repo.guard("add", "t.csv")
    repo.git("commit", "-qnm", "t")


def test_rows_of_both_sides_are_recorded_as_one_table(repo: Repo) -> None:
    commit(repo, BASE)
    repo.git("switch", "-qc", "other")
    commit(repo, BASE.replace(b"800", b"810") + b"5,1\n")
    repo.git("switch", "-q", "main")
    commit(repo, BASE.replace(b"800", b"820").replace(b"2,650\n", b"") + b"4,007\n")
    repo.git("merge", "other", ok=False)

    said = repo.guard("use", "--merge", "t.csv", ok=False)
    assert said.returncode == 1
    assert b"  id 1, column rent: ours 820, theirs 810, base 800\n" in said.stderr
    assert repo.git("status", "--porcelain").stdout == b"UU t.csv.dvc\n"

    said = repo.guard("use", "--merge", "--ours", "t.csv")
    assert b"by id: theirs added 1, 1 conflict as in ours; staged." in said.stderr
    assert repo.file("t.csv").read_bytes() == b"id,rent\n1,820\n3,700\n4,007\n5,1\n"
    repo.git("commit", "-qm", "merged")
    assert repo.git("status", "--porcelain").stdout == b""
    assert repo.guard("status").returncode == 0
    repo.git("switch", "-q", "other")
    repo.git("switch", "-q", "main")
    assert repo.file("t.csv").read_bytes() == b"id,rent\n1,820\n3,700\n4,007\n5,1\n"
