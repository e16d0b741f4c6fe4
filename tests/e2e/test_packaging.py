"""The wheel carries the hooks; the project serves as a pre-commit repository. No network: what is needed is here."""

from __future__ import annotations

import os
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from tests.helpers.support import PROJECT, Repo, project_copy, run

pytestmark = pytest.mark.slow  # a wheel is built and installed

# The environments that are made here see this one's packages instead of asking an index for them.
OFFLINE: dict[str, str] = {
    "PIP_NO_INDEX": "1",
    "PIP_NO_DEPS": "1",
    "PIP_NO_BUILD_ISOLATION": "0",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PYTHONPATH": sysconfig.get_path("purelib"),
}


@pytest.fixture
def source(tmp_path: Path) -> Repo:
    """The project's tracked files as they are in the working tree, in a repository with the tag v0.1.0."""
    repo = project_copy(tmp_path / "project")
    repo.git("tag", "v0.1.0")
    return repo


def test_the_wheel_carries_the_hooks_and_an_empty_environment_commits_with_it(source: Repo, tmp_path: Path) -> None:
    dist = tmp_path / "dist"
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", dist, cwd=source.path)
    [wheel] = dist.glob("*.whl")
    hooks = {p.name for p in (PROJECT / "hooks").iterdir()}
    assert hooks
    assert {f"trinity_guard/hooks/{name}" for name in hooks} <= set(zipfile.ZipFile(wheel).namelist())
    assert not [n for n in zipfile.ZipFile(wheel).namelist() if n.startswith(("tests", "benchmarks"))]

    empty = tmp_path / "an empty environment"
    venv.create(empty, with_pip=True, symlinks=True)
    run(empty / "bin/python", "-m", "pip", "install", "-q", "--no-deps", "--no-index", wheel)
    # Its dependencies come from this environment.
    site = next((empty / "lib").glob("python*/site-packages"))
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    repo = Repo(tmp_path / "work")
    repo.path.mkdir()
    run("git", "init", "-q", cwd=repo.path)
    run(empty / "bin/trinity-guard", "init", "-q", cwd=repo.path)
    data = repo.stage("a.pkl")
    bare = {"HOME": os.environ["HOME"], "PATH": "/usr/bin:/bin"}
    run(
        "env",
        "-i",
        *(f"{k}={v}" for k, v in bare.items()),
        *_identity(),
        "git",
        "commit",
        "-q",
        "-m",
        "x",
        cwd=repo.path,
    )
    assert repo.tracked("a.pkl.dvc")
    assert not repo.tracked("a.pkl")
    assert data in repo.cached().values()
    version = run(empty / "bin/trinity", "--version", cwd=tmp_path).stdout
    assert version == b"trinity-guard 0.1.0\n"


def _identity() -> list[str]:
    names = ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL")
    return [f"{name}={os.environ[name]}" for name in names]


def pre_commit(repo: Repo, *args: str, ok: bool = True) -> bytes:
    done = run(sys.executable, "-m", "pre_commit", *args, cwd=repo.path, ok=ok, env=OFFLINE)
    return done.stdout + done.stderr


def test_try_repo_names_a_staged_artifact(source: Repo, repo: Repo) -> None:
    repo.stage("code.py", b"x = 1\n")
    assert b"Passed" in pre_commit(repo, "try-repo", str(source.path), "trinity-block")
    repo.stage("a.pkl")
    out = pre_commit(repo, "try-repo", str(source.path), "trinity-block", ok=False)
    assert b"Failed" in out
    assert b"a.pkl" in out
    assert b"a.pkl" in repo.index()


def test_a_tagged_clone_in_the_framework_converts_and_pushes(source: Repo, bare_repo: Repo) -> None:
    bare_repo.guard("init", "-q", "--hooks", "none")
    bare_repo.stage(
        ".pre-commit-config.yaml",
        f"""\
default_install_hook_types: [pre-commit, post-commit]
repos:
  - repo: {source.path}
    rev: v0.1.0
    hooks:
      - id: trinity-convert
      - id: trinity-push
""".encode(),
    )
    pre_commit(bare_repo, "install")
    bare_repo.git("add", "-A")
    run("git", "commit", "-q", "-m", "first", cwd=bare_repo.path, env=OFFLINE)
    data = bare_repo.stage("m/a.pkl", 100_000)
    run("git", "commit", "-q", "-m", "work", cwd=bare_repo.path, env=OFFLINE)
    assert bare_repo.tracked("m/a.pkl.dvc")
    assert not bare_repo.tracked("m/a.pkl")
    assert bare_repo.git("status", "--porcelain").stdout == b""
    assert bare_repo.pulled_in_a_fresh_clone("m/a.pkl") == data
