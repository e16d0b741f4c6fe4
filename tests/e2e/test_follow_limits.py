"""What following costs, and what it leaves behind when it is killed, or the disk says no."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.helpers.killing import kills
from tests.helpers.support import PROJECT, Repo, objects, require, run

pytestmark = pytest.mark.slow  # kills at each step

# Says which files are opened and which programs started by a command of ours.
WATCH = """
import os, sys
seen = []
def watch(event, args):
    if event == "open" and isinstance(args[0], (str, bytes)):
        seen.append("open " + os.fsdecode(args[0]))
    elif event == "os.posix_spawn":
        seen.append("start " + " ".join(os.fsdecode(a) for a in args[1][:2]))
sys.path.append(sys.argv.pop(1))
from trinity_guard.cli import main
sys.addaudithook(watch)
code = main(sys.argv[1:])
print("\\n".join(seen + ["module " + m for m in sys.modules]))
sys.exit(code)
"""


@pytest.fixture(autouse=True)
def trusting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRINITY_GUARD_TRUST", "1")


def watched(repo: Repo, *command: str) -> list[str]:
    argv = (sys.executable, "-I", "-S", "-c", WATCH, str(PROJECT), *command)
    return run(*argv, cwd=repo.path).stdout.decode().splitlines()


def ids(repo: Repo, *names: str) -> list[str]:
    return [repo.git("rev-parse", name).stdout.decode().strip() for name in names]


def many(repo: Repo, count: int) -> tuple[str, str]:
    """Commit so many artifacts, then another version of one; return both commits, settled at the second."""
    for number in range(count):
        repo.write(f"d/t{number}.csv", 50)
    repo.stage(".trinity-guard.toml", b'folders = ["!/d/"]\n')  # a pointer for each file
    repo.guard("add", "-q", "d")
    repo.commit(TRINITY_GUARD_SKIP="push")
    repo.write("d/t7.csv", 60)
    repo.guard("add", "-q", "d/t7.csv")
    repo.commit(TRINITY_GUARD_SKIP="push")
    old, new = ids(repo, "HEAD~1", "HEAD")
    repo.git("checkout", "-q", old)
    repo.git("checkout", "-q", new)
    return old, new


def test_following_one_pointer_of_many_reads_and_starts_the_same_however_many_there_are(
    repo: Repo, tmp_path: Path
) -> None:
    costs = []
    for work, count in ((repo, 20), (Repo.make(tmp_path / "large"), 1000)):
        old, new = many(work, count)
        work.git("checkout", "-q", old, TRINITY_GUARD_SKIP="sync")
        seen = watched(work, "hook", "post-checkout", new, old, "1")
        assert not {"dvc", "subprocess", "ruamel.yaml"} & {m.removeprefix("module ") for m in seen}
        read = [line for line in seen if line.startswith("open ") and str(work.path) in line]
        started = [line for line in seen if line.startswith("start ")]
        costs.append((len(read), len(started)))
        assert work.git("status", "--porcelain").stdout == b""
    assert costs[0] == costs[1]
    assert costs[0][1] <= 6


def test_a_checkout_that_moves_no_pointer_starts_two_processes_and_loads_little(repo: Repo) -> None:
    many(repo, 20)
    repo.write("code.py")
    repo.git("add", "code.py")
    repo.commit()
    old, new = ids(repo, "HEAD~1", "HEAD")
    seen = Counter(line.partition(" ")[0] for line in watched(repo, "hook", "post-checkout", old, new, "1"))
    assert seen["start"] <= 2
    lines = watched(repo, "hook", "post-checkout", old, new, "1")
    for name in ("trinity_guard.checkout.plan", "trinity_guard.remotes.connect"):
        assert importlib.util.find_spec(name), "a name that is gone is never loaded"
        assert f"module {name}" not in lines
    assert not {"module json", "module hashlib", "module re", "module subprocess"} & set(lines)


def two_versions(repo: Repo) -> tuple[list[dict[str, bytes]], str, str]:
    versions: list[dict[str, bytes]] = []
    for number in range(2):
        versions.append({name: repo.write(name, 30_000 + number) for name in ("a.pkl", "d/b.csv")})
        if number == 0:
            versions[0]["gone.npy"] = repo.write("gone.npy", 5000)
            repo.guard("add", "gone.npy")
        else:
            repo.git("rm", "-q", "gone.npy.dvc")
        repo.guard("add", "a.pkl", "d/b.csv")
        repo.commit(TRINITY_GUARD_SKIP="push")
    old, new = ids(repo, "HEAD~1", "HEAD")
    return versions, old, new


def artifacts(repo: Repo, names: dict[str, bytes]) -> dict[str, bytes]:
    return {name: repo.file(name).read_bytes() for name in names if repo.file(name).exists()}


def test_after_a_kill_sync_by_hand_and_the_next_checkout_know_what_was_left_to_take_away(
    repo: Repo, tmp_path: Path
) -> None:
    versions, old, new = two_versions(repo)
    repo.git("checkout", "-q", old)
    repo.git("checkout", "-q", new, TRINITY_GUARD_SKIP="sync")
    noted = 0
    for step, trial in kills(repo, tmp_path / "killed", "hook", "post-checkout", old, new, "1"):
        if not trial.file(".git/trinity-guard/following").exists() and not trial.file("gone.npy").exists():
            continue  # done but for its end
        if not trial.file(".git/trinity-guard/following").exists():
            continue  # nothing was begun: Git's next hook, or sync, sees the pointers, and gone.npy stays
        noted += 1
        if noted % 2:
            trial.guard("sync")
        else:
            trial.git("checkout", "-q", "-b", "other")
        assert artifacts(trial, versions[0]) == versions[1], f"killed at step {step}"
    assert noted > 5


@pytest.mark.timeout(900)  # a kill at each of some hundred steps, and the command again
def test_killing_use_at_any_step_loses_nothing_and_the_same_command_completes(repo: Repo, tmp_path: Path) -> None:
    versions, old, _ = two_versions(repo)
    wanted = dict(versions[0])
    known = {data for version in versions for data in version.values()}
    step = 0
    for step, trial in kills(repo, tmp_path / "killed", "use", old):
        trial.file(".git/index.lock").unlink(missing_ok=True)
        assert set(artifacts(trial, wanted).values()) <= known, f"half a file after step {step}"
        trial.guard("use", old)
        assert artifacts(trial, wanted) == wanted, f"killed at step {step}"
        assert trial.show("a.pkl.dvc", "") == repo.show("a.pkl.dvc", old)
    assert step > 10


def test_use_refuses_a_pointer_that_is_staged_and_that_no_commit_has(repo: Repo) -> None:
    versions, old, _ = two_versions(repo)
    newest = repo.write("a.pkl", 77)
    repo.guard("convert", "a.pkl")
    before = repo.index()
    done = repo.guard("use", old, ok=False)
    assert done.returncode == 1
    assert b"a.pkl.dvc is staged as no commit has it" in done.stderr
    assert repo.index() == before
    assert repo.file("a.pkl").read_bytes() == newest
    repo.commit(TRINITY_GUARD_SKIP="push")
    repo.guard("use", old)
    assert repo.file("a.pkl").read_bytes() == versions[0]["a.pkl"]
    repo.guard("use", "HEAD")
    assert repo.file("a.pkl").read_bytes() == newest


def test_use_refuses_edits_of_a_pointer_and_a_file_that_git_tracks(repo: Repo) -> None:
    versions, old, _ = two_versions(repo)
    text = repo.file("a.pkl.dvc").read_bytes() + b"meta: {mine: 1}\n"
    repo.write("a.pkl.dvc", text)
    done = repo.guard("use", old, ok=False)
    assert b"edits that are not staged" in done.stderr
    assert repo.file("a.pkl.dvc").read_bytes() == text
    repo.git("checkout", "-q", "--", "a.pkl.dvc")
    repo.git("rm", "-q", "--cached", "a.pkl.dvc")
    repo.git("add", "-f", "a.pkl")
    repo.git("commit", "-q", "-n", "-m", "raw again")
    done = repo.guard("use", old, ok=False)
    assert done.returncode == 1
    assert b"is tracked by Git here" in done.stderr
    assert repo.file("a.pkl").read_bytes() == versions[1]["a.pkl"]


def test_where_the_project_s_own_folder_is_another_file_system_files_are_still_whole(
    repo: Repo, tmp_path: Path
) -> None:
    own = repo.path.stat().st_dev
    shared = next((p for p in map(Path, ("/dev/shm", "/var/tmp")) if p.is_dir() and p.stat().st_dev != own), None)
    if not shared:
        require("a second file system")
    versions, old, new = two_versions(repo)
    elsewhere = shared / f"trinity-guard-test-{os.getpid()}"
    elsewhere.mkdir()
    try:
        shutil.rmtree(repo.file(".dvc/tmp"), ignore_errors=True)
        repo.file(".dvc/tmp").symlink_to(elsewhere)
        repo.git("checkout", "-q", old)
        assert artifacts(repo, versions[0]) == versions[0]
        repo.git("checkout", "-q", new)
        assert artifacts(repo, versions[0]) == versions[1]
        assert not list(repo.path.glob("**/.trinity-guard-*"))
    finally:
        shutil.rmtree(elsewhere)


def test_a_disk_that_is_full_leaves_the_files_as_they_were_and_sync_completes_later(repo: Repo) -> None:
    versions, old, new = two_versions(repo)
    old, new = ids(repo, "HEAD~1", "HEAD")
    repo.git("checkout", "-q", old, TRINITY_GUARD_SKIP="sync")
    # A limit on the size of any file that a process writes: the copies fail half way (and so would the bytecode of a
    # module that was just edited, which Python would then find cut off, in every later test).
    command = f'ulimit -f 16; exec "{sys.executable}" -m trinity_guard hook post-checkout {new} {old} 1'
    done = run("bash", "-c", command, cwd=repo.path, env={"PYTHONPATH": str(PROJECT), "PYTHONDONTWRITEBYTECODE": "1"})
    assert b"Traceback" not in done.stderr
    assert b"trinity-guard: " in done.stderr
    assert artifacts(repo, {"a.pkl": b"", "d/b.csv": b""}) == {n: versions[1][n] for n in ("a.pkl", "d/b.csv")}
    repo.guard("sync")
    assert artifacts(repo, versions[0]) == versions[0]
    cached = objects(repo.path / ".dvc/cache/files/md5")
    assert len(cached) >= 4  # two versions of two files
    assert all(hashlib.md5(data).hexdigest() == md5 for md5, data in cached.items())


def test_two_syncs_at_once_end_with_whole_files(repo: Repo) -> None:
    versions, old, _ = two_versions(repo)
    repo.git("checkout", "-q", old, TRINITY_GUARD_SKIP="sync")
    command = f'for i in 1 2 3; do "{sys.executable}" -m trinity_guard sync & done; wait'
    done = run("sh", "-c", command, cwd=repo.path)
    assert b"Traceback" not in done.stderr
    assert artifacts(repo, versions[0]) == versions[0]
