"""Lines of `info/exclude`: put there once, and taken away without a trace."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.support import Repo
from trinity_guard import git
from trinity_guard.git import excludes

OWN = b"# mine\n/notes\n"


@pytest.fixture
def place(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> git.Place:
    monkeypatch.chdir(bare_repo.path)
    bare_repo.write(".git/info/exclude", OWN)
    return git.place()


FILE = Path(".git/info/exclude")


@pytest.mark.parametrize("own", [b"", OWN, b"/notes", b"\xef\xbb\xbf/notes\r\n"])
def test_lines_come_once_and_go_without_a_trace(place: git.Place, own: bytes) -> None:
    FILE.write_bytes(own)
    assert excludes.keep_out(place, [b".dvc/cache"])
    assert excludes.keep_out(place, [b".dvc/cache", b"sub/.dvc/tmp"])
    assert not excludes.keep_out(place, [b"sub/.dvc/tmp", b".dvc/cache"])
    lines = FILE.read_bytes().splitlines()
    assert lines[-4:] == [excludes.BEGIN, b"/.dvc/cache", b"/sub/.dvc/tmp", excludes.END]
    assert excludes.let_in(place)
    assert not excludes.let_in(place)
    assert FILE.read_bytes().rstrip(b"\n") == own.rstrip(b"\n")


@pytest.mark.parametrize("folder", ["a b", "[x]", "é", "#x", "trailing "])
def test_git_ignores_exactly_that_folder(place: git.Place, folder: str) -> None:
    excludes.keep_out(place, [folder.encode() + b"/.dvc/cache"])
    inside = f"{folder}/.dvc/cache/files/md5/ab/c"
    assert not git.attempt("check-ignore", "-q", inside).code
    for other in (".dvc/cache/x", f"{folder}/.dvc/config", f"sub/{inside}", f"{folder}/.dvc/cached"):
        assert git.attempt("check-ignore", "-q", other).code, other


def test_a_line_of_the_owner_s_for_the_same_is_enough(place: git.Place) -> None:
    FILE.write_bytes(b"/.dvc/cache\n")
    assert not excludes.keep_out(place, [b".dvc/cache"])
    assert not excludes.let_in(place)


def test_an_exclude_file_that_is_kept_elsewhere_stays_a_link(place: git.Place) -> None:
    elsewhere = FILE.rename(FILE.with_name("elsewhere"))
    FILE.symlink_to("elsewhere")
    assert excludes.keep_out(place, [b".dvc/cache"])
    assert FILE.is_symlink()
    assert b"/.dvc/cache\n" in elsewhere.read_bytes()


def test_a_git_dir_without_that_folder_gets_it(place: git.Place) -> None:
    FILE.unlink()
    FILE.parent.rmdir()
    assert excludes.keep_out(place, [b".dvc/cache"])
    assert FILE.read_bytes().startswith(excludes.BEGIN)
