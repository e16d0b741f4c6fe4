"""Doctor where a repository is of another kind, or the machine is: an answer in words, never a wrong ok."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.doctor.findings import asked, failing, follow
from tests.e2e.test_faults import in_namespace
from tests.helpers.killing import killed_at
from tests.helpers.support import KB, Repo, require, run

MODEL = "models/first.pkl"
# What only a work tree has.
OF_A_WORK_TREE = {"hooks", "config", "remote", "objects"}


def test_outside_of_a_repository(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    done = Repo(tmp_path / "plain").guard("doctor", ok=False)
    assert done.returncode == 2
    assert b"not a git repository" in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_repository_of_another_user_is_refused_by_git_with_the_command_that_allows_it(repo: Repo) -> None:
    if os.getuid() != 0:
        require("root's right to give files away")
    for path in [repo.path, *repo.path.rglob("*")]:
        os.lchown(path, 12345, 12345)
    done = repo.guard("doctor", ok=False)
    assert done.returncode == 2
    words = done.stderr.decode()
    assert "the owner of" in words
    remedy = words.splitlines()[1].strip()
    assert remedy.startswith(f"git config --global --add safe.directory '{repo.path}'")
    follow(repo, repo.path.parent, remedy)
    assert asked(repo)[0] == 0


@pytest.mark.slow
def test_no_commits_and_no_dvc(bare_repo: Repo) -> None:
    code, checks = asked(bare_repo)
    assert code == 1
    assert checks["dvc-project"]["level"] == "error"
    assert checks["hooks"]["level"] == "error"
    assert checks["dvc-project"]["remedy"] == checks["hooks"]["remedy"] == "trinity-guard init"
    for name in ("remote", "cache-type", "objects-of-history", "program"):
        assert (checks[name]["level"], str(checks[name]["fact"])[:13]) == ("warning", "not looked at")
    text = bare_repo.guard("doctor", ok=False).stdout.decode()
    assert text.count("there is no DVC project here (see dvc-project)") == 1
    follow(bare_repo, bare_repo.path.parent, "trinity-guard init")
    assert failing(bare_repo) == {}


def test_fix_makes_no_repository_guarded_that_was_not(bare_repo: Repo) -> None:
    before = sorted(bare_repo.path.rglob("*"))
    assert bare_repo.guard("doctor", "--fix", ok=False).returncode == 1
    assert [p for p in sorted(bare_repo.path.rglob("*")) if p not in before] == []


@pytest.mark.slow
def test_dvc_without_guard_is_not_guarded_by_fix_either(bare_repo: Repo) -> None:
    bare_repo.dvc("init", "-q")
    bare_repo.dvc("remote", "add", "-q", "-d", "r", "../r")
    assert asked(bare_repo)[1]["hooks"]["fixable"] is False
    bare_repo.guard("doctor", "--fix", ok=False)
    assert not bare_repo.file(".git/hooks/pre-commit").exists()


def test_a_bare_repository(repo: Repo, tmp_path: Path) -> None:
    run("git", "clone", "-q", "--bare", repo.path, tmp_path / "bare.git")
    bare = Repo(tmp_path / "bare.git")
    code, checks = asked(bare)
    assert code == 0
    assert {n for n, c in checks.items() if c["level"] != "ok"} == {"work-tree"}
    assert "were not looked at" in str(checks["work-tree"]["fact"])
    assert not OF_A_WORK_TREE & set(checks)
    asked(bare, "--fix")


@pytest.fixture
def origin(repo: Repo) -> Repo:
    """A guarded repository with two versions of an artifact, all of it on the remote."""
    for _ in range(2):
        repo.stage(MODEL)
        repo.commit()
    return repo


def cloned(origin: Repo, path: Path, *options: str) -> Repo:
    run("git", "clone", "-q", *options, f"file://{origin.path}", path)
    return Repo(path)


@pytest.mark.slow
@pytest.mark.parametrize(
    "options", [[], ["--depth", "1"], ["--filter=blob:none", "--sparse"]], ids=["whole", "shallow", "partial"]
)
def test_a_clone(origin: Repo, tmp_path: Path, options: list[str]) -> None:
    clone = cloned(origin, tmp_path / "clone", *options)
    if "--sparse" in options:
        clone.git("sparse-checkout", "add", ".dvc")
    bad = failing(clone)
    # A clone has no hooks and has confirmed no place; its objects cannot be asked for before.
    assert bad["hooks"] == bad["places"] == bad["remote"] == "error"
    assert bad["objects"] == "warning"
    clone.guard("remote", "trust", "--all")
    done = clone.guard("doctor", "--fix")
    assert "hooks: hook " in done.stdout.decode()
    assert failing(clone) == {}
    kinds = asked(clone)[1]["git-objects"]["fact"]
    assert ("a shallow clone" in str(kinds)) == ("--depth" in options)


@pytest.mark.slow
def test_a_linked_work_tree(origin: Repo, tmp_path: Path) -> None:
    origin.git("worktree", "add", "-q", str(tmp_path / "linked"), "-b", "side")
    linked = Repo(tmp_path / "linked")
    assert failing(linked) == {}
    assert "a linked work tree" in str(asked(linked)[1]["git-objects"]["fact"])
    origin.file(".git/hooks/pre-push").chmod(0o644)
    assert failing(linked) == {"hooks": "error"}
    linked.guard("doctor", "--fix")
    assert failing(origin) == failing(linked) == {}


@pytest.mark.slow
def test_a_submodule(origin: Repo, bare_repo: Repo) -> None:
    bare_repo.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(origin.path), "sub")
    sub = Repo(bare_repo.file("sub"))
    assert failing(sub)["hooks"] == "error"
    sub.guard("init", "-q")
    sub.guard("remote", "trust", "--all")
    assert failing(sub) == {}


@pytest.mark.slow
def test_a_detached_head_and_a_merge_under_way(origin: Repo) -> None:
    origin.git("checkout", "-q", "--detach")
    assert failing(origin) == {}
    origin.git("checkout", "-q", "-b", "side", "HEAD~1")
    origin.stage(MODEL, 30 * KB)
    origin.commit()
    origin.git("merge", "-q", "main", ok=False)
    asked(origin)


@pytest.mark.slow
def test_a_nested_dvc_project_is_looked_at_with_its_own_remote(origin: Repo) -> None:
    inner = origin.file("inner")
    inner.mkdir()
    run(sys.executable, "-m", "dvc", "init", "-q", "--subdir", cwd=inner)
    run(sys.executable, "-m", "dvc", "remote", "add", "-q", "-d", "inside", "../../inside", cwd=inner)
    origin.git("add", "-A")
    origin.commit()
    assert failing(origin) == {}
    origin.stage("inner/x.pkl")
    origin.commit(ok=False)
    bad = failing(origin)
    assert bad.get("remote") == "error"  # nobody has confirmed the inner one
    run(sys.executable, "-m", "trinity_guard", "remote", "trust", "--all", cwd=inner)
    origin.guard("push", "--pending")
    assert failing(origin) == {}
    assert "'inside'" in str(asked(origin)[1]["remote"]["fact"])


def test_a_repository_in_sha256(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    run("git", "init", "-q", "--object-format=sha256", tmp_path / "x")
    checks = asked(Repo(tmp_path / "x"))[1]
    assert checks["git-objects"]["level"] == "error"
    assert "sha256" in str(checks["git-objects"]["fact"])


@pytest.mark.slow
def test_a_project_without_a_remote(repo: Repo) -> None:
    repo.dvc("remote", "remove", "storage")
    code, checks = asked(repo)
    assert code == 1
    assert "no DVC remote is set" in str(checks["remote"]["fact"])
    follow(repo, repo.path.parent, "trinity-guard remote add ../elsewhere")
    assert failing(repo) == {}


def test_a_remote_of_the_config_that_dvc_does_not_know(repo: Repo) -> None:
    repo.write(".trinity-guard.toml", b'remote = "storag"\n')
    fact = asked(repo)[1]["remote"]
    assert fact["level"] == "error"
    assert "'storag' is not configured (there are: storage)" in str(fact["fact"])


def test_a_config_of_one_person_in_git(repo: Repo) -> None:
    repo.write(".dvc/config.local", b"['remote \"storage\"']\n    password = hunter2hunter2\n")
    repo.git("add", "-f", ".dvc/config.local")
    code, checks = asked(repo)
    assert code == 1
    assert "config.local" in str(checks["credentials-committed"]["fact"])
    assert checks["dvc-project"]["level"] == "error"
    follow(repo, repo.path.parent, str(checks["credentials-committed"]["remedy"]))
    assert asked(repo)[1]["credentials-committed"]["level"] == "ok"


@pytest.mark.slow
def test_a_credential_that_was_committed_is_remembered(repo: Repo) -> None:
    config = repo.file(".dvc/config").read_bytes()
    repo.stage(".dvc/config", config + b"    session_token = hunter2hunter2\n")
    repo.commit("--no-verify")
    repo.guard("doctor", "--fix", ok=False)
    repo.commit()
    assert failing(repo) == {"credentials-in-history": "warning"}
    assert b"hunter2" not in repo.guard("doctor", "-v").stdout


# ---- the machine


@pytest.mark.parametrize("size", ["2m", "300m"])
def test_a_disk_that_is_nearly_full(repo: Repo, tmp_path: Path, size: str) -> None:
    small = tmp_path / "small"
    small.mkdir()
    run("git", "config", "-f", ".dvc/config.local", "cache.dir", str(small), cwd=repo.path)
    assert failing(repo) == {}
    command = [sys.executable, "-m", "trinity_guard", "doctor"]
    script = f"mount -t tmpfs -o size={size} tmpfs '{small}'"
    code, words = in_namespace(repo, script, "sh", "-c", '"$@" >&2', "sh", *command)
    assert code == (1 if size == "2m" else 0), words
    assert f"{'error' if size == '2m' else 'warning':<9}disk" in words
    assert f"DVC's cache ({small})" in words


def test_a_file_system_that_runs_no_programs(repo: Repo) -> None:
    command = [sys.executable, "-m", "trinity_guard", "doctor"]
    git = repo.file(".git")
    script = f"mount --bind '{git}' '{git}' && mount -o remount,bind,noexec '{git}'"
    code, words = in_namespace(repo, script, "sh", "-c", '"$@" >&2', "sh", *command)
    assert code == 1
    assert "runs no programs (noexec)" in words


def test_a_git_folder_that_cannot_be_written_to(repo: Repo) -> None:
    command = [sys.executable, "-m", "trinity_guard", "doctor", "--fix"]
    git = repo.file(".git")
    script = f"mount --bind '{git}' '{git}' && mount -o remount,bind,ro '{git}'"
    code, words = in_namespace(repo, script, "sh", "-c", '"$@" >&2', "sh", *command)
    assert code == 1
    assert "cannot be written to" in words
    assert "Traceback" not in words


@pytest.mark.parametrize("below", ["", "/deeper/still"])
def test_a_file_in_the_way_of_a_remote_s_folder(repo: Repo, below: str) -> None:
    repo.storage.rmdir()
    repo.storage.write_bytes(b"a file")
    repo.dvc("remote", "modify", "storage", "url", f"{repo.storage}{below}")
    repo.guard("remote", "trust", "--all")
    fact = asked(repo)[1]["remote"]
    assert fact["level"] == "error"
    assert fact["remedy"]


# ---- what a kill has left


@pytest.mark.slow
def test_a_conversion_that_was_killed_anywhere_is_completed(repo: Repo, tmp_path: Path) -> None:
    data = repo.stage("a.pkl", raw=True)
    seen, step = set(), 0
    while True:
        step += 4
        copy = tmp_path / f"copy-{step}"
        shutil.copytree(repo.path, copy, symlinks=True)
        victim = Repo(copy)
        killed = killed_at(victim.path, step, "convert")
        seen |= set(failing(victim))
        victim.guard("doctor", "--fix", ok=False)
        # This is a copy, and Git's config names the attributes file of the first place.
        assert set(failing(victim)) <= {"git-locks", "filter"}
        if not killed:
            break
        victim.file(".git/index.lock").unlink(missing_ok=True)
        victim.commit()
        assert victim.tracked("a.pkl.dvc")
        assert not victim.tracked("a.pkl")
        assert data in victim.cached().values()
        shutil.rmtree(copy)
    assert {"conversion", "temporary-files"} <= seen
    assert step > 20


@pytest.mark.slow
def test_a_commit_of_a_path_whose_repair_never_came_is_repaired(repo: Repo) -> None:
    """The hook after the commit was killed: Git's own index stages the raw file again, and deletes the pointer."""
    hook = repo.file(".git/hooks/post-commit")
    ours = hook.read_bytes()
    hook.write_bytes(b"#!/bin/sh\n# trinity-guard hook, killed\nkill -9 $$\n")
    repo.stage("a.pkl")
    repo.commit("--", "a.pkl")
    hook.write_bytes(ours)
    assert b"a.pkl" in repo.index()
    assert b"a.pkl.dvc" not in repo.index()
    assert failing(repo)["conversion"] == "error"
    done = repo.guard("doctor", "--fix", ok=False)
    assert "conversion: completed: a.pkl" in done.stdout.decode()
    assert b"a.pkl" not in repo.index()
    assert repo.git("status", "--porcelain").stdout == b""
    assert failing(repo) == {}


