"""kill -9 at each system boundary of convert, add, push, gate and sync: nothing is lost, and a second try completes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.helpers.killing import copy, killed_at, kills
from tests.helpers.support import Repo, objects, run
from trinity_guard.dvcrepo import standin

pytestmark = pytest.mark.slow  # a minute and more together; .ci/run runs it with the other slow proofs

BOTH_WAYS = True


def staged_or_kept(repo: Repo, name: str, data: bytes) -> bool:
    """Whether the bytes are in the index as a blob, or in the cache with a stand-in or a pointer in the index."""
    index = repo.index()
    if name.encode() in index:
        blob = repo.git("cat-file", "blob", index[name.encode()][1]).stdout
        named = standin.decode(blob)
        return blob == data if named is None else repo.cached().get(named.md5) == data
    md5 = hashlib.md5(data).hexdigest()
    pointer = repo.git("show", f":{name}.dvc").stdout
    return md5.encode() in pointer and repo.cached().get(md5) == data


def settled(repo: Repo) -> tuple[object, ...]:
    """What must be the same after any crash and a second try."""
    return (
        repo.index(),
        repo.file(".gitignore").read_bytes(),
        repo.file("a.pkl.dvc").read_bytes(),
        repo.file("d/b.csv.dvc").read_bytes(),
        repo.file("d/c.csv.dvc").read_bytes(),
        repo.cached(),
        repo.file(".git/trinity-guard/journal").exists(),
    )


@pytest.mark.parametrize("command", [("convert",), ("hook", "pre-commit")], ids=["convert", "hook"])
def test_killing_convert_at_any_step_loses_nothing_and_a_second_try_completes(
    repo: Repo, tmp_path: Path, command: tuple[str, ...]
) -> None:
    a = repo.stage("a.pkl", 70_000)
    b = repo.stage("d/b.csv", 500)
    c = repo.stage("d/c.csv", 600)  # the second one of a folder is made in a way of its own
    if command != ("convert",):  # which, typed again, takes a newer file for what is meant
        repo.write("a.pkl", 100)  # newer than what is staged: its bytes are in the blob alone
    whole = copy(repo, tmp_path / "whole")
    whole.guard(*command)
    expected = settled(whole)
    step = 0
    for step, trial in kills(repo, tmp_path / "killed", *command):
        assert staged_or_kept(trial, "a.pkl", a), f"killed at step {step}"
        assert staged_or_kept(trial, "d/b.csv", b), f"killed at step {step}"
        assert staged_or_kept(trial, "d/c.csv", c), f"killed at step {step}"
        assert all(hashlib.md5(data).hexdigest() == md5 for md5, data in trial.cached().items())
        trial.git("status")
        trial.file(".git/index.lock").unlink(missing_ok=True)  # Git's own message says so after a crash
        trial.guard(*command)
        assert settled(trial) == expected, f"killed at step {step}"
        trial.commit()
        assert not trial.git("ls-tree", "-r", "--name-only", "HEAD", "--", "a.pkl").stdout
        assert not list(trial.path.glob(".dvc/cache/trinity-guard-tmp/*"))
    assert step > 15, "the driver must see the boundaries"


def test_killing_add_at_any_step_leaves_the_working_file_and_a_second_try_completes(repo: Repo, tmp_path: Path) -> None:
    data = repo.write("a.pkl", 70_000)
    step = 0
    for step, trial in kills(repo, tmp_path / "killed", "add", "a.pkl"):
        assert trial.file("a.pkl").read_bytes() == data, f"killed at step {step}"
        trial.guard("add", "a.pkl")
        trial.commit()
        assert trial.cached() == {hashlib.md5(data).hexdigest(): data}
        assert trial.git("status", "--porcelain").stdout == b""
    assert step > 15


def test_killing_push_at_any_step_keeps_the_queue_and_a_second_try_completes(repo: Repo, tmp_path: Path) -> None:
    data = repo.stage("a.pkl", 70_000)
    repo.commit(TRINITY_GUARD_SKIP="push")
    storage = tmp_path / "work-dvc-storage"
    assert objects(storage / "files" / "md5") == {}
    step = 0
    for step, trial in kills(repo, tmp_path / "work2", "push", beside=storage):
        for md5, content in objects(storage / "files" / "md5").items():
            assert hashlib.md5(content).hexdigest() == md5, f"half an object on the remote after step {step}"
        trial.guard("push")
        assert objects(storage / "files" / "md5") == {hashlib.md5(data).hexdigest(): data}
        assert b"nothing is waiting" in trial.guard("push", "--pending").stderr
    assert step > 5


def test_killing_sync_at_any_step_leaves_whole_files_and_a_second_try_completes(repo: Repo, tmp_path: Path) -> None:
    versions: list[dict[str, bytes]] = []
    for number in range(2):
        versions.append({name: repo.write(name, 40_000 + number) for name in ("a.pkl", "d/b.csv")})
        if number == 0:
            versions[0]["gone.npy"] = repo.write("gone.npy", 5000)
            repo.guard("add", "gone.npy")
        else:
            repo.git("rm", "-q", "gone.npy.dvc")
        repo.guard("add", "a.pkl", "d/b.csv")
        repo.commit()
    old, new = (repo.git("rev-parse", r).stdout.decode().strip() for r in ("HEAD~1", "HEAD"))
    repo.git("checkout", "-q", old)
    repo.git("checkout", "-q", new, TRINITY_GUARD_SKIP="sync")
    known = {data for version in versions for data in version.values()}
    step = 0
    for step, trial in kills(repo, tmp_path / "killed", "hook", "post-checkout", old, new, "1"):
        for name in versions[0]:
            if trial.file(name).exists():
                assert trial.file(name).read_bytes() in known, f"half a file after step {step}"
        assert {hashlib.md5(d).hexdigest() for d in known} == set(trial.cached())
        trial.guard("hook", "post-checkout", old, new, "1")
        left = {name: trial.file(name).read_bytes() for name in versions[0] if trial.file(name).exists()}
        assert left == versions[1], f"killed at step {step}"
        assert trial.git("status", "--porcelain").stdout == b""
        litter = [p for p in trial.path.rglob("*") if "tmp" in p.name and p.is_file() and ".git/" not in str(p)]
        assert [p for p in litter if ".dvc" not in p.parts] == []
    assert step > 8, "the driver must see the boundaries"


def test_killing_the_gate_at_any_step_publishes_nothing_half_and_a_second_push_completes(
    repo: Repo, tmp_path: Path
) -> None:
    data = repo.stage("a.pkl", 70_000)
    repo.commit(TRINITY_GUARD_SKIP="push")
    storage = tmp_path / "work-dvc-storage"
    run("git", "init", "-q", "--bare", tmp_path / "hub.git")
    line = f"refs/heads/main {repo.head()} refs/heads/main {'0' * 40}\n".encode()
    gate = ("hook", "pre-push", "hub", "url")
    step = 0
    for step, trial in kills(repo, tmp_path / "work2", *gate, beside=storage, data=line):
        for md5, content in objects(storage / "files" / "md5").items():
            assert hashlib.md5(content).hexdigest() == md5, f"half an object on the remote after step {step}"
        trial.git("push", "-q", str(tmp_path / "hub.git"), f"main:refs/heads/after-{step}")
        assert objects(storage / "files" / "md5") == {hashlib.md5(data).hexdigest(): data}
    assert step > 5


# What is typed after a kill, each before a last `git commit -a`.
FORMS: dict[str, list[tuple[str, ...]]] = {
    "commit": [("commit", "-q", "-m", "after")],
    "commit -a": [("commit", "-q", "-a", "-m", "after")],
    "commit -i": [("commit", "-q", "-m", "after", "-i", "code.py")],
    "commit -- path": [("commit", "-q", "-m", "after", "--", "code.py")],
    "commit --amend": [("commit", "-q", "--amend", "--no-edit")],
    "add -A": [("add", "-A"), ("commit", "-q", "-m", "after")],
}


@pytest.mark.parametrize("born", [True, False], ids=["new", "renewed"])
def test_whatever_is_committed_after_a_kill_the_last_commit_is_right(repo: Repo, tmp_path: Path, born: bool) -> None:
    repo.stage(".trinity-guard.toml", b'push = "off"\n')
    repo.stage("code.py", b"1\n")
    if not born:
        repo.stage("a.csv", b"1,2\n")
    repo.commit()
    data = repo.stage("a.csv", b"1,2\n3,4\n")
    repo.write("code.py", b"2\n")
    tried = 0
    for step, found in kills(repo, tmp_path / "killed", "hook", "pre-commit"):
        if not found.file(".git/trinity-guard/journal").exists():
            continue
        for form, commands in FORMS.items():
            trial = copy(repo, tmp_path / "killed")
            trial.write("a.csv", data)  # after its pointer, as it was
            killed_at(trial.path, step, "hook", "pre-commit")
            trial.file(".git/index.lock").unlink(missing_ok=True)
            for command in commands:
                trial.git(*command, ok=False)  # what changed may be recorded already
            trial.write("more.py")
            trial.git("add", "more.py")
            trial.commit("-a")
            where = f"killed at step {step}, then {form}"
            assert hashlib.md5(data).hexdigest() in trial.show("a.csv.dvc").decode(), where
            assert trial.file("a.csv").read_bytes() == data, where
            assert not trial.tracked("a.csv"), where
            assert trial.git("status", "--porcelain").stdout == b"", where
            tried += 1
    assert tried >= 4 * len(FORMS), "the driver must see what the steps leave"
