"""Facts that DVC left behind: told by what they are of, renewed in the commit that brings the pointer."""

from __future__ import annotations

import pytest

from tests.helpers.support import Repo
from trinity_guard.convert import stale_facts
from trinity_guard.dvcrepo import noted, pointer

MD5, OTHER = "0b5c0ffee0f00dfeedfacecafebeef0a", "1b5c0ffee0f00dfeedfacecafebeef0b"
PLAIN = pointer.encode(MD5, 7, "t.csv")


@pytest.mark.parametrize(
    ("data", "stale"),
    [
        (PLAIN, False),
        (noted.with_facts(PLAIN, {"rows": 1, "of": MD5}, True), False),
        (noted.with_facts(PLAIN, {"rows": 1, "of": OTHER}, True), True),
        (noted.with_facts(b"# mine\n" + PLAIN, {"rows": 1, "of": OTHER}, False), True),
        (noted.with_facts(b"# mine\n" + PLAIN, {"rows": 1, "of": MD5}, False), False),
        (noted.with_facts(PLAIN, {"rows": 1}, True), True),
        (PLAIN + b"meta:\n  trinity-guard: mine\n", True),
        (PLAIN + b"meta: trinity-guard\n", False),
        (PLAIN + b"desc: of trinity-guard\n", False),
        (b"trinity-guard: [", False),
    ],
)
def test_facts_are_stale_when_they_are_of_other_bytes(data: bytes, stale: bool) -> None:
    assert stale_facts.is_stale(data, b"t.csv.dvc") is stale


@pytest.mark.slow
def test_what_dvc_kept_is_renewed_by_the_commit_and_dropped_without_the_key(repo: Repo) -> None:
    config = repo.file(".trinity-guard.toml")
    config.write_text(config.read_text() + "\nfacts = true\n")
    repo.stage("t.csv", b"a,b\n1,2\n")
    repo.git("add", "-A")
    repo.commit()
    for rows, wanted in ((2, b"rows: 2"), (3, b"")):
        repo.write("t.csv", b"a,b\n" + b"3,4\n" * rows)
        repo.dvc("add", "t.csv")
        assert b"rows: %d" % (rows - 1) in repo.file("t.csv.dvc").read_bytes()
        if not wanted:
            config.write_text(config.read_text().replace("\nfacts = true\n", ""))
        repo.git("add", "-A")
        repo.commit()
        shown = repo.show("t.csv.dvc")
        assert wanted in shown
        assert (b"meta" in shown) is bool(wanted)
        assert repo.git("status", "--porcelain").stdout == b""


@pytest.mark.slow
@pytest.mark.parametrize("other", ["staged", "not staged"])
def test_a_commit_of_the_pointers_path_alone_renews_them_too(repo: Repo, other: str) -> None:
    config = repo.file(".trinity-guard.toml")
    config.write_text(config.read_text() + "\nfacts = true\n")
    repo.stage("t.csv", b"a,b\n1,2\n")
    repo.git("add", "-A")
    repo.commit()
    repo.write("t.csv", b"a,b\n1,2\n3,4\n")
    repo.dvc("add", "t.csv")
    repo.write("other")
    if other == "staged":
        repo.git("add", "other")
    repo.git("commit", "-q", "-m", "the table", "--", "t.csv.dvc")
    assert b"rows: 2" in repo.show("t.csv.dvc")
    assert repo.file("t.csv.dvc").read_bytes() == repo.show("t.csv.dvc")
    assert repo.git("status", "--porcelain").stdout == (b"A  other\n" if other == "staged" else b"?? other\n")
