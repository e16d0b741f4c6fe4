"""Hooks that an earlier version installed run this one: nobody calls `init` again in each clone after an upgrade."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.helpers.support import PROJECT, Repo, run

BEFORE = PROJECT / "tests" / "data" / "hooks-before"
NATIVE = (BEFORE / "native").read_text()
SECOND = (BEFORE / "native-2").read_text()
THIRD = (BEFORE / "native-3").read_text()
HUSKY = (BEFORE / "husky").read_text()
FRAMEWORK = (BEFORE / "framework.yaml").read_text()
NAMES = (
    "pre-commit", "pre-merge-commit", "pre-applypatch", "post-commit", "pre-push", "post-checkout", "post-merge",
    "post-rewrite",
)  # fmt: skip
# The program is found by what the hook says, or not at all.
BARE_PATH = "/usr/bin:/bin"


class Upgraded:
    """A repository whose hooks are those of before, and whose interpreter writes down what they start."""

    def __init__(self, repo: Repo, folder: Path) -> None:
        self.repo = repo
        self.log = folder / "started"
        self.python = folder / "python"
        self.python.write_text(f'#!/bin/sh\necho "$7" >>"{self.log}"\nexec "{sys.executable}" "$@"\n')
        self.python.chmod(0o755)

    def write_native(self, folder: Path, *, filled: bool, text: str = NATIVE) -> None:
        folder.mkdir(exist_ok=True)
        if filled:
            text = text.replace("\npython=''\n", f"\npython='{self.python}'\n").replace(
                "\nlib=''\n", f"\nlib='{PROJECT}'\n"
            )
        for name in NAMES:
            (folder / name).write_text(text)
            (folder / name).chmod(0o755)

    def set_config(self) -> None:
        self.repo.git("config", "trinity-guard.python", str(self.python))
        self.repo.git("config", "trinity-guard.lib", str(PROJECT))

    def git(self, *args: str) -> None:
        self.repo.git(*args, PATH=BARE_PATH)

    def started(self) -> list[str]:
        """Return the hooks that have reached the interpreter they name since this was last asked."""
        names = self.log.read_text().split() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return names


@pytest.fixture
def upgraded(repo: Repo, tmp_path: Path) -> Upgraded:
    return Upgraded(repo, tmp_path)


def artifact_goes_round(work: Upgraded) -> bytes:
    """Commit, amend, push, check out and bring back an artifact; return its bytes."""
    repo = work.repo
    data = repo.stage("a.pkl")
    work.git("commit", "-q", "-m", "a model")
    assert work.started() == ["pre-commit", "post-commit"]
    assert repo.tracked("a.pkl.dvc")
    assert not repo.tracked("a.pkl")
    assert data in repo.cached().values()
    work.git("commit", "-q", "--amend", "-m", "the model")
    assert work.started() == ["pre-commit", "post-commit", "post-rewrite"]
    run("git", "init", "-q", "--bare", repo.path.parent / "origin.git")
    work.git("push", "-q", "../origin.git", "main")
    assert work.started() == ["pre-push"]
    work.git("checkout", "-q", "HEAD~1")
    assert not repo.file("a.pkl").exists()
    work.git("checkout", "-q", "main")
    assert work.started() == ["post-checkout", "post-checkout"]
    assert repo.file("a.pkl").read_bytes() == data
    return data


@pytest.mark.slow
@pytest.mark.parametrize("form", ["filled in by init", "tracked by Git"])
def test_native_hooks_of_before_convert_push_gate_and_sync(upgraded: Upgraded, form: str) -> None:
    repo = upgraded.repo
    if form == "filled in by init":
        upgraded.write_native(repo.file(".git/hooks"), filled=True)
    else:
        upgraded.write_native(repo.file("hooks"), filled=False)
        repo.git("config", "core.hooksPath", "hooks")
        upgraded.set_config()
    data = artifact_goes_round(upgraded)
    assert repo.pulled_in_a_fresh_clone("a.pkl") == data


@pytest.mark.slow
def test_native_hooks_of_before_run_in_a_merge_and_in_am(upgraded: Upgraded) -> None:
    repo = upgraded.repo
    upgraded.write_native(repo.file(".git/hooks"), filled=True)
    base = repo.head()
    upgraded.git("checkout", "-q", "-b", "side")
    data = repo.stage("b.pkl")
    upgraded.git("commit", "-q", "-m", "side")
    upgraded.git("checkout", "-q", "main")
    upgraded.started()
    upgraded.git("merge", "-q", "--no-ff", "--no-edit", "side")
    assert upgraded.started() == ["pre-merge-commit", "post-merge"]
    assert repo.file("b.pkl").read_bytes() == data
    repo.write("c.txt")
    repo.git("add", "c.txt")
    upgraded.git("commit", "-q", "-m", "text")
    repo.git("format-patch", "-q", "-1", "-o", str(repo.path.parent / "mail"))
    upgraded.git("reset", "-q", "--hard", base)
    upgraded.started()
    upgraded.git("am", "-q", *map(str, (repo.path.parent / "mail").iterdir()))
    assert upgraded.started() == ["pre-applypatch"]


@pytest.mark.slow
def test_a_raw_artifact_is_refused_by_the_native_pre_push_of_before(upgraded: Upgraded) -> None:
    repo = upgraded.repo
    upgraded.write_native(repo.file(".git/hooks"), filled=True)
    repo.stage("a.pkl")
    upgraded.git("commit", "-q", "--no-verify", "-m", "in a hurry")
    run("git", "init", "-q", "--bare", repo.path.parent / "origin.git")
    refused = repo.git("push", "-q", "../origin.git", "main", ok=False, PATH=BARE_PATH)
    assert refused.returncode
    assert b"push refused" in refused.stderr
    assert "pre-push" in upgraded.started()


def test_the_block_of_before_in_husky_converts(upgraded: Upgraded) -> None:
    repo = upgraded.repo
    script = repo.file(".husky/pre-commit")
    script.parent.mkdir()
    script.write_text("#!/bin/sh\n" + HUSKY)
    script.chmod(0o755)
    repo.git("config", "core.hooksPath", ".husky")
    upgraded.set_config()
    repo.stage("a.pkl")
    upgraded.git("commit", "-q", "-m", "a model")
    assert upgraded.started() == ["pre-commit"]
    assert repo.tracked("a.pkl.dvc")
    assert not repo.tracked("a.pkl")


@pytest.mark.slow
def test_the_framework_s_entries_of_before_convert_push_and_gate(bare_repo: Repo, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "trinity-guard"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{PROJECT}" exec "{sys.executable}" -P -m trinity_guard "$@"\n')
    program.chmod(0o755)
    path = f"{program.parent}:{BARE_PATH}"
    bare_repo.guard("init", "-q", "--hooks", "none")
    bare_repo.write(".pre-commit-config.yaml", FRAMEWORK.encode())
    run(sys.executable, "-m", "pre_commit", "install", cwd=bare_repo.path)
    bare_repo.git("add", "-A")
    bare_repo.commit(PATH=path)
    data = bare_repo.stage("a.pkl")
    bare_repo.commit(PATH=path)
    assert bare_repo.tracked("a.pkl.dvc")
    assert not bare_repo.tracked("a.pkl")
    run("git", "init", "-q", "--bare", tmp_path / "origin.git")
    bare_repo.git("push", "-q", str(tmp_path / "origin.git"), "main", PATH=path)
    assert bare_repo.pulled_in_a_fresh_clone("a.pkl") == data


@pytest.mark.parametrize("text", [NATIVE, SECOND, THIRD], ids=["1", "2", "3"])
def test_init_and_its_uninstall_take_the_hooks_of_before_for_ours(upgraded: Upgraded, text: str) -> None:
    repo = upgraded.repo
    hooks = repo.file(".git/hooks")
    upgraded.write_native(hooks, filled=True, text=text)
    repo.guard("init")
    assert not list(hooks.glob("*.before-trinity-guard"))
    upgraded.write_native(hooks, filled=True, text=text)
    repo.guard("init", "--uninstall")
    assert not [name for name in NAMES if (hooks / name).exists()]
