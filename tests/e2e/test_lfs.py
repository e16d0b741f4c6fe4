"""With the real git-lfs beside us: each keeps its own files."""

from __future__ import annotations

import hashlib

import pytest

from tests.helpers.support import KB, Repo, require, run


@pytest.fixture
def lfs(repo: Repo) -> Repo:
    if run("git", "lfs", "version", ok=False).returncode:
        require("git-lfs")
    # --skip-repo: its own hooks would take the places of ours; its pre-push is not wanted here.
    repo.git("lfs", "install", "--skip-repo")
    repo.git("lfs", "track", "*.h5")
    repo.git("add", ".gitattributes")
    repo.commit()
    return repo


def test_lfs_keeps_its_files_and_we_keep_ours(lfs: Repo) -> None:
    theirs = lfs.stage("m.h5", 30 * KB)
    ours = lfs.stage("m.pkl", 30 * KB)
    done = lfs.commit()
    assert b"m.h5" not in done.stderr
    assert lfs.show("m.h5").startswith(b"version https://git-lfs.github.com/spec/v1")
    assert not lfs.tracked("m.h5.dvc")
    assert lfs.file("m.h5").read_bytes() == theirs
    assert lfs.tracked("m.pkl.dvc")
    assert lfs.cached() == {hashlib.md5(ours).hexdigest(): ours}
    assert lfs.git("status", "--porcelain").stdout == b""


def test_lfs_without_its_filter_is_named_and_left(lfs: Repo) -> None:
    lfs.git("config", "--global", "--unset-all", "filter.lfs.clean")
    lfs.git("config", "--global", "--unset-all", "filter.lfs.process")
    lfs.git("config", "--global", "filter.lfs.required", "false")
    data = lfs.stage("m.h5", 3 * KB)
    done = lfs.commit()
    assert b"m.h5" in done.stderr
    assert b"git-lfs installed" in done.stderr
    assert lfs.show("m.h5") == data


def test_add_of_a_file_of_lfs_is_refused(lfs: Repo) -> None:
    lfs.write("m.h5", 3 * KB)
    done = lfs.guard("add", "m.h5", ok=False)
    assert done.returncode == 1
    assert b"git lfs untrack" in done.stderr
