"""A bare repository's stand-in for a work tree: plain files of its configuration alone, and gone when it is over."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.helpers.support import Repo, run
from trinity_guard import git
from trinity_guard.errors import GuardError
from trinity_guard.lint.bare import work_tree


@pytest.fixture
def bare(bare_repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    bare_repo.stage(".trinity-guard.toml", b'patterns = ["*.h5"]\n')
    bare_repo.stage(".dvc/config", b"[core]\n    remote = r\n['remote \"r\"']\n    url = s3://b\n")
    bare_repo.stage(".dvc/config.local", b"[core]\n")
    bare_repo.stage("src/x.py", b"1")
    bare_repo.commit("--no-verify")
    run("git", "clone", "-q", "--bare", bare_repo.path, tmp_path / "bare.git")
    monkeypatch.chdir(tmp_path / "bare.git")
    return tmp_path / "bare.git"


@pytest.mark.usefixtures("bare")
def test_only_the_configuration_is_laid_out_and_nothing_stays() -> None:
    before = dict(os.environ)
    with work_tree(git.place(), b"HEAD", asks_remotes=False) as stand_in:
        top = Path(os.fsdecode(stand_in.top))
        files = sorted(str(p.relative_to(top)) for p in top.rglob("*") if p.is_file())
        assert files == [".dvc/config", ".trinity-guard.toml"]
        assert b"src/x.py" in git.run("ls-files", "-z")
    assert not top.exists()
    assert dict(os.environ) == before


def test_a_config_that_is_a_link_is_refused(bare_repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bare_repo.file(".trinity-guard.toml").symlink_to("/etc/hostname")
    bare_repo.git("add", "-A")
    bare_repo.commit("--no-verify")
    run("git", "clone", "-q", "--bare", bare_repo.path, tmp_path / "bare.git")
    monkeypatch.chdir(tmp_path / "bare.git")
    with pytest.raises(GuardError, match="is a symbolic link"), work_tree(git.place(), b"HEAD", asks_remotes=False):
        pass
