"""kill -9 of run, undo and finish: all refs or none have moved, and the same command again completes it."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from tests.helpers.killing import killed_at
from tests.helpers.migrations import Legacy, out, refused
from tests.helpers.support import KB, noise, objects
from tests.migrate.legacy import lfs_pointer

# Counted from the first write of it on: from there refs, index, work tree and cache change.
STATE = "state.json"


@pytest.fixture
def small(tmp_path: Path) -> Legacy:
    repo = Legacy(tmp_path / "small")
    repo.path.mkdir()
    repo.git("init", "-q", "-b", "main")
    repo.add("a.pkl", KB)
    repo.git("branch", "side")
    repo.add("a.pkl", 2 * KB)
    return repo


def copy(template: Legacy, path: Path) -> Legacy:
    shutil.rmtree(path, ignore_errors=True)
    shutil.copytree(template.path, path, symlinks=True)
    return Legacy(path)


RUN = ("migrate", "run", "--everything", "--yes", "--push", "-q", "--remote")


@pytest.mark.parametrize("start", [1, 9, 17])
@pytest.mark.slow
def test_a_run_that_is_killed_anywhere_is_completed_by_the_same_command(
    small: Legacy, tmp_path: Path, start: int
) -> None:
    command = (*RUN, str(tmp_path / "storage"))
    before = small.refs()
    done = copy(small, tmp_path / "done")
    done.guard(*command)
    goal = done.everything()
    for step in range(start, 1000, 24):
        repo = copy(small, tmp_path / "killed")
        killed = killed_at(repo.path, step, *command)
        refs = {k: v for k, v in repo.refs().items() if not k.startswith("refs/trinity-guard/")}
        assert refs in (before, {k: v for k, v in done.refs().items() if k in before}), step
        again = repo.guard(*command, ok=False)
        # Through at the last step: only that it is done can be said.
        assert again.returncode == 0 or b"migrate finish" in again.stderr, (step, again.stderr)
        assert repo.everything() == goal, (step, again)
        assert "remote_url" in json.loads((repo.state / "report.json").read_text())
        # All is as in the other one: that DVC pulls what it says is asked once, of the last.
        assert "every byte is there" in out(repo, "verify", *(("--sample", "0") if killed else ()))
        if not killed:
            return
    raise AssertionError("it never came to its end")


@pytest.mark.parametrize("start", [1, 4])
@pytest.mark.slow
def test_finish_that_is_killed_anywhere_is_completed_by_the_same_command(
    small: Legacy, tmp_path: Path, start: int
) -> None:
    small.guard(*RUN, str(tmp_path / "storage"))
    blob = small.head_of("refs/trinity-guard/original/heads/main:a.pkl")
    goal = {k: v for k, v in small.refs().items() if not k.startswith("refs/trinity-guard/")}
    for step in range(start, 1000, 6):
        repo = copy(small, tmp_path / "killed")
        killed = killed_at(repo.path, step, "migrate", "finish", "--yes", "-q")
        again = repo.guard("migrate", "finish", "--yes", "-q", ok=False)
        assert again.returncode == 0 or b"no migration to finish" in again.stderr, (step, again.stderr)
        assert repo.refs() == goal
        assert repo.git("cat-file", "-e", blob, ok=False).returncode, step
        if not killed:
            return
    raise AssertionError("it never came to its end")


def test_an_undo_after_a_finish_that_was_killed_says_that_finish_goes_on(small: Legacy, tmp_path: Path) -> None:
    small.guard(*RUN, str(tmp_path / "storage"))
    moved = small.head_of("main")
    small.git("reflog", "expire", "--expire=now", "--all")
    state = small.state / "state.json"
    state.write_text(json.dumps({**json.loads(state.read_text()), "phase": "finishing"}))
    assert "trinity-guard migrate finish" in refused(small, "undo", code=2)
    assert small.head_of("main") == moved
    out(small, "finish", "--yes")
    assert "undo" in refused(small, "undo", code=2)


# --- every step behind the first write of state.json


def own_refs(repo: Legacy) -> dict[str, str]:
    return {name: oid for name, oid in repo.refs().items() if not name.startswith("refs/trinity-guard/")}


def kept(repo: Legacy) -> dict[str, bytes]:
    """Return the cache's objects, wherever in the repository they are by now."""
    git = repo.path / ".git" / "trinity-guard" / "cache" / "files" / "md5"
    return {**repo.cached(), **objects(git)}


