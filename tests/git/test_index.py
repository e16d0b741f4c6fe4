"""The index: what is staged, listed and unchanged, under any name; beside what Git itself says."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.git.conftest import NAMES, blobs, place_of
from tests.helpers.support import Repo
from trinity_guard import git
from trinity_guard.errors import GuardError
from trinity_guard.git import index


def paths(entries: list[index.Entry]) -> set[bytes]:
    return {e.path for e in entries}


# ---- what the commit under way adds or changes


def test_before_the_first_commit_all_that_is_staged_is_new(empty: Repo) -> None:
    for name in NAMES:
        empty.stage(name, name)
    assert paths(index.staged()) == set(NAMES)


def test_files_programs_and_links_are_staged_and_submodules_and_deletions_are_not(here: Repo) -> None:
    assert index.staged() == []
    here.stage("a.csv", b"changed")
    here.stage("new", b"new")
    here.file("run.sh").chmod(0o644)
    here.file("link").unlink()
    here.file("link").symlink_to("new")
    here.git("add", "run.sh", "link")
    here.git("rm", "-q", "d/e/f.txt")
    here.git("update-index", "--cacheinfo", f"160000,{'2' * 40},sub")
    staged = {e.path: (e.mode, e.oid) for e in index.staged()}
    assert staged == {p: here.index()[p] for p in (b"a.csv", b"new", b"run.sh", b"link")}


def test_a_rename_is_a_new_file(here: Repo) -> None:
    here.git("mv", "a.csv", "b.csv")
    assert paths(index.staged()) == {b"b.csv"}


def test_what_is_only_intended_is_not_staged(here: Repo) -> None:
    here.write("later", b"")
    here.git("add", "-N", "later")
    assert index.staged() == []
    [entry] = index.entries(b"later")
    assert index.is_only_intended(entry)
    here.stage("empty", b"")
    assert not index.is_only_intended(index.entries(b"empty")[0])
    assert not index.is_only_intended(index.entries(b"a.csv")[0])


def test_against_another_base(here: Repo) -> None:
    here.stage("new", b"new")
    here.commit()
    assert index.staged() == []
    assert paths(index.staged("HEAD^")) == {b"new"}
    with pytest.raises(GuardError, match="diff-index"):
        index.staged("none")


# ---- the entries


def test_entries_at_and_below_paths_are_no_patterns_unless_they_are_to_be(here: Repo) -> None:
    assert paths(index.entries()) == {*here.index()}
    assert paths(index.entries(b"d")) == {b"d/e/f.txt"}
    assert paths(index.entries(b"*")) == {b"*"}
    assert paths(index.entries("*.csv", patterns=True)) == {b"a.csv"}
    assert paths(index.entries(b":x", b"-x", b"new\nline")) == {b":x", b"-x", b"new\nline"}


@pytest.mark.parametrize("few", [True, False])
def test_the_entries_of_exactly_these_paths(here: Repo, monkeypatch: pytest.MonkeyPatch, few: bool) -> None:
    if not few:
        monkeypatch.setattr(index, "ARGUMENTS", 1)
    wanted = [*NAMES, b"d", b"none"]
    found = index.entries_of(wanted)
    assert {p: (e.mode, e.oid) for p, e in found.items()} == {p: here.index()[p] for p in NAMES}
    assert index.entries_of([]) == {}


def test_a_listing_tells_what_is_in_conflict(here: Repo) -> None:
    here.git("checkout", "-q", "-b", "side")
    here.stage("a.csv", b"side")
    here.commit()
    here.git("checkout", "-q", "main")
    here.stage("a.csv", b"main")
    here.commit()
    here.git("merge", "-q", "side", ok=False)
    entries, unmerged = index.listed(index.listing("*.csv", "run.sh"))
    assert paths(entries) == {b"run.sh"}
    assert unmerged == {b"a.csv"}


# ---- the work tree beside it


def look(repo: Repo, name: bytes) -> os.stat_result | None:
    file = repo.file(name)
    return file.lstat() if file.exists() else None


def test_bytes_that_kept_their_time_are_not_what_was_staged(here: Repo) -> None:
    here.git("config", "core.trustctime", "false")
    os.utime(here.file("a.csv"), (1e9, 1e9))  # older than the index, so that Git does not look into it
    here.git("update-index", "-q", "--refresh", ok=False)
    before = here.file("a.csv").stat()
    data = here.file("a.csv").read_bytes()
    here.write("a.csv", bytes(reversed(data)))
    os.utime(here.file("a.csv"), ns=(before.st_atime_ns, before.st_mtime_ns))
    assert here.git("diff-files", "--name-only", "--", "a.csv").stdout == b""  # Git takes them for the same
    stat = look(here, b"a.csv")
    assert stat is not None
    assert index.unchanged(git.place(), {b"a.csv": stat}) == set()


@pytest.mark.parametrize("few", [True, False])
def test_unchanged_is_what_the_working_file_still_is(here: Repo, monkeypatch: pytest.MonkeyPatch, few: bool) -> None:
    if not few:
        monkeypatch.setattr(index, "ARGUMENTS", 1)
    here.write("a.csv", b"changed")
    here.file("d/e/f.txt").unlink()
    here.git("update-index", "--assume-unchanged", "a b")
    here.git("update-index", "--skip-worktree", ":x")
    stats = {name: stat for name in NAMES if (stat := look(here, name)) is not None}
    assert index.unchanged(git.place(), stats) == {*NAMES} - {b"a.csv", b"d/e/f.txt", b"a b", b":x"}


@pytest.mark.parametrize(
    ("later", "written", "clean"),
    [
        (5 * 10**9 + 1, 10**9 + 1, True),
        (10**9 + 30 * 10**6, 10**9 + 1, True),
        (10**9 + 10**6, 10**9 + 1, False),  # within what the clock of file times goes on at once
        (10**9, 10**9 + 1, False),
        (10**9 + 999 * 10**6, 10**9, False),  # a file system that keeps seconds
        (2 * 10**9 + 1, 10**9, True),
    ],
)
def test_of_what_a_filter_stands_for_the_stat_decides_where_it_proves_anything(
    here: Repo, later: int, written: int, clean: bool
) -> None:
    os.utime(here.file("a.csv"), ns=(written, written))
    here.git("update-index", "-q", "--refresh", ok=False)
    here.git("config", "filter.loud.clean", "touch ran; cat")
    here.write(".gitattributes", b"*.csv filter=loud\n")
    os.utime(here.file(".git/index"), ns=(later, later))
    stats = {b"a.csv": here.file("a.csv").stat()}
    assert index.unchanged(git.place(), stats, stats.keys()) == (set(stats) if clean else set())
    assert not here.file("ran").exists()
    here.write("a.csv", b"longer than it was")
    os.utime(here.file(".git/index"), ns=(later, later))
    assert index.unchanged(git.place(), {b"a.csv": here.file("a.csv").stat()}, [b"a.csv"]) == set()


# ---- changing it


def test_changes_come_all_at_once_or_not_at_all(here: Repo) -> None:
    [oid] = blobs(here, [b"pointer"])
    index.replace([(b"0", b"0" * 40, b"new\nline"), (index.REGULAR, oid, b"new\nline.dvc")])
    assert b"new\nline" not in here.index()
    assert here.index()[b"new\nline.dvc"] == (index.REGULAR, oid)
    before = here.index()
    with pytest.raises(GuardError, match="update-index"):
        index.replace([(b"0", b"0" * 40, b"a.csv"), (index.REGULAR, b"no id", b"new")])
    assert here.index() == before


@pytest.mark.parametrize("path", [b".git/x", b"d/../x", b"d/.GIT/x"])
def test_a_path_that_git_leaves_out_is_no_success(here: Repo, path: bytes) -> None:
    [oid] = blobs(here, [b"pointer"])
    with pytest.raises(GuardError) as refused:
        index.replace([(index.REGULAR, oid, b"new"), (index.REGULAR, oid, path)])
    assert f"left {path.decode()} out of the index" in refused.value.problem
    here.git("reset")
    assert index.same_as_head()


def test_another_index_is_changed_and_this_one_is_not(here: Repo, tmp_path: Path) -> None:
    before = here.index()
    other = tmp_path / "index"
    other.write_bytes(here.file(".git/index").read_bytes())
    index.replace([(b"0", b"0" * 40, b"a.csv")], os.fsencode(other))
    assert here.index() == before
    found = index.entries_of([b"a.csv", b"a b"], {**os.environ, "GIT_INDEX_FILE": str(other)})
    assert list(found) == [b"a b"]


def test_whether_a_commit_would_change_anything(here: Repo) -> None:
    assert index.same_as_head()
    here.stage("a.csv", b"changed")
    assert not index.same_as_head()


def test_which_index_is_in_use_and_whether_git_throws_it_away(here: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    place = place_of(here.path)
    real = os.fsencode(here.path / ".git" / "index")
    assert index.file_in_use(place) == real
    for name, temporary in {".git/index": False, ".git/index.lock": False, ".git/next-index-7.lock": True}.items():
        monkeypatch.setenv("GIT_INDEX_FILE", name)
        assert index.file_in_use(place) == os.fsencode(here.path / name)
        assert index.is_temporary(place) == temporary


def test_the_id_of_nothing_is_known_in_both_formats(empty: Repo, tmp_path: Path) -> None:
    (tmp_path / "sha256").mkdir()
    git.run("init", "-q", "--object-format=sha256", at=os.fsencode(tmp_path / "sha256"))
    other = Repo(tmp_path / "sha256")
    assert tuple(blobs(empty, [b""]) + blobs(other, [b""])) == index.EMPTY


def test_where_the_index_is_not_what_a_commit_has(here: Repo) -> None:
    here.stage("a.csv", b"1")
    here.stage("b.txt", b"1")
    here.commit()
    before = here.index()
    here.git("rm", "-q", "--cached", "a.csv")
    here.stage("b.txt", b"2")
    here.stage("c.csv", b"3")
    assert index.former("HEAD") == {b"a.csv": before[b"a.csv"][1], b"b.txt": before[b"b.txt"][1], b"c.csv": b""}
    assert index.former("HEAD", "*.csv").keys() == {b"a.csv", b"c.csv"}


def test_before_the_first_commit_nothing_differs_from_it(empty: Repo) -> None:
    empty.stage("a.csv", b"1")
    assert index.former("HEAD") == {}


# ---- the times of the work tree's files


def dirty(here: Repo) -> set[str]:
    """Return what a script takes for edited: `git diff-files` looks at the times that the index has, and no further."""
    return set(here.git("diff-files", "--name-only", "--", ".", ":!sub").stdout.decode().split())


@pytest.mark.parametrize("many", [False, True], ids=["few", "many"])
def test_of_what_was_replaced_the_times_are_known_again_and_of_nothing_else(
    here: Repo, monkeypatch: pytest.MonkeyPatch, many: bool
) -> None:
    monkeypatch.setattr(index, "FEW", 0 if many else index.FEW)
    mode, oid = here.index()[b"a.csv"]
    gone = here.index()[b"d/e/f.txt"][1]
    here.file("d/e/f.txt").unlink()
    changes = [(mode, oid, b"a.csv"), (b"0", b"0" * len(gone), b"d/e/f.txt")]
    here.write("run.sh", b"edited")
    index.replace(changes)
    assert dirty(here) == {"a.csv", "run.sh"}
    index.refresh(changes)
    assert dirty(here) == {"run.sh"}
    index.refresh([])
    index.refresh(changes[1:])
    assert dirty(here) == {"run.sh"}
