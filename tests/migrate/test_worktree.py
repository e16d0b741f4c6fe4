"""Index and working tree follow the refs and come back; no artifact's file is touched."""

from __future__ import annotations

import os
from pathlib import Path

from tests.migrate.legacy import Legacy, pointer_of
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
        worktree.follow(source, old, new)
    assert (worked.path / "m/.gitignore").read_bytes() == b"/a.pkl\n"
    assert (worked.path / ".gitignore").read_bytes() == b"*.log\n# more\n"
    assert (worked.path / "m/a.pkl").stat() == stat
    (worked.path / "m/a.pkl").unlink()
    worktree.go_back(source, old, new)
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