@pytest.fixture
def migrated(small: Legacy, tmp_path: Path) -> Legacy:
    """The same, migrated where the copies will be: the state names its cache by an absolute path."""
    repo = copy(small, tmp_path / "killed")
    repo.guard(*RUN, str(tmp_path / "storage"))
    return copy(repo, tmp_path / "migrated")


def assert_whole(repo: Legacy, goal: Legacy, step: int) -> None:
    """Refs, index, work tree and cache are as in the other one, and Git is content."""
    assert repo.everything() == goal.everything(), step
    assert kept(repo) == kept(goal), step
    repo.git("fsck", "--strict")


@pytest.mark.parametrize("then", ["run", "undo"])
@pytest.mark.slow
def test_a_run_killed_at_each_step_behind_its_state_is_completed_or_undone(
    small: Legacy, migrated: Legacy, tmp_path: Path, then: str
) -> None:
    command = (*RUN, str(tmp_path / "storage"))
    old, new = own_refs(small), own_refs(migrated)
    # Each step below is compared with it in full: that DVC pulls what it says is asked once.
    assert "every byte is there" in out(migrated, "verify")
    killed, step = True, 0
    while killed:
        step += 1
        repo = copy(small, tmp_path / "killed")
        killed = killed_at(repo.path, f"{step}:{STATE}", *command)
        refs = own_refs(repo)
        assert refs in (old, new), step
        assert kept(repo) == kept(migrated), step
        if then == "undo":
            # Where no ref had moved yet there is nothing to undo, and it says so.
            assert repo.guard("migrate", "undo", ok=False).returncode == (2 if refs == old else 0), step
            assert kept(repo) == kept(migrated), step
            assert repo.everything() == small.everything(), step
        elif killed:
            again = repo.guard(*command, ok=False)
            # Through at the last step: only that it is done can be said.
            assert again.returncode == 0 or b"migrate finish" in again.stderr, (step, again.stderr)
            assert_whole(repo, migrated, step)
            assert "every byte is there" in out(repo, "verify", "--sample", "0"), step
            assert "remote_url" in json.loads((repo.state / "report.json").read_text()), step
    assert step > 20, "the driver must see the steps"


@pytest.mark.parametrize("then", ["undo", "run"])
@pytest.mark.slow
def test_an_undo_killed_at_each_step_is_completed_or_the_run_done_again(
    small: Legacy, migrated: Legacy, tmp_path: Path, then: str
) -> None:
    old, new = own_refs(small), own_refs(migrated)
    killed, step = True, 0
    while killed:
        step += 1
        repo = copy(migrated, tmp_path / "killed")
        killed = killed_at(repo.path, f"{step}:{STATE}", "migrate", "undo")
        assert own_refs(repo) in (old, new), step
        assert kept(repo) == kept(migrated), step
        if not killed:
            break
        if then == "undo":
            repo.guard("migrate", "undo")
            assert repo.everything() == small.everything(), step
            assert kept(repo) == kept(migrated), step
        elif '"done"' in (repo.state / "state.json").read_text():
            assert_whole(repo, migrated, step)  # killed before it began
        else:
            repo.guard(*RUN, str(tmp_path / "storage"))
            assert_whole(repo, migrated, step)
    assert step > 20, "the driver must see the steps"


# --- working files that are only pointers of Git LFS


