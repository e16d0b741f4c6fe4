"""`init` in a sparse checkout that leaves out what a team has committed: it is taken in, and never made anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.support import Repo, run

CONES = {
    "cone": ["--cone"],
    "sparse index": ["--cone", "--sparse-index"],
    "patterns": ["--no-cone"],
}


@pytest.fixture
def team(repo: Repo) -> Repo:
    """Return a team's guarded repository, with a table in a folder."""
    repo.write(".trinity-guard.toml", b'push = "off"\n')
    repo.git("add", "-A")
    repo.stage("data/a.csv", b"1\n")
    repo.commit()
    return repo


def sparse_clone(team: Repo, folder: Path, kind: str) -> Repo:
    run("git", "clone", "-q", "--no-checkout", team.path, folder)
    run("git", "sparse-checkout", "set", *CONES[kind], "data", cwd=folder)
    run("git", "checkout", "-q", cwd=folder)
    return Repo(folder)


@pytest.mark.slow
@pytest.mark.parametrize("kind", CONES)
def test_what_a_team_has_committed_is_taken_in(team: Repo, tmp_path: Path, kind: str) -> None:
    clone = sparse_clone(team, tmp_path / "sparse", kind)
    assert not clone.file(".dvc/config").exists()
    said = clone.guard("init").stdout
    assert b"the sparse checkout takes .dvc" in said
    for name in (".dvc/config", ".trinity-guard.toml"):
        assert clone.file(name).read_bytes() == team.show(name)
    assert clone.git("status", "--porcelain").stdout == b""
    clone.stage("data/b.csv", b"2\n")
    clone.commit()
    assert clone.tracked("data/b.csv.dvc")
    assert b"takes" not in clone.guard("init").stdout


def test_a_file_that_is_only_marked_is_not_made_anew(team: Repo, tmp_path: Path) -> None:
    run("git", "clone", "-q", team.path, tmp_path / "marked")
    clone = Repo(tmp_path / "marked")
    clone.git("update-index", "--skip-worktree", ".dvc/config")
    clone.file(".dvc/config").unlink()
    done = clone.guard("init", ok=False)
    assert done.returncode
    assert not clone.file(".dvc/config").exists()
    assert b".dvc/config" in done.stderr or b"sparse" in done.stderr
