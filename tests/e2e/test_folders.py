"""Folders that are one artifact, from `git add` to a clone's `dvc pull`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.helpers.support import Repo, dvc, made_once, run

CONFIG = b'folders = ["/d/", "*.parquet/"]\n'


@pytest.fixture
@made_once
def data(repo: Repo) -> Repo:
    repo.stage(".trinity-guard.toml", CONFIG)
    repo.stage("code.py", b"x = 1\n")
    repo.commit()
    for name in ("a.png", "sub/b.txt", ".gitignore"):
        repo.stage(f"d/{name}", f"{name}~\n".encode())
    return repo


@pytest.fixture
def recorded(data: Repo) -> Repo:
    data.commit()
    return data


def names(repo: Repo, revision: str = "HEAD") -> dict[str, int]:
    """Return how many bytes each file of d has, as a commit records it."""
    lines = dict(line.strip(" -").split(": ") for line in repo.show("d.dvc", revision).decode().splitlines()[1:])
    cached = repo.cached()
    found = {e["relpath"]: len(cached[e["md5"]]) for e in json.loads(cached[lines["md5"]])}
    assert (int(lines["nfiles"]), int(lines["size"])) == (len(found), sum(found.values()))
    return found


def agree(repo: Repo) -> None:
    """Nothing is pending, by Git, by DVC and by us, and a clone gets the same bytes."""
    assert repo.git("status", "--porcelain").stdout == b""
    assert dvc("status", "-q", cwd=repo.path).returncode == 0
    assert state(repo) == "present"
    clone = repo.path.parent / f"clone-{len(list(repo.path.parent.iterdir()))}"
    run("git", "clone", "-q", repo.path, clone)
    dvc("pull", "-q", cwd=clone)
    assert files(clone / "d") == files(repo.path / "d")


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def state(repo: Repo) -> str:
    [found] = [a for a in json.loads(repo.guard("status", "--format", "json").stdout)["artifacts"] if a["path"] == "d"]
    return str(found["state"])


@pytest.mark.slow
def test_what_is_staged_below_it_becomes_one_pointer(data: Repo) -> None:
    said = data.commit().stderr
    assert b"trinity-guard: d/ (3 files, 30 B) -> d.dvc" in said
    assert {p for p in data.tree() if p.startswith(b"d")} == {b"d.dvc"}
    assert names(data) == {".gitignore": 12, "a.png": 7, "sub/b.txt": 11}
    agree(data)


@pytest.mark.slow
@pytest.mark.parametrize(
    "form",
    [["-a"], ["-i", "code.py"], ["--", "d"], ["--", "d/a.png", "d/sub", "d/.gitignore"], ["--amend"]],
    ids=" ".join,
)
def test_every_form_of_commit_does_it(data: Repo, form: list[str]) -> None:
    data.write("code.py", b"x = 2\n")
    data.git("commit", "-q", "-m", "work", *form)
    assert {p for p in data.tree() if p.startswith(b"d")} == {b"d.dvc"}
    assert len(names(data)) == 3
    data.git("checkout", "-q", "--", "code.py")
    agree(data)


@pytest.mark.slow
def test_what_was_not_staged_is_named(data: Repo) -> None:
    data.write("d/forgotten", b"x")
    said = data.commit().stderr.decode()
    assert "d/ has 1 file that this does not record, for nothing of them was staged: forgotten." in said
    assert "    trinity-guard convert d     # records all that is there" in said
    assert state(data) == "changed"
    data.guard("convert", "d")
    data.commit()
    assert "forgotten" in names(data)
    agree(data)


@pytest.mark.slow
def test_what_was_not_staged_goes_along_with_the_next_commit_of_all(data: Repo) -> None:
    data.write("d/forgotten", b"x")
    data.commit()
    data.write("code.py", b"x = 2\n")
    data.commit("-a")
    assert "forgotten" in names(data)
    agree(data)


@pytest.mark.slow
def test_an_edit_right_after_a_checkout_is_one(recorded: Repo) -> None:
    first = recorded.head()
    recorded.write("d/a.png", b"second\n")
    recorded.write("code.py", b"x = 2\n")
    recorded.commit("-a")
    recorded.git("checkout", "-q", first)
    recorded.write("d/a.png", b"another\n")
    recorded.file("d/sub/b.txt").unlink()
    recorded.write("code.py", b"x = 3\n")
    said = recorded.commit("-a").stderr
    assert b"d has changed (1 changed: a.png; 1 gone: sub/b.txt; 2 files, 20 B) -> d.dvc" in said
    assert names(recorded) == {".gitignore": 12, "a.png": 8}
    recorded.git("checkout", "-q", "-B", "main")
    agree(recorded)


@pytest.mark.slow
def test_a_commit_of_all_records_what_changed_in_it(recorded: Repo) -> None:
    recorded.write("d/a.png", b"longer than before\n")
    recorded.write("d/new", b"new\n")
    recorded.file("d/sub/b.txt").unlink()
    recorded.write("code.py", b"x = 2\n")
    assert state(recorded) == "changed"
    said = recorded.commit("-a").stderr
    assert b"d has changed (1 new: new; 1 changed: a.png; 1 gone: sub/b.txt; 3 files, 35 B) -> d.dvc" in said
    assert b"\nd/ " in recorded.guard("status").stdout
    assert names(recorded) == {".gitignore": 12, "a.png": 19, "new": 4}
    agree(recorded)


@pytest.mark.slow
def test_a_commit_of_some_names_what_changed_in_it(recorded: Repo) -> None:
    recorded.write("d/a.png", b"longer than before\n")
    recorded.write("d/new", b"new\n")
    recorded.file("d/sub/b.txt").unlink()
    recorded.write("code.py", b"x = 2\n")
    recorded.stage("other.py", b"y = 1\n")
    said = recorded.commit().stderr.decode()
    assert "d has changed (1 new: new; 1 changed: a.png; 1 gone: sub/b.txt), and its pointer has not" in said
    assert len(names(recorded)) == 3
    brought = recorded.guard("pull", "d", ok=False).stderr.decode()
    assert "    trinity-guard convert d/a.png     # records yours" in brought
    assert recorded.file("d/sub/b.txt").exists()
    assert recorded.file("d/a.png").read_bytes() == b"longer than before\n"


@pytest.mark.slow
def test_many_files_that_are_gone_are_named_and_not_recorded(recorded: Repo) -> None:
    for number in range(12):
        recorded.write(f"d/{number}", b"x")
    recorded.stage("code.py", b"x = 2\n")
    recorded.commit()
    for number in range(11):
        recorded.file(f"d/{number}").unlink()
    recorded.stage("code.py", b"x = 3\n")
    said = recorded.commit().stderr.decode()
    assert "d has changed (11 gone: 0, 1, 10 …)" in said
    assert len(names(recorded)) == 15
    recorded.guard("pull", "d")
    agree(recorded)


@pytest.mark.slow
def test_files_of_it_that_were_never_fetched_are_not_gone(recorded: Repo, tmp_path: Path) -> None:
    recorded.git("push", "-q", ".", "HEAD:refs/heads/pushed")
    clone = Repo(tmp_path / "partial")
    run("git", "clone", "-q", recorded.path, clone.path)
    clone.guard("init", "-q")
    clone.git("commit", "-q", "-m", "guard", "-a", ok=False)
    dvc("fetch", "-q", cwd=clone.path)
    dvc("pull", "-q", "d/a.png", cwd=clone.path)
    clone.stage("code.py", b"x = 2\n")
    clone.commit()
    assert clone.show("d.dvc") == recorded.show("d.dvc")


@pytest.mark.slow
@pytest.mark.parametrize("edited", [False, True])
def test_a_folder_that_was_moved_by_hand_is_one_artifact_where_it_is_now(recorded: Repo, edited: bool) -> None:
    recorded.stage("data/other.txt", b"of Git\n")
    recorded.commit()
    recorded.file("d").rename(recorded.file("data/e"))
    if edited:
        recorded.write("data/e/a.png", b"longer than before\n")
        recorded.write("data/e/new", b"new\n")
    recorded.git("add", "-A")
    said = recorded.commit().stderr.decode()
    assert b"d.dvc" not in recorded.tree()
    there = {p.removeprefix(b"data/") for p in recorded.tree() if p.startswith(b"data/")}
    assert there == {b".gitignore", b"e.dvc", b"other.txt"}
    assert f"data/e/ ({4 if edited else 3} files, " in said
    assert ("d -> data/e: the same bytes" in said) is not edited
    assert recorded.git("status", "--porcelain").stdout == b""
    assert dvc("status", "-q", cwd=recorded.path).returncode == 0


@pytest.mark.slow
def test_a_folder_that_git_had_before_takes_no_moved_one_in(recorded: Repo) -> None:
    recorded.stage("e/other.txt", b"of Git\n")
    recorded.commit()
    for name in ("a.png", "sub", ".gitignore"):
        recorded.file(f"d/{name}").rename(recorded.file(f"e/{name}"))
    recorded.file("d").rmdir()
    recorded.git("add", "-A")
    recorded.commit()
    assert {b"e/other.txt", b"e/a.png", b"e/sub/b.txt"} <= recorded.tree().keys()


@pytest.mark.slow
def test_a_file_added_with_force_goes_into_it(recorded: Repo) -> None:
    recorded.stage("d/new.csv", b"a,b\n")
    recorded.stage("d/sub/notes.md", b"notes\n")
    assert recorded.commit().stderr.count(b"trinity-guard: d/ (5 files, 40 B) -> d.dvc") == 1
    assert names(recorded)["new.csv"] == 4
    agree(recorded)


@pytest.mark.slow
def test_a_directory_that_dvc_add_made_behaves_the_same_without_a_setting(repo: Repo) -> None:
    repo.write("d/a.csv", b"a,b\n")
    dvc("add", "-q", "d", cwd=repo.path)
    repo.git("add", "-A")
    repo.commit()
    repo.stage("d/big.bin", 6_000_000)
    repo.commit()
    assert names(repo) == {"a.csv": 4, "big.bin": 6_000_000}
    repo.write("d/a.csv", b"changed\n")
    repo.stage("code.py", b"x = 1\n")
    assert state(repo) == "changed"
    repo.commit()
    assert names(repo)["a.csv"] == 8
    agree(repo)


@pytest.mark.slow
def test_going_back_and_forth_brings_its_files_and_use_too(recorded: Repo) -> None:
    first, before = recorded.head(), files(recorded.path / "d")
    recorded.write("d/a.png", b"second\n")
    recorded.write("d/new", b"new\n")
    recorded.stage("code.py", b"x = 2\n")
    recorded.commit()
    after = files(recorded.path / "d")
    recorded.git("checkout", "-q", first)
    assert files(recorded.path / "d") == before
    recorded.git("checkout", "-q", "main")
    assert files(recorded.path / "d") == after
    recorded.guard("use", first, "d")
    assert files(recorded.path / "d") == before
    assert recorded.git("diff", "--cached", "--name-only").stdout == b"d.dvc\n"


@pytest.mark.slow
def test_add_takes_a_whole_folder(data: Repo) -> None:
    data.git("rm", "-q", "-r", "--cached", "d")
    data.guard("add", "d")
    data.commit()
    assert len(names(data)) == 3
    agree(data)


@pytest.mark.slow
def test_before_a_merge_and_where_artifacts_are_blocked_its_files_are_named(data: Repo) -> None:
    data.stage(".trinity-guard.toml", CONFIG + b'on-artifact = "block"\n')
    done = data.commit(ok=False)
    assert done.returncode == 1
    assert b"d/sub/b.txt (11 B): is a stand-in, and its data is in a DVC cache" in done.stderr


PARQUET = """
import sys, pandas as pd
if sys.argv[1] == "write":
    pd.DataFrame({"year": [2020, 2020, 2021], "x": [1, 2, 3]}).to_parquet("t.parquet", partition_cols=["year"])
