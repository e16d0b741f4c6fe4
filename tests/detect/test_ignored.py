"""Files that a line of ours keeps out of Git while no pointer holds them."""

from __future__ import annotations

import pytest

from tests.helpers.support import Repo
from trinity_guard import git
from trinity_guard.config import Config
from trinity_guard.detect import ignored
from trinity_guard.detect.patterns import Rules
from trinity_guard.dvcrepo import tracked, unheld

MD5 = b"d41d8cd98f00b204e9800998ecf8427e"


def pointer(name: bytes) -> bytes:
    return b"outs:\n- md5: %s\n  size: 0\n  hash: md5\n  path: %s\n" % (MD5, name)


@pytest.fixture
def here(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """Return a work tree in which two pointers were committed, and one of them went without its line."""
    monkeypatch.chdir(bare_repo.path)
    for name in ("a.csv", "notes.txt"):
        bare_repo.stage(f"{name}.dvc", pointer(name.encode()))
        bare_repo.write(name, b"")
    bare_repo.stage(".gitignore", b"/a.csv\n/notes.txt\n/mine.txt\n/mine.csv\n*.tmp\n")
    bare_repo.commit()
    bare_repo.git("rm", "-q", "notes.txt.dvc")
    bare_repo.commit()
    for name in ("mine.txt", "mine.csv", "x.tmp"):
        bare_repo.write(name)
    return bare_repo


def look(*exclude: str) -> list[tuple[bytes, bool]]:
    config = Config()
    config.exclude = exclude
    return [(i.path, i.once) for i in ignored.find(git.place(), tracked.load(git.place()), Rules(config))]


def at_a_commit() -> list[bytes]:
    place = git.place()
    return [i.path for i in ignored.noted(place, tracked.load(place), Rules(Config()))]


def test_what_a_pointer_held_once_and_what_is_an_artifact_by_its_name_are_found(here: Repo) -> None:
    assert look() == [(b"notes.txt", True), (b"mine.csv", False)]


def test_a_file_that_is_excluded_tracked_shown_held_or_not_there_is_not(here: Repo) -> None:
    assert look("mine.csv", "notes.txt") == []
    here.git("add", "-f", "notes.txt")
    here.file("mine.csv").unlink()
    assert look() == []


def test_what_a_pipeline_makes_is_its_own(here: Repo) -> None:
    here.stage("dvc.yaml", b"stages:\n  s:\n    cmd: x\n    outs:\n    - notes.txt\n    - mine.csv\n")
    assert look() == []


def test_a_folder_that_was_held_once_is_found(here: Repo) -> None:
    here.stage("images.dvc", pointer(b"images").replace(MD5, MD5 + b".dir"))
    here.stage(".gitignore", b"/a.csv\n/images\n")
    here.commit()
    here.git("rm", "-q", "images.dvc")
    here.write("images/1.png")
    assert look() == [(b"images", True)]
    assert ignored.recording(git.place(), b"images") == "dvc add images && git add images.dvc"


def test_at_a_commit_only_what_a_pointer_held_is_told_and_history_is_read_once(
    here: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tracked.left_ignored(git.place()) is None
    assert at_a_commit() == [b"notes.txt"]
    monkeypatch.setattr(ignored, "_once_held", lambda _: pytest.fail("history was read again"))
    assert tracked.left_ignored(git.place()) == [b"notes.txt"]
    assert at_a_commit() == [b"notes.txt"]
    here.file("notes.txt").unlink()
    assert tracked.left_ignored(git.place()) == []
    here.write("notes.txt")
    assert tracked.left_ignored(git.place()) == [b"notes.txt"]


def test_the_note_forgets_what_is_held_again_or_has_no_line(here: Repo) -> None:
    at_a_commit()
    here.stage("notes.txt.dvc", pointer(b"notes.txt"))
    assert at_a_commit() == []
    assert unheld.read(git.place()) == []


def test_a_pointer_that_goes_without_its_line_is_noted_when_pointers_are_read(here: Repo) -> None:
    at_a_commit()
    here.git("rm", "-q", "a.csv.dvc")
    tracked.load(git.place())
    assert unheld.read(git.place()) == [b"notes.txt", b"a.csv"]
    assert at_a_commit() == [b"notes.txt", b"a.csv"]
