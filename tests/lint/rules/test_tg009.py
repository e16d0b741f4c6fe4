"""TG009: files above max-size, in the tree or in a commit of the range."""

from __future__ import annotations

import pytest

from tests.helpers.support import KB, Repo
from tests.lint.linted import found


@pytest.fixture
def limited(bare_repo: Repo) -> Repo:
    bare_repo.stage(".trinity-guard.toml", b'max-size = "2 kB"\n')
    bare_repo.commit()
    return bare_repo


def test_a_file_above_the_limit_is_found_and_one_at_it_is_not(limited: Repo) -> None:
    limited.stage("at.bin", b"x" * 2000)
    limited.stage("above.bin", b"x" * 2001)
    assert found(limited) == [("TG009", "above.bin", "error")]


def test_a_large_artifact_is_an_artifact(limited: Repo) -> None:
    limited.stage("a.pkl", 9 * KB)
    assert found(limited) == [("TG001", "a.pkl", "error")]


def test_what_a_later_commit_took_out_stays_in_the_history_and_that_is_said(limited: Repo) -> None:
    limited.stage("film.bin", 9 * KB)
    limited.commit("--no-verify")
    limited.git("rm", "-q", "film.bin")
    limited.commit("--no-verify")
    assert found(limited, "--range", "HEAD~2..HEAD") == [("TG009", "film.bin", "error")]
    said = limited.guard("lint", "--range", "HEAD~2..HEAD", ok=False).stdout.decode()
    assert "a later commit has it no more, but its bytes stay in the history" in said
    assert "# take it out of that commit" in said