@pytest.mark.slow
def test_a_sync_that_was_killed(origin: Repo) -> None:
    step = 0
    before = origin.git("rev-parse", "HEAD~1").stdout.decode().strip()
    origin.git("-c", "core.hooksPath=/dev/null", "checkout", "-q", before)
    while killed_at(origin.path, step := step + 1, "hook", "post-checkout", "main", before, "1"):
        if origin.file(".git/trinity-guard/following").exists():
            break
    assert failing(origin)["sync"] == "warning"
    follow(origin, origin.path.parent, str(asked(origin)[1]["sync"]["remedy"]))
    origin.guard("doctor", "--fix")
    assert failing(origin) == {}


@pytest.mark.slow
def test_a_migration_that_was_killed_at_any_step(make_repo: Callable[..., Repo], tmp_path: Path) -> None:
    legacy = make_repo("legacy", guarded=False)
    for _ in range(2):
        legacy.stage("a.pkl")
        legacy.commit()
    legacy.guard("init", "-q")
    legacy.commit()
    seen, step = set(), 0
    while True:
        step += 6
        copy = tmp_path / f"copy-{step}"
        shutil.copytree(legacy.path, copy, symlinks=True)
        victim = Repo(copy)
        killed = killed_at(victim.path, step, "migrate", "run", "--yes")
        checks = asked(victim)[1]
        seen.add(checks["migration"]["level"])
        if checks["migration"]["level"] == "error":
            assert str(checks["migration"]["remedy"]).startswith("trinity-guard migrate run")
            victim.guard("migrate", "run", "--yes")
            assert asked(victim)[1]["migration"]["level"] == "ok"
        if not killed:
            break
        shutil.rmtree(copy)
    assert seen == {"ok", "error"}


