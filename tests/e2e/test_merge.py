"""Branches of artifacts merge: what differs comes together by itself, with Git alone too, and data follows."""

from __future__ import annotations

import hashlib

import pytest

from tests.helpers.support import Repo, run


def branches(repo: Repo, base: dict[str, bytes], theirs: dict[str, bytes], ours: dict[str, bytes]) -> None:
    """Commit `base`, then `theirs` on the branch other and `ours` on main."""
    _commit(repo, base)
    repo.git("switch", "-qc", "other")
    _commit(repo, theirs)
    repo.git("switch", "-q", "main")
    _commit(repo, ours)


def _commit(repo: Repo, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        repo.write(name, data)
        repo.guard("add", name)
    repo.git("commit", "-qnm", "x")


def test_two_branches_add_artifacts_to_one_folder(repo: Repo) -> None:
    branches(repo, {"d/a.csv": b"a"}, {"d/b.csv": b"b", "new/x.csv": b"x"}, {"d/c.csv": b"c", "new/y.csv": b"y"})
    repo.git("merge", "-q", "--no-edit", "other")
    assert repo.file("d/.gitignore").read_bytes() == b"/a.csv\n/c.csv\n/b.csv\n"
    assert [repo.file(f"d/{n}.csv").read_bytes() for n in "abc"] == [b"a", b"b", b"c"]
    assert [repo.file(f"new/{n}.csv").read_bytes() for n in "xy"] == [b"x", b"y"]
    assert repo.git("status", "--porcelain").stdout == b""


@pytest.mark.parametrize("how", ["merge", "rebase", "cherry-pick"])
def test_a_line_that_one_branch_took_away_does_not_come_back(repo: Repo, how: str) -> None:
    branches(repo, {"a.csv": b"a", "b.csv": b"b"}, {"c.csv": b"c"}, {"z.txt": b"z"})
    repo.git("rm", "-q", "b.csv.dvc")
    repo.write(".gitignore", b"/a.csv\n/z.txt\n")
    repo.git("commit", "-qnam", "b is gone")
    repo.git(*{"merge": ("merge", "-q", "other"), "rebase": ("rebase", "-q", "other")}.get(how, (how, "other")))
    assert set(repo.file(".gitignore").read_bytes().split()) == {b"/a.csv", b"/c.csv", b"/z.txt"}


def test_a_colleague_without_the_program_merges_them_too(repo: Repo) -> None:
    branches(repo, {"d/a.csv": b"a"}, {"d/b.csv": b"b"}, {"d/c.csv": b"c"})
    run("git", "clone", "-q", "-b", "main", repo.path, "plain", cwd=repo.path.parent)
    plain = Repo(repo.path.parent / "plain")
    plain.git("merge", "-q", "--no-edit", "origin/other")
    assert set(plain.file("d/.gitignore").read_bytes().split()) == {b"/a.csv", b"/b.csv", b"/c.csv"}


@pytest.mark.slow
def test_a_repository_guarded_before_gets_it_with_its_next_artifact(repo: Repo) -> None:
    repo.git("rm", "-q", ".gitattributes")
    repo.git("commit", "-qnm", "as it was")
    repo.file(".git/info/attributes").unlink()
    repo.write(".gitattributes", b"*.md text\n")
    repo.stage("a.csv")
    repo.commit()
    assert b"merge=union" in repo.show(".gitattributes")
    assert b"*.md" not in repo.show(".gitattributes")
    assert repo.file(".gitattributes").read_bytes().startswith(b"*.md text\n")
    assert b"merge=union" in repo.file(".gitattributes").read_bytes()
    assert b"merge=trinity-guard" in repo.file(".git/info/attributes").read_bytes()
    before = repo.show(".gitattributes")
    repo.stage("b.csv")
    repo.commit()
    assert repo.show(".gitattributes") == before


@pytest.mark.parametrize("form", [("-qm", "x", "--", "a.csv"), ("-qam", "x")])
def test_the_index_is_right_after_a_commit_that_brought_the_attribute(repo: Repo, form: tuple[str, ...]) -> None:
    repo.git("rm", "-q", ".gitattributes")
    repo.git("commit", "-qnm", "as it was")
    repo.stage("a.csv")
    repo.git("commit", *form)
    repo.stage("b.csv")
    repo.commit()
    assert repo.git("status", "--porcelain").stdout == b""
    assert repo.tracked(".gitattributes")


@pytest.mark.slow
def test_a_rename_on_one_branch_and_new_data_on_the_other_come_together(repo: Repo) -> None:
    branches(repo, {"a.csv": b"old", "note.csv": b"n"}, {"a.csv": b"new data"}, {"z.csv": b"z"})
    repo.git("mv", "a.csv.dvc", "b.csv.dvc")
    repo.write("b.csv.dvc", repo.file("b.csv.dvc").read_bytes().replace(b"path: a.csv", b"path: b.csv"))
    repo.write(".gitignore", b"/b.csv\n/note.csv\n/z.csv\n")
    repo.git("commit", "-qnam", "renamed")
    repo.git("merge", "-q", "--no-edit", "other")
    assert b"path: b.csv" in repo.show("b.csv.dvc")
    assert b"size: 8" in repo.show("b.csv.dvc")
    assert repo.file("b.csv").read_bytes() == b"new data"


@pytest.mark.slow
def test_two_branches_change_different_files_of_a_directory(repo: Repo) -> None:
    def record() -> None:
        repo.dvc("add", "-q", "d")
        repo.git("add", "d.dvc", ".gitignore")
        repo.git("commit", "-qnm", "d")

    for name in "abc":
        repo.write(f"d/{name}", name.encode())
    record()
    repo.git("switch", "-qc", "other")
    repo.write("d/a", b"changed")
    repo.write("d/new", b"new")
    record()
    repo.git("switch", "-q", "main")
    repo.file("d/b").unlink()
    repo.write("d/c", b"cc")
    record()
    repo.guard("push", "main", "other")
    for listed in repo.file(".dvc/cache").rglob("*.dir"):
        listed.unlink()  # they are fetched
    repo.git("merge", "-q", "--no-edit", "other")
    repo.guard("pull")
    here = {p.name: p.read_bytes() for p in repo.file("d").iterdir()}
    assert here == {"a": b"changed", "c": b"cc", "new": b"new"}
    assert b"up to date" in repo.dvc("status").stdout
    assert b"size: 12\n  nfiles: 3" in repo.show("d.dvc")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        ("git merge -q --no-edit -X theirs other", b"theirs, longer"),
        ("git merge -q --no-edit -Xours other", b"ours"),
        ("git rebase -q --strategy-option=theirs other", b"ours"),  # whose commits are picked
    ],
)
def test_the_side_that_a_merge_is_told_to_favor_is_taken(repo: Repo, command: str, wanted: bytes) -> None:
    branches(repo, {"a.csv": b"base"}, {"a.csv": b"theirs, longer"}, {"a.csv": b"ours"})
    repo.type_in(command)
    assert repo.file("a.csv").read_bytes() == wanted
    assert hashlib.md5(wanted).hexdigest().encode() in repo.show("a.csv.dvc")
    assert b"size: %d\n" % len(wanted) in repo.show("a.csv.dvc")
    assert repo.git("status", "--porcelain").stdout == b""


@pytest.mark.slow
def test_branches_that_were_migrated_merge_as_they_did_before(bare_repo: Repo) -> None:
    repo = bare_repo
    for branch, name in (("main", "d/a.csv"), ("other", "d/b.csv"), ("main", "d/c.csv")):
        repo.git("switch", "-q", *(["-c"] if name != "d/c.csv" else []), branch, ok=name != "d/a.csv")
        repo.stage(name, name.encode())
        repo.git("commit", "-qm", name)
    repo.guard("migrate", "run", "--everything", "--yes")
    repo.git("merge", "-q", "--no-edit", "other")
    assert repo.file("d/.gitignore").read_bytes() == b"/a.csv\n/c.csv\n/b.csv\n"