@pytest.fixture
def texts(tmp_path: Path) -> Legacy:
    """A clone that never fetched its objects of Git LFS, and has them now; no filter makes one of the other."""
    repo = Legacy(tmp_path / "texts")
    repo.path.mkdir()
    repo.git("init", "-q", "-b", "main")
    repo.write(".gitattributes", b"*.bin filter=lfs diff=lfs merge=lfs -text\n")
    for name in ("a.bin", "m/b.bin"):
        data = noise(KB)
        digest = hashlib.sha256(data).hexdigest()
        repo.write(f".git/lfs/objects/{digest[:2]}/{digest[2:4]}/{digest}", data)
        repo.write(name, lfs_pointer(data))
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "of git-lfs")
    return repo


FROM_LFS = (*RUN[:-1], "--from-lfs", "--remote")


@pytest.mark.slow
@pytest.mark.parametrize("start", [1, 3])
def test_leaving_git_lfs_killed_at_some_step_is_completed_by_the_same_command(
    texts: Legacy, tmp_path: Path, start: int
) -> None:
    command = (*FROM_LFS, str(tmp_path / "storage"))
    done = copy(texts, tmp_path / "killed")  # the state names its cache by an absolute path
    done.guard(*command)
    done = copy(done, tmp_path / "done")
    assert not done.file("a.bin").read_bytes().startswith(b"version ")
    for step in range(start, 1000, 4):
        repo = copy(texts, tmp_path / "killed")
        killed = killed_at(repo.path, f"{step}:{STATE}", *command)
        assert own_refs(repo) in (own_refs(texts), own_refs(done)), step
        again = repo.guard(*command, ok=False)
        assert again.returncode == 0 or b"migrate finish" in again.stderr, (step, again.stderr)
        assert_whole(repo, done, step)
        killed_undo = killed_at(repo.path, f"{step}:{STATE}", "migrate", "undo")
        if killed_undo and repo.everything() != texts.everything():
            repo.guard("migrate", "undo")
        assert repo.everything() == texts.everything(), step
        if not killed:
            return
    raise AssertionError("it never came to its end")


# --- work trees that are not whole, or not the only one


def tree_of(repo: Legacy, kind: str) -> None:
    """Make a sparse work tree, or a linked one that is gone for good: its entry is Git's to prune."""
    if kind == "linked":
        repo.git("worktree", "add", "-q", str(repo.path.parent / "linked"), "side")
        shutil.rmtree(repo.path.parent / "linked")
        return
    options = ["--sparse-index"] if kind == "sparse index" else ["--no-cone"] if kind == "no cone" else []
    repo.git("sparse-checkout", "set", *options, "src")


@pytest.mark.parametrize("kind", ["sparse", "sparse index", "no cone", "linked"])
@pytest.mark.parametrize("then", ["run", "undo"])
@pytest.mark.slow
def test_a_run_in_an_odd_work_tree_is_completed_or_undone_wherever_it_is_killed(
    small: Legacy, tmp_path: Path, kind: str, then: str
) -> None:
    small.add("data/.gitignore", b"*.tmp\n")
    small.add("data/b.pkl", KB)
    small.add("src/c.pkl", KB)
    tree_of(small, kind)
    command = (*RUN, str(tmp_path / "storage"))
    before, old = small.everything(), own_refs(small)
    repo = copy(small, tmp_path / "killed")
    repo.guard(*command)
    goal, new, objects_there = repo.everything(), own_refs(repo), kept(repo)
    assert repo.git("status", "--porcelain").stdout == b""
    # Every eighth step: each kind begins at another one.
    killed, step = True, 1 + len(kind + then) % 8
    while killed:
        repo = copy(small, tmp_path / "killed")
        killed = killed_at(repo.path, f"{step}:{STATE}", *command)
        refs = own_refs(repo)
        assert refs in (old, new), step
        if then == "undo":
            assert repo.guard("migrate", "undo", ok=False).returncode == (2 if refs == old else 0), step
            assert repo.everything() == before, step
        else:
            again = repo.guard(*command, ok=False)
            assert again.returncode == 0 or b"migrate finish" in again.stderr, (step, again.stderr)
            assert repo.everything() == goal, step
            assert "every byte is there" in out(repo, "verify", "--sample", "0"), step
        assert kept(repo) == objects_there, step
        repo.git("fsck", "--strict")
        step += 8