@pytest.mark.slow
def test_what_a_partial_clone_lacks_is_fetched_at_once(origin: Repo, tmp_path: Path) -> None:
    lock = "schema: '2.0'\nstages:\n  s:\n    cmd: x\n    outs:\n    - path: o.bin\n      md5: {:032x}\n      size: 1\n"
    for number in range(8):
        origin.write("a.pkl", 10 * KB)
        origin.guard("add", "a.pkl")
        origin.stage("p/dvc.yaml", f"stages:\n  s:\n    cmd: x{number}\n    outs: [o.bin]\n".encode())
        origin.stage("p/dvc.lock", lock.format(number + 0xA0 << 100).encode())
        origin.stage(".dvc/config", origin.file(".dvc/config").read_bytes() + b"# %d\n" % number)
        origin.commit("--no-verify")
    origin.git("config", "uploadpack.allowFilter", "true")
    origin.git("config", "uploadpack.allowAnySHA1InWant", "true")
    clone = cloned(origin, tmp_path / "clone", "--filter=blob:none")
    trace = tmp_path / "trace"
    _, first = asked(clone, GIT_TRACE=str(trace))
    assert trace.read_text().count("built-in: git fetch") == 1
    origin.path.rename(tmp_path / "away")
    assert asked(clone)[1] == first  # all is here by now
