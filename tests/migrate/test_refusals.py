"""Where it refuses to begin: the reason, the way on, and that the way on works; nothing is touched."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.helpers.support import run
from tests.migrate import driven
from tests.migrate.legacy import Legacy, md5
from trinity_guard.errors import GuardError
from trinity_guard.git import Place
from trinity_guard.git.catfile import Source
from trinity_guard.migrate import refs, refusals
from trinity_guard.migrate.refs import listed
from trinity_guard.migrate.selection import Selection


def refused(legacy: Legacy, words: str) -> GuardError:
    before = legacy.refs()
    with pytest.raises(GuardError, match=words) as caught:
        legacy.migrate()
    assert legacy.refs() == before
    assert not (legacy.git_dir / "trinity-guard" / "migrate" / "state.json").exists()
    return caught.value


@pytest.fixture
def two(worked: Legacy) -> Legacy:
    """Two commits with an artifact, checked out."""
    worked.commit({"a.pkl": b"1", "a.py": b"1"})
    worked.commit({"a.pkl": b"2", "a.py": b"1"})
    worked.checkout()
    return worked


def clone(two: Legacy, *options: str) -> Legacy:
    path = two.path.parent / "clone"
    two.git("config", "uploadpack.allowFilter", "true")
    run("git", "clone", "-q", *options, two.path.as_uri(), path)
    copy = Legacy.__new__(Legacy)
    copy.path, copy.bare = path, False
    return copy


def test_a_shallow_clone(two: Legacy) -> None:
    copy = clone(two, "--depth", "1")
    looked = driven.survey(copy.place, Selection(("*.pkl",)), [b"refs/heads/main"])
    assert any("shallow" in remark for remark in looked.remarks)
    error = refused(copy, "shallow")
    run(*error.remedy.split(), cwd=copy.path)
    assert copy.migrate().report["commits_changed"] == 2


def test_a_partial_clone(two: Legacy) -> None:
    error = refused(clone(two, "--filter=blob:none"), "partial")
    assert "--mirror" in error.remedy
    with pytest.raises(GuardError, match="partial"):
        driven.survey(clone_place(two), Selection(("*.pkl",)), [b"refs/heads/main"])


def test_a_remote_that_promises_nothing_makes_no_partial_clone(two: Legacy) -> None:
    two.git("config", "remote.x.promisor", "yes")
    refused(two, "partial")
    two.git("config", "remote.x.promisor", "false")
    assert two.migrate().report["commits_changed"] == 2


def test_packs_of_a_partial_clone_whose_settings_are_gone(two: Legacy) -> None:
    two.git("repack", "-a", "-d", "-q")
    (pack,) = (two.git_dir / "objects" / "pack").glob("*.pack")
    pack.with_suffix(".promisor").touch()
    error = refused(two, "would never let go")
    way_on = error.remedy.partition("     #")[0].replace("URL", two.path.as_uri()).split()
    run(*way_on, "whole.git", cwd=two.path.parent)
    whole = Legacy.__new__(Legacy)
    whole.path, whole.bare = two.path.parent / "whole.git", True
    assert whole.migrate().report["commits_changed"] == 2


def clone_place(two: Legacy) -> Place:
    path = os.fsencode(two.path.parent / "clone")
    return Place(path, path + b"/.git", path + b"/.git")


def test_a_linked_work_tree(two: Legacy) -> None:
    two.git("worktree", "add", "-q", "../linked", "-b", "other")
    error = refused(two, "another work tree")
    run(*error.remedy.partition("     #")[0].split(), cwd=two.path)
    assert two.migrate().report["commits_changed"] == 2


@pytest.mark.parametrize(("change", "removable"), [("notes.md", False), ("a.py", False), ("kept.log", True)])
def test_what_is_only_in_a_linked_work_tree_is_shown_before_it_would_go(
    two: Legacy, change: str, removable: bool
) -> None:
    (two.git_dir / "info").mkdir(exist_ok=True)
    (two.git_dir / "info" / "exclude").write_text("*.log\n")
    two.git("worktree", "add", "-q", "../linked", "-b", "other")
    (two.path.parent / "linked" / change).write_text("mine")
    look, remove = refused(two, "another work tree").remedy.splitlines()
    seen = run(*look.partition("     #")[0].split(), cwd=two.path).stdout.decode()
    assert seen.endswith(f" {change}\n")
    gone = run(*remove.partition("     #")[0].split(), cwd=two.path, ok=False)
    assert (gone.returncode == 0) is removable  # Git takes what is ignored along without a word


def test_in_a_linked_work_tree_the_others_are_named_and_the_way_on(two: Legacy) -> None:
    for name in ("here", "there"):
        two.git("worktree", "add", "-q", f"../{name}", "-b", name)
    here = Legacy.__new__(Legacy)
    here.path, here.bare = two.path.parent / "here", False
    with pytest.raises(GuardError, match="linked to") as caught:
        refusals.check(Source(here.place), refs.listed(Source(here.place)))
    said = caught.value.problem
    assert str(two.path) in said
    assert str(two.path.parent / "there") in said
    assert str(here.path) not in said
    run("sh", "-ec", caught.value.remedy.partition("     #")[0], cwd=here.path)
    assert two.migrate().report["commits_changed"] == 2


def test_a_ref_that_git_cannot_read_is_named(two: Legacy) -> None:
    (two.git_dir / "refs" / "heads" / "bad one").write_text("garbage\n")
    (two.git_dir / "refs" / "heads" / "bad").write_text("garbage\n")
    looked = driven.survey(two.place, Selection(("*.pkl",)), [b"refs/heads/main"])
    assert [remark for remark in looked.remarks if "refs/heads/bad" in remark]
    error = refused(two, "cannot read.*refs/heads/bad")
    run("sh", "-c", error.remedy, cwd=two.path)
    assert two.migrate().report["commits_changed"] == 2


def test_a_symbolic_ref_that_leads_nowhere_is_no_hindrance(two: Legacy) -> None:
    two.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/gone")
    assert two.migrate().report["commits_changed"] == 2


def test_a_dirty_work_tree_and_a_staged_change(two: Legacy) -> None:
    (two.path / "a.py").write_bytes(b"2")
    refused(two, r"not committed: a\.py")
    two.git("add", "a.py")
    refused(two, "not committed")
    two.git("commit", "-q", "-m", "done")
    two.migrate()
    assert two.git("show", "HEAD:a.py") == b"2"


def test_files_that_git_would_store_otherwise_are_no_hindrance_where_their_bytes_are_the_stored_ones(
    worked: Legacy,
) -> None:
    """CRLF was stored, and .gitattributes says text by now: Git calls them changed in every clone."""
    files = {"t.csv": b"a,b\r\n", "notes.txt": b"x\r\n", "p.py": b"1", ".gitattributes": b"*.txt text\n*.csv text\n"}
    worked.commit(files)
    worked.checkout()
    for name in ("t.csv", "notes.txt"):
        (worked.path / name).touch()
    worked.git("update-index", "-q", "--refresh", ok=False)
    assert worked.git("status", "--porcelain")
    (worked.path / "p.py").chmod(0o755)
    refused(worked, r"not committed: p\.py\.")
    (worked.path / "p.py").chmod(0o644)
    worked.migrate()
    driven.undo(worked.place)


def test_experiments_of_dvc_that_wait_are_no_more_lost_than_a_stash(two: Legacy) -> None:
    two.git("update-ref", "--create-reflog", "refs/exps/celery/stash", two.id("main"))
    refused(two, "queued experiments")
    two.git("update-ref", "-d", "refs/exps/celery/stash")
    two.migrate()


def test_untracked_files_are_no_hindrance_but_where_pointers_go(two: Legacy) -> None:
    (two.path / "notes.txt").write_bytes(b"mine")
    (two.path / "a.pkl.dvc").write_bytes(b"mine too")
    refused(two, r"where pointers or DVC's files go: a\.pkl\.dvc")
    assert (two.path / "a.pkl.dvc").read_bytes() == b"mine too"
    (two.path / "a.pkl.dvc").unlink()
    two.migrate()
    assert (two.path / "notes.txt").read_bytes() == b"mine"


@pytest.mark.parametrize("operation", ["merge", "rebase", "cherry-pick", "bisect"])
def test_an_operation_under_way(two: Legacy, operation: str) -> None:
    two.git("checkout", "-q", "-b", "side", "HEAD~")
    (two.path / "a.py").write_bytes(b"side")
    two.git("commit", "-q", "-a", "-m", "side")
    two.git("checkout", "-q", "main")
    (two.path / "a.py").write_bytes(b"main")
    two.git("commit", "-q", "-a", "-m", "main")
    two.git(operation, "start" if operation == "bisect" else "side", ok=False)
    two.git("reset", "-q")
    two.git("checkout", "-q", "--", ".")
    if operation != "merge":  # a reset ends a merge, a cherry-pick of one commit too
        two.git(operation, "side" if operation != "bisect" else "start", ok=False)
    else:
        two.git("merge", "side", ok=False)
    refused(two, "under way")
    if operation != "bisect":
        two.git(operation, "--abort")
    else:
        two.git("bisect", "reset")
    assert two.migrate().report["refs"]


def test_a_lock_that_another_git_left(two: Legacy) -> None:
    (two.git_dir / "index.lock").write_bytes(b"")
    refused(two, "index.lock")


def test_a_sha256_repository(tmp_path: Path) -> None:
    path = tmp_path / "sha256"
    run("git", "init", "-q", "-b", "main", "--object-format=sha256", path)
    (path / "a.pkl").write_bytes(b"1")
    run("git", "add", ".", cwd=path)
    run("git", "commit", "-q", "-m", "x", cwd=path)
    copy = Legacy.__new__(Legacy)
    copy.path, copy.bare = path, False
    assert "sha1" in refused(copy, "sha256").remedy


def test_a_second_migration_waits_for_finish_or_undo(two: Legacy) -> None:
    before = two.refs()
    two.migrate()
    after = two.refs()
    with pytest.raises(GuardError, match="earlier migration") as caught:
        two.migrate()
    assert "finish" in caught.value.remedy
    assert two.refs() == after
    driven.undo(two.place)
    assert two.refs() == before


def test_an_undo_where_there_is_nothing_to_undo(two: Legacy) -> None:
    with pytest.raises(GuardError, match="no migration"):
        driven.undo(two.place)
    with pytest.raises(GuardError, match="no migration"):
        driven.verify(two.place)


def test_an_undo_does_not_lose_commits_made_since(two: Legacy) -> None:
    two.migrate()
    (two.path / "b.py").write_bytes(b"new")
    two.git("add", "b.py")
    two.git("commit", "-q", "-m", "since")
    before = two.refs()
    with pytest.raises(GuardError, match="moved by somebody else"):
        driven.undo(two.place)
    assert two.refs() == before


def test_the_way_on_can_be_typed_whatever_a_branch_is_called(two: Legacy) -> None:
    two.git("branch", "it's$(here)")
    two.migrate()
    [branch] = [n for n in two.refs() if "here" in n and n.startswith("refs/heads/")]
    moved = two.refs()[branch]
    two.git("update-ref", branch, two.write("commit", two.raw(moved).replace(b"work", b"more")))
    with pytest.raises(GuardError, match="moved by somebody else") as caught:
        driven.undo(two.place)
    run("bash", "-euc", caught.value.remedy, cwd=two.path)
    assert two.refs()[branch] == moved
    driven.undo(two.place)


# --- where it works all the same


def test_a_mirror_clone_keeps_its_objects_in_the_git_dir(two: Legacy) -> None:
    path = two.path.parent / "mirror.git"
    run("git", "clone", "-q", "--mirror", two.path, path)
    copy = Legacy.__new__(Legacy)
    copy.path, copy.bare = path, True
    done = copy.migrate()
    assert (path / "trinity-guard/cache/files/md5" / md5(b"1")[:2] / md5(b"1")[2:]).read_bytes() == b"1"
    assert done.report["commits_changed"] == 2
    driven.undo(copy.place)
    assert copy.refs() == two.refs()


def test_alternates_are_read_through_and_not_written_to(two: Legacy) -> None:
    copy = _shared(two)
    objects = sorted((two.git_dir / "objects").rglob("*"))
    copy.migrate()
    assert sorted((two.git_dir / "objects").rglob("*")) == objects
    assert copy.git("status", "--porcelain") == b""


def _shared(two: Legacy) -> Legacy:
    path = two.path.parent / "shared"
    run("git", "clone", "-q", "--shared", two.path, path)
    copy = Legacy.__new__(Legacy)
    copy.path, copy.bare = path, False
    return copy


def test_an_empty_repository_has_nothing_to_do(worked: Legacy) -> None:
    assert worked.migrate(refs=None).report["refs"] == []


def test_the_work_tree_keeps_every_byte_and_is_clean(two: Legacy) -> None:
    two.commit({"a.pkl": b"2", "m/b.csv": b"3", "m/.gitignore": b"x\n", "run.pkl": ("100755", b"r")})
    two.checkout()
    files = {p: p.stat().st_mtime_ns for p in two.path.rglob("*") if p.is_file() and ".git/" not in str(p)}
    data = {p: p.read_bytes() for p in files}
    status = two.git("ls-files", "-s")
    two.migrate()
    for path, content in data.items():
        if path.name != ".gitignore":
            assert path.read_bytes() == content
            assert path.stat().st_mtime_ns == files[path]
    assert two.git("status", "--porcelain") == b""
    assert (two.path / "m/.gitignore").read_bytes() == b"x\n/b.csv\n"
    # An artifact that the user let go of meanwhile comes back with the undo.
    (two.path / "m/b.csv").unlink()
    driven.undo(two.place)
    assert {p: p.read_bytes() for p in files} == data
    assert two.git("status", "--porcelain") == b""
    assert two.git("ls-files", "-s") == status
    left = {p for p in two.path.rglob("*") if p.is_file() and ".git/" not in str(p)}
    assert left == set(files)


def test_a_sparse_checkout_gets_its_pointers_and_is_as_thin_as_it_was_by_an_undo(worked: Legacy) -> None:
    worked.commit({"src/a.py": b"1", "src/b.csv": b"2", "data/a.pkl": b"3"})
    worked.checkout()
    worked.git("sparse-checkout", "set", "src")
    before = worked.git("ls-files", "-t")
    assert b"S data/a.pkl" in before
    worked.migrate()
    assert worked.git("status", "--porcelain") == b""
    assert (worked.path / ".dvc" / "config").exists()
    assert (worked.path / "src" / "b.csv").read_bytes() == b"2"
    assert (worked.path / "src" / "b.csv.dvc").exists()
    driven.undo(worked.place)
    assert worked.git("ls-files", "-t") == before
    assert not (worked.path / "data").exists()
    assert worked.git("status", "--porcelain") == b""


def test_a_stash_is_refused_with_the_way_on(worked: Legacy) -> None:
    worked.commit({"a.pkl": b"1", "a.py": b"1"})
    worked.checkout()
    (worked.path / "a.py").write_bytes(b"2")
    worked.git("stash")
    before = worked.refs()
    with pytest.raises(GuardError, match="stash") as caught:
        worked.migrate()
    assert "git stash branch" in caught.value.remedy
    assert worked.refs() == before
    worked.git("stash", "drop")
    assert worked.migrate().report["refs"]


def test_replace_refs_and_grafts_are_not_looked_at_and_that_is_said(legacy: Legacy) -> None:
    first = legacy.commit({"a.pkl": b"1"})
    second = legacy.commit({"a.pkl": b"2"})
    third = legacy.commit({"a.pkl": b"3"})
    legacy.git("replace", first, second, "-f", ok=False)
    other = legacy.commit({"b.py": b""}, branch="x", parents=[])
    legacy.git("update-ref", f"refs/replace/{second}", other)
    (legacy.git_dir / "info").mkdir(exist_ok=True)
    (legacy.git_dir / "info" / "grafts").write_text(f"{third}\n")
    done = legacy.migrate(refs=("main",))
    assert set(done.ids) == {first, second, third}
    assert sum("not looked at" in remark for remark in done.report["remarks"]) == 2
    raw = legacy.git("--no-replace-objects", "cat-file", "commit", done.ids[third])
    assert b"parent " + done.ids[second].encode() in raw


def test_branches_of_a_remote_without_one_here_are_told(worked: Legacy) -> None:
    old = worked.commit({"a.pkl": b"1"})
    worked.checkout()
    worked.git("update-ref", "refs/remotes/origin/feature", old)
    worked.git("update-ref", "refs/remotes/origin/main", old)
    source = Source(worked.place)
    assert refusals.remote_only(listed(source)) == [b"origin/feature"]
    done = worked.migrate()
    assert worked.refs()["refs/remotes/origin/feature"] == old
    assert any("git branch --track feature origin/feature" in remark for remark in done.report["remarks"])


def test_where_the_branch_that_is_checked_out_has_moved_the_way_on_takes_the_work_tree_along(two: Legacy) -> None:
    before = two.refs()
    two.migrate()
    (two.path / "a.py").write_bytes(b"2")
    two.git("commit", "-q", "-am", "newer")
    with pytest.raises(GuardError, match="moved by somebody else") as caught:
        driven.undo(two.place)
    run("sh", "-ec", caught.value.remedy.partition("     #")[0], cwd=two.path)
    driven.undo(two.place)
    assert two.refs() == before
