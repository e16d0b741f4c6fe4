"""cache.type = hardlink or symlink: a working file is the object of the cache, and an edit in place changes both."""

from __future__ import annotations

import hashlib

import pytest

from tests.helpers.support import Repo

EDITED = b"one\na day's work\n"


@pytest.fixture(params=["hardlink", "symlink"])
def edited(repo: Repo, request: pytest.FixtureRequest) -> Repo:
    """Return a repository with two versions of a table on two branches; on main it was edited through its link."""
    repo.dvc("config", "cache.type", request.param)
    repo.stage(".trinity-guard.toml", b'push = "off"\n')
    repo.stage("t.csv", b"one\n")
    repo.commit("-a")
    repo.git("checkout", "-q", "-b", "other")
    repo.write("t.csv", b"another\n")
    repo.guard("convert", "t.csv")
    repo.commit()
    repo.git("checkout", "-q", "main")
    file = repo.file("t.csv")
    assert file.is_symlink() or file.stat().st_nlink == 2
    file.chmod(0o644)
    with file.open("ab") as opened:
        opened.write(b"a day's work\n")
    return repo


def test_a_switch_leaves_the_edit_and_names_it(edited: Repo) -> None:
    for branch in ("other", "main", "other"):
        said = edited.git("checkout", branch).stderr
        assert b"t.csv was changed here and stays as it is" in said
        assert edited.file("t.csv").read_bytes() == EDITED
    said = edited.guard("pull", ok=False).stderr
    assert b"t.csv was changed here and stays as it is" in said
    assert edited.file("t.csv").read_bytes() == EDITED


def test_a_switch_to_a_commit_without_the_file_leaves_the_edit(edited: Repo) -> None:
    said = edited.git("checkout", "main^").stderr
    assert b"t.csv" in said
    assert edited.file("t.csv").read_bytes() == EDITED


@pytest.mark.slow
def test_a_commit_records_the_edit_and_lets_the_damaged_object_go(edited: Repo) -> None:
    assert b"changed" in edited.guard("status").stdout
    edited.write("code.py", b"1\n")
    edited.git("add", "code.py")
    edited.commit("-a")
    assert hashlib.md5(EDITED, usedforsecurity=False).hexdigest() in edited.show("t.csv.dvc").decode()
    assert edited.file("t.csv").read_bytes() == EDITED
    for md5, data in edited.cached().items():
        assert hashlib.md5(data, usedforsecurity=False).hexdigest() == md5
    assert b"up to date" in edited.dvc("status").stdout
    edited.git("checkout", "-q", "other")
    assert edited.file("t.csv").read_bytes() == b"another\n"
    edited.git("checkout", "-q", "main")
    assert edited.file("t.csv").read_bytes() == EDITED
