"""Two artifacts and a file of Git's, for the commands that move artifacts or let them go."""

from __future__ import annotations

from tests.helpers.support import Repo, made_once

A, B = b"a,1\n", b"b,2\n"


@made_once
def begin(repo: Repo) -> None:
    repo.stage("a.csv", A)
    repo.stage("data/b.csv", B)
    repo.stage("data/code.py")
    repo.commit()


def refused(repo: Repo, command: str, *args: str) -> list[str]:
    """Return the lines that refuse it; nothing has changed."""
    before = repo.index(), repo.git("status", "--porcelain").stdout
    done = repo.guard(command, *args, ok=False)
    assert done.returncode == 1
    assert (repo.index(), repo.git("status", "--porcelain").stdout) == before
    # The tests have no dvc on their PATH, where `trinity-guard dvc` is said instead.
    return done.stderr.decode().replace("trinity-guard dvc ", "dvc ").splitlines()
