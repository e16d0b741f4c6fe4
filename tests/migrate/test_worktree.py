"""Index and working tree follow the refs and come back; no artifact's file is touched."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.support import run
from tests.migrate import driven
from tests.migrate.legacy import Legacy, md5, pointer_of
from trinity_guard.errors import GuardError
from trinity_guard.git.catfile import Source
from trinity_guard.migrate import worktree


def both(legacy: Legacy) -> tuple[bytes, bytes]:
    """Return a commit with an artifact, checked out, and the same with its pointer in its place."""
    old = legacy.commit({"m/a.pkl": b"one", "x.py": b"x", ".gitignore": b"*.log\n"})
    legacy.checkout()
    files = {"m/a.pkl.dvc": pointer_of(b"one", "a.pkl"), "m/.gitignore": b"/a.pkl\n", "x.py": b"x"}
    new = legacy.commit({**files, ".gitignore": b"*.log\n# more\n"}, parents=[])
    legacy.git("update-ref", "refs/heads/main", old)
    return old.encode(), new.encode()


def test_what_differs_between_two_commits(worked: Legacy) -> None:
    change = worktree.between(Source(worked.place), *both(worked))
    assert sorted(change.added) == [b"m/.gitignore", b"m/a.pkl.dvc"]
    assert (change.modified, change.deleted) == ([b".gitignore"], [b"m/a.pkl"])


def test_the_tree_follows_and_comes_back_and_the_artifact_s_file_stays(worked: Legacy) -> None:
    old, new = both(worked)
    source = Source(worked.place)
    stat = (worked.path / "m/a.pkl").stat()
    for _ in range(2):  # twice is as good as once
        worktree.follow(source, old, new, {})
    assert (worked.path / "m/.gitignore").read_bytes() == b"/a.pkl\n"
    assert (worked.path / ".gitignore").read_bytes() == b"*.log\n# more\n"
    assert (worked.path / "m/a.pkl").stat() == stat
    (worked.path / "m/a.pkl").unlink()
    worktree.go_back(source, old, new, {})
    assert (worked.path / "m/a.pkl").read_bytes() == b"one"
    assert not (worked.path / "m/a.pkl.dvc").exists()
    assert worked.git("status", "--porcelain") == b""


def test_files_that_nobody_tracks_are_in_the_way_unless_they_are_the_same(worked: Legacy) -> None:
    source = Source(worked.place)
    change = worktree.between(source, *both(worked))
    assert worktree.untracked_in_the_way(source, change) == []
    (worked.path / "m/.gitignore").write_bytes(b"/a.pkl\n")
    (worked.path / "m/a.pkl.dvc").write_bytes(b"mine")
    assert worktree.untracked_in_the_way(source, change) == [b"m/a.pkl.dvc"]


def test_a_working_file_of_another_length_is_unlike_its_pointer(worked: Legacy) -> None:
    old, new = both(worked)
    source = Source(worked.place)
    assert worktree.unlike_their_pointers(source, old, new) == []
    (worked.path / "m/a.pkl").write_bytes(b"one\r\n")
    assert worktree.unlike_their_pointers(source, old, new) == [b"m/a.pkl"]


def test_objects_move_and_what_a_kill_has_left_is_completed(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for name in ("files/md5/aa/1", "files/md5/aa/2", "files/md5/bb/3"):
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text(name)
    (there / "files/md5/aa").mkdir(parents=True)
    (there / "files/md5/aa/1").write_text("files/md5/aa/1")
    for _ in range(2):
        worktree.move_objects(os.fsencode(here), os.fsencode(there))
    found = {str(p.relative_to(there)): p.read_text() for p in there.rglob("*") if p.is_file()}
    assert found == {name: name for name in ("files/md5/aa/1", "files/md5/aa/2", "files/md5/bb/3")}
    assert not here.exists()


@pytest.mark.parametrize("there", [b"1", b"damaged", None])
def test_a_damaged_object_takes_no_good_one_s_place(tmp_path: Path, there: bytes | None) -> None:
    name = f"files/md5/{md5(b'1')[:2]}/{md5(b'1')[2:]}"
    for folder, data in (("here", b"1"), ("there", there)):
        if data is not None:
            (tmp_path / folder / name).parent.mkdir(parents=True)
            (tmp_path / folder / name).write_bytes(data)
    worktree.move_objects(os.fsencode(tmp_path / "here"), os.fsencode(tmp_path / "there"))
    assert (tmp_path / "there" / name).read_bytes() == b"1"
    assert not (tmp_path / "here").exists()


def sparse(legacy: Legacy, *options: str) -> str:
    """Return the commit of a work tree that holds src/ alone; data/ has an ignore file, which is to get a line."""
    files = {"data/.gitignore": b"*.tmp\n", "data/a.pkl": b"1", "deep/er/b.pkl": b"2", "src/x.py": b"x", "c.pkl": b"3"}
    commit = legacy.commit(files)
    legacy.checkout()
    legacy.git("sparse-checkout", "set", *options, "src")
    return commit


@pytest.mark.parametrize("options", [(), ("--sparse-index",), ("--no-cone",)])
def test_a_sparse_work_tree_follows_and_comes_back_as_it_was(worked: Legacy, options: tuple[str, ...]) -> None:
    old = sparse(worked, *options)
    before = sorted(p.name for p in worked.path.iterdir())
    done = worked.migrate()
    assert "data/a.pkl.dvc" in done.files(old)
    assert worked.git("status", "--porcelain") == b""
    assert not (worked.path / "data").exists()
    assert not (worked.path / "deep").exists()
    assert (worked.path / ".dvc/config").is_file()
    driven.undo(worked.place)
    assert worked.git("status", "--porcelain") == b""
    assert worked.id("HEAD") == old
    assert sorted(p.name for p in worked.path.iterdir()) == before


@pytest.mark.parametrize("flag", ["skip-worktree", "assume-unchanged"])
def test_local_lines_that_git_does_not_look_at_are_not_written_over(worked: Legacy, flag: str) -> None:
    worked.commit({".gitignore": b"*.pyc\n", "a.pkl": b"1"})
    worked.checkout()
    (worked.path / ".gitignore").write_bytes(b"*.pyc\n/mine\n")
    worked.git("update-index", f"--{flag}", ".gitignore")
    before = worked.refs()
    with pytest.raises(GuardError, match=r"not to look at \.gitignore") as caught:
        worked.migrate()
    assert worked.refs() == before
    assert (worked.path / ".gitignore").read_bytes() == b"*.pyc\n/mine\n"
    # The way on that it names works.
    worked.git(*caught.value.remedy.partition("     #")[0].split()[1:])
    worked.git("checkout", "-q", "--", ".gitignore")
    worked.migrate()


@pytest.mark.parametrize("kind", ["file", "local", "gone", "link"])
def test_what_git_was_told_not_to_look_at_it_does_not_after_an_undo(worked: Legacy, kind: str) -> None:
    worked.commit({".gitignore": b"*.pyc\n", "a.pkl": b"1", "b.pkl": b"2", "c.pkl": b"3"})
    worked.checkout()
    worked.git("update-index", "--skip-worktree", "a.pkl", "c.pkl")
    worked.git("update-index", "--assume-unchanged", ".gitignore", "b.pkl", "c.pkl")
    flags, file = worked.git("ls-files", "-v"), worked.path / "a.pkl"
    assert flags == b"h .gitignore\nS a.pkl\nh b.pkl\ns c.pkl\n"
    if kind == "local":
        file.write_bytes(b"mine")
    elif kind == "gone":
        file.unlink()
    worked.migrate()
    assert b"h .gitignore\n" in worked.git("ls-files", "-v")
    if kind == "link":
        file.unlink()
        file.symlink_to(worked.path / ".dvc/cache/files/md5" / md5(b"1")[:2] / md5(b"1")[2:])
    driven.undo(worked.place)
    assert worked.git("ls-files", "-v") == flags
    assert worked.git("status", "--porcelain") == b""
    found = file.read_bytes() if file.exists() else None
    assert found == {"file": b"1", "local": b"mine", "gone": None, "link": b"1"}[kind]
    assert not file.is_symlink()


def test_a_work_tree_that_cannot_follow_keeps_nobody_from_proof_and_undo(
    worked: Legacy, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = worked.commit({"a.pkl": b"1"})
    worked.checkout()

    def never(*_: object) -> None:
        raise GuardError("the disk is full", "")

    with monkeypatch.context() as patched:
        patched.setattr(worktree, "follow", never)
        with pytest.raises(GuardError, match="disk is full"):
            driven.run(worked.place, worked.options())
        assert worked.id("HEAD") != old
        assert driven.verify(worked.place).wrong == []
        driven.undo(worked.place)
    assert worked.id("HEAD") == old
    assert worked.git("status", "--porcelain") == b""


def test_the_lock_of_a_git_that_died_is_named_and_once_it_is_gone_the_work_tree_follows(
    worked: Legacy, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked.commit({"a.pkl": b"1"})
    worked.checkout()
    lock = worked.path / ".git" / "index.lock"
    follow = worktree.follow

    def locked(*args: Any) -> None:
        lock.touch()
        follow(*args)

    with monkeypatch.context() as patched:
        patched.setattr(worktree, "follow", locked)
        with pytest.raises(GuardError, match=r"index\.lock is there") as caught:
            driven.run(worked.place, worked.options())
    assert run("sh", "-c", caught.value.remedy, cwd=worked.path).returncode == 0
    assert driven.resume(worked.place)
    assert worked.git("status", "--porcelain") == b""
    assert worked.id("HEAD:a.pkl.dvc")


@pytest.mark.parametrize("kind", ["symlink", "hardlink"])
def test_an_undo_makes_files_of_dvc_s_links(worked: Legacy, kind: str) -> None:
    worked.commit({"a.pkl": b"one", "m/b.pkl": b"two"})
    worked.checkout()
    worked.migrate()
    cached = worked.cache() / "files/md5" / md5(b"one")[:2] / md5(b"one")[2:]
    (worked.path / "a.pkl").unlink()
    getattr(worked.path / "a.pkl", f"{kind}_to")(cached)
    driven.undo(worked.place)
    assert worked.git("status", "--porcelain") == b""
    assert not (worked.path / "a.pkl").is_symlink()
    (worked.path / "a.pkl").write_bytes(b"edited")
    assert worked.object(md5(b"one")) == b"one"


def test_a_link_of_the_user_s_own_stays(worked: Legacy, tmp_path: Path) -> None:
    worked.commit({"a.pkl": b"one"})
    worked.checkout()
    worked.migrate()
    (tmp_path / "mine").write_bytes(b"one")
    (worked.path / "a.pkl").unlink()
    (worked.path / "a.pkl").symlink_to(tmp_path / "mine")
    driven.undo(worked.place)
    assert (worked.path / "a.pkl").is_symlink()


def branches(legacy: Legacy) -> dict[str, str]:
    """Return the refs of two branches, of which `side` has another version of a model; main is checked out."""
    base = legacy.commit({"m/a.pkl": b"one", "x.py": b"x"})
    legacy.commit({"m/a.pkl": b"two", "x.py": b"x"}, parents=[base], branch="side")
    legacy.commit({"m/a.pkl": b"new", "x.py": b"x"})
    legacy.checkout()
    return legacy.refs()


def test_an_undo_goes_back_from_another_branch_too(worked: Legacy) -> None:
    before = branches(worked)
    worked.migrate()
    worked.git("checkout", "-q", "side")
    driven.undo(worked.place)
    assert worked.refs() == {**before, "HEAD": before["refs/heads/side"]}
    assert worked.git("status", "--porcelain") == b" M m/a.pkl\n"  # it never became side's: nobody ran dvc checkout
    worked.git("checkout", "-q", "-f", "main")
    assert (worked.path / "m/a.pkl").read_bytes() == b"new"


def test_an_undo_leaves_what_is_checked_out_where_no_old_ref_is(worked: Legacy) -> None:
    before = branches(worked)
    worked.migrate()
    worked.git("checkout", "-q", "--detach", "main~1")
    new = worked.id("HEAD")
    driven.undo(worked.place)
    assert worked.refs() == {**before, "HEAD": new}
    assert worked.git("status", "--porcelain") == b""


def test_an_undo_of_a_detached_head_moves_no_branch_that_is_checked_out_by_now(worked: Legacy) -> None:
    before = branches(worked)
    worked.git("checkout", "-q", "--detach")
    worked.migrate()
    worked.git("checkout", "-q", "-f", "side")
    driven.undo(worked.place)
    assert worked.refs() == {**before, "HEAD": before["refs/heads/side"]}
    assert worked.git("symbolic-ref", "HEAD") == b"refs/heads/side\n"


def test_an_undo_is_refused_where_another_work_tree_would_stand_on_the_new_history(worked: Legacy) -> None:
    branches(worked)
    worked.migrate()
    tree = worked.path.parent / "tree"
    worked.git("worktree", "add", "-q", str(tree), "side")
    with pytest.raises(GuardError, match="stand on the new history") as caught:
        driven.undo(worked.place)
    run("sh", "-c", caught.value.remedy, cwd=worked.path)
    worked.git("worktree", "add", "-q", str(tree), "side")
    worked.git("worktree", "lock", str(tree))
    shutil.rmtree(tree)
    with pytest.raises(GuardError, match="stand on the new history") as caught:
        driven.undo(worked.place)
    # What helps against one that is locked, and gone.
    run("sh", "-c", caught.value.remedy, cwd=worked.path)
    driven.undo(worked.place)
