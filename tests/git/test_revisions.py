"""Names of commits, the files of trees, and what commits change: beside what Git itself says."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.git.conftest import NAMES
from tests.helpers.support import Repo
from trinity_guard import git
from trinity_guard.errors import UNUSABLE, GuardError
from trinity_guard.git import index, revisions


def oid(repo: Repo, name: str) -> bytes:
    return repo.git("rev-parse", name).stdout.strip()


# ---- what kind of repository it is


def test_how_objects_are_named(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(bare_repo.path)
    assert revisions.object_format() == b"sha1"
    bare_repo.git("init", "-q", "--object-format=sha256", str(tmp_path / "long"))
    monkeypatch.chdir(tmp_path / "long")
    assert revisions.object_format() == b"sha256"
    assert revisions.object_format(lambda *args: git.Result(129, b"", b"unknown option")) == b"sha1"


def test_of_which_work_tree_one_is_a_submodule(
    bare_repo: Repo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bare_repo.commit("--allow-empty")
    outer = tmp_path / "out er"
    bare_repo.git("init", "-q", str(outer))
    add = ("-c", "protocol.file.allow=always", "submodule", "-q", "add")
    bare_repo.git("-C", str(outer), *add, str(bare_repo.path), "in\xe9ner")
    inner = os.fsencode(outer / "in\xe9ner")
    assert revisions.superproject(inner) == os.fsencode(outer)
    # In a hook, the variables that Git sets are those of another repository.
    monkeypatch.setenv("GIT_DIR", os.fspath(bare_repo.path / ".git"))
    assert revisions.superproject(inner) == os.fsencode(outer)
    assert revisions.superproject(os.fsencode(outer)) == b""


# ---- names of commits


@pytest.mark.parametrize("name", ["HEAD", "main", "refs/heads/main", "v1", "annotated", "@", "HEAD^{}"])
def test_what_means_a_commit_is_its_id(here: Repo, name: str) -> None:
    here.git("tag", "v1")
    here.git("tag", "-a", "-m", "x", "annotated")
    assert revisions.commit(name.encode()) == here.head().encode()
    assert revisions.require_commit(here.head()[:8].encode()) == here.head().encode()


@pytest.mark.parametrize(
    "name", ["", "none", "-x", "--help", "--all", "HEAD:a.csv", "HEAD^{tree}", "HEAD~5", "0" * 40, "HEAD\nHEAD", "a..b"]
)
def test_what_means_none_is_said_so(here: Repo, name: str) -> None:
    assert revisions.commit(name.encode()) is None
    with pytest.raises(GuardError) as refused:
        revisions.require_commit(name.encode(), "git branch")
    assert (refused.value.exit_code, refused.value.remedy) == (UNUSABLE, "git branch")
    assert refused.value.problem.startswith("there is no commit '")


@pytest.mark.usefixtures("empty")
def test_a_branch_without_commits_means_none() -> None:
    assert revisions.commit(b"HEAD") is None


# ---- trees


def test_the_files_of_a_tree_are_its_regular_ones(here: Repo) -> None:
    found = {e.path: e.oid for e in revisions.tree(b"HEAD")}
    listed = here.tree()
    assert found == {p: o for p, (mode, o) in listed.items() if mode.startswith(b"100")}
    assert set(found) == {*NAMES, b"run.sh"}
    below = {e.path for e in revisions.tree(oid(here, "HEAD:d"))}
    assert below == {b"e/f.txt"}


def test_from_a_folder_of_the_work_tree_it_is_still_the_whole_tree(here: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = revisions.tree_lines(b"HEAD")
    monkeypatch.chdir(here.path / "d")
    assert revisions.tree_lines(b"HEAD") == whole
    assert len(whole) == len(NAMES) + 3


def test_lines_come_with_what_was_asked_for_from_where_it_was_asked(
    here: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = revisions.tree_lines(b"HEAD", "-l", run=lambda *args: git.run(*args, at=os.fsencode(here.path)))
    sizes = {line.partition(b"\t")[2]: line.partition(b"\t")[0].split()[3] for line in lines}
    assert sizes[b"a.csv"] == b"5"
    assert sizes[b"sub"] == b"-"
    with pytest.raises(GuardError, match="ls-tree"):
        revisions.tree_lines(b"HEAD")


# ---- what commits change


def test_the_first_commit_adds_all_its_files_and_links(here: Repo) -> None:
    [(commit, entries)] = revisions.changed_files([b"HEAD"])
    assert commit == here.head().encode()
    assert {e.path for e in entries} == {*NAMES, b"run.sh", b"link"}
    assert {e.path: (e.mode, e.oid) for e in entries} == {p: e for p, e in here.tree().items() if p != b"sub"}


def test_of_many_commits_each_has_its_own_and_deletions_are_none(here: Repo) -> None:
    here.stage("a.csv", b"changed")
    here.commit()
    here.git("rm", "-q", "--cached", "d/e/f.txt")
    here.commit()
    here.file("run.sh").chmod(0o644)
    here.git("add", "run.sh")
    here.git("mv", "a b", "b c")
    here.commit()
    commits = here.git("rev-list", "HEAD").stdout.split()
    found = dict(revisions.changed_files(commits))
    assert list(found) == [commits[0], commits[2], commits[3]]
    assert {(e.path, e.mode) for e in found[commits[0]]} == {(b"run.sh", b"100644"), (b"b c", b"100644")}
    assert [(e.path, e.oid) for e in found[commits[2]]] == [(b"a.csv", oid(here, "HEAD:a.csv"))]


def test_of_a_merge_only_what_no_parent_has(here: Repo) -> None:
    here.git("checkout", "-q", "-b", "side")
    here.stage("side.csv", b"side")
    here.stage("both.csv", b"from the side")
    here.commit()
    here.git("checkout", "-q", "main")
    here.stage("main.csv", b"main")
    here.stage("both.csv", b"from main")
    here.commit()
    here.git("merge", "-q", "side", ok=False)
    here.stage("both.csv", b"from both")
    here.commit()
    [(_, entries)] = revisions.changed_files([b"HEAD"])
    assert [(e.path, e.oid) for e in entries] == [(b"both.csv", oid(here, "HEAD:both.csv"))]


def test_walking_in_batches_finds_the_same(here: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        here.stage("n.txt", b"%d" % number)
        here.commit()
    commits = here.git("rev-list", "HEAD").stdout.split()
    whole = [(c, [(e.path, e.oid) for e in entries]) for c, entries in revisions.changed_files(commits)]
    monkeypatch.setattr(revisions, "BATCH", 2)
    batches = list(revisions.walked(commits))
    assert len(batches) == 3
    assert [(c, [(e.path, e.oid) for e in entries]) for batch in batches for c, entries in batch] == whole
    assert list(revisions.walked([])) == []


# ---- raw differences


def test_a_raw_difference_is_read_with_both_sides(here: Repo) -> None:
    old = oid(here, "HEAD:a.csv")
    here.stage("a.csv", b"changed")
    here.git("rm", "-q", "--cached", "link")
    here.stage("new", b"new")
    out = here.git("diff-index", "--cached", "--raw", "-z", "--no-renames", "HEAD").stdout
    found = {c.path: (c.status, c.modes, c.oids, c.commit) for c in index.changes(out)}
    none = b"0" * 40
    new = {path: entry[1] for path, entry in here.index().items()}
    assert found == {
        b"a.csv": (b"M", [b"100644", b"100644"], [old, new[b"a.csv"]], b""),
        b"link": (b"D", [b"120000", b"000000"], [oid(here, "HEAD:link"), none], b""),
        b"new": (b"A", [b"000000", b"100644"], [none, new[b"new"]], b""),
    }
    plain = {e.path: (e.mode, e.oid) for e in index.raw(out)}
    assert plain == {p: (modes[-1], oids[-1]) for p, (_, modes, oids, _) in found.items() if p != b"link"}


def test_no_difference_is_none() -> None:
    assert list(index.changes(b"")) == []
    assert list(index.raw(b"")) == []


def test_sha256_ids_are_read_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = Repo(tmp_path / "sha256")
    repo.path.mkdir()
    repo.git("init", "-q", "--object-format=sha256")
    repo.stage("a", b"x")
    repo.commit()
    monkeypatch.chdir(repo.path)
    [(commit, [entry])] = revisions.changed_files([b"HEAD"])
    assert (len(commit), len(entry.oid)) == (64, 64)
    assert [e.oid for e in revisions.tree(b"HEAD")] == [entry.oid]
    assert revisions.commit(b"HEAD") == commit