print(sorted(pd.read_parquet("t.parquet")["x"]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("asked", [False, True], ids=["by the config", "by the line that is offered"])
def test_partitioned_parquet_is_read_after_commit_clone_and_pull(repo: Repo, asked: bool) -> None:
    if not asked:
        repo.stage(".trinity-guard.toml", CONFIG)
    assert run(sys.executable, "-c", PARQUET, "write", cwd=repo.path).stdout == b"[1, 2, 3]\n"
    repo.git("add", "-A")
    done = repo.commit(ok=False)
    if asked:
        assert b"t.parquet/ is a dataset by its name" in done.stderr
        command = next(li for li in done.stderr.decode().splitlines() if li.startswith("    echo")).split("     #")[0]
        run("sh", "-c", command, cwd=repo.path)
        done = repo.commit()
    assert done.returncode == 0
    assert run(sys.executable, "-c", PARQUET, "read", cwd=repo.path).stdout == b"[1, 2, 3]\n"
    repo.pulled_in_a_fresh_clone("t.parquet.dvc")
    [clone] = repo.path.parent.glob("clone-*")
    assert run(sys.executable, "-c", PARQUET, "read", cwd=clone).stdout == b"[1, 2, 3]\n"
    assert not list(clone.rglob("t.parquet/**/*.dvc"))
    assert files(clone / "t.parquet") == files(repo.path / "t.parquet")


@pytest.mark.slow
def test_mv_into_it_is_refused_with_the_commands_that_do_it(recorded: Repo) -> None:
    recorded.stage("a.csv", b"a,b\n")
    recorded.commit()
    done = recorded.guard("mv", "a.csv", "d/a.csv", ok=False)
    assert b"d/a.csv lies in d/, which is one artifact (d.dvc)." in done.stderr
    command = (
        done.stderr.decode().splitlines()[1].strip().replace("trinity-guard", f"{sys.executable} -m trinity_guard")
    )
    run("sh", "-c", command, cwd=recorded.path)
    recorded.commit()
    assert names(recorded)["a.csv"] == 4
    assert not recorded.tracked("a.csv.dvc")
    agree(recorded)
