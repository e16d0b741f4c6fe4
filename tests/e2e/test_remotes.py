"""Round trips through every kind of remote, as people make them: commit, push, clone, checkout."""

from __future__ import annotations

import pytest

from tests.helpers.servers import Service
from tests.helpers.support import KB, Repo, dvc, run

pytestmark = pytest.mark.slow  # each kind of server is started, and DVC beside it


@pytest.fixture
def served(service: Service, repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """A guarded repository whose default remote is a service of each kind in turn."""
    monkeypatch.setenv("TRINITY_GUARD_TRUST", "1")
    service.configure(repo)
    repo.git("add", ".dvc/config")
    repo.commit(TRINITY_GUARD_SKIP="all")
    return repo


def clone_of(repo: Repo, name: str = "clone") -> Repo:
    """Clone as a teammate does who has the keys: they never come with the clone."""
    clone = repo.path.parent / name
    run("git", "clone", "-q", repo.path, clone)
    keys = repo.path / ".dvc" / "config.local"
    if keys.exists():
        (clone / ".dvc" / "config.local").write_bytes(keys.read_bytes())
    return Repo(clone)


def test_what_is_committed_is_pulled_by_plain_dvc_in_a_fresh_clone(served: Repo) -> None:
    before = {name: served.stage(name, size) for name, size in (("a.csv", 10 * KB), ("deep/é b.pkl", 300 * KB))}
    said = served.commit().stderr.decode()
    assert "wait" not in said, said
    clone = clone_of(served)
    for name in before:
        assert served.tracked(name + ".dvc")
        assert not served.tracked(name)
        assert not clone.file(name).exists()
    dvc("pull", "-q", cwd=clone.path)
    assert {name: clone.file(name).read_bytes() for name in before} == before


def test_an_old_commit_gives_its_own_bytes(served: Repo) -> None:
    first = served.stage("a.csv", 5 * KB)
    served.commit()
    old = served.head()
    second = served.write("a.csv", 6 * KB)
    served.guard("add", "a.csv")
    served.commit()
    clone = clone_of(served)
    dvc("pull", "-q", cwd=clone.path)
    assert clone.file("a.csv").read_bytes() == second
    clone.git("checkout", "-q", old)
    dvc("pull", "-q", cwd=clone.path)
    assert clone.file("a.csv").read_bytes() == first


def push_and_check_out(repo: Repo, clone: Repo) -> None:
    """Carry a commit to a teammate by Git alone: `git push`, `git pull`; the hooks do the rest."""
    hub = repo.path.parent / "hub.git"
    if not hub.exists():
        run("git", "init", "-q", "--bare", "-b", "main", hub)
        repo.git("remote", "add", "hub", str(hub))
        clone.git("remote", "add", "hub", str(hub))
    repo.git("push", "-q", "hub", "main")
    clone.git("pull", "-q", "hub", "main")


def test_git_alone_carries_an_artifact_to_a_teammate(served: Repo) -> None:
    clone = clone_of(served)
    clone.guard("init", "-q")
    clone.write(".trinity-guard.toml", b'sync = "pull"\n')
    before = served.stage("a.csv", 10 * KB)
    served.commit(TRINITY_GUARD_SKIP="push")
    push_and_check_out(served, clone)
    assert clone.file("a.csv").read_bytes() == before
    (clone.path / ".dvc" / "cache").rename(clone.path.parent / "cache-put-aside")
    dvc("pull", "-q", cwd=clone.path)
    assert clone.file("a.csv").read_bytes() == before
