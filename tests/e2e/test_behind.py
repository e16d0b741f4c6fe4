"""What changed behind its pointer goes along with a commit that takes all, else it is named; never neither."""

from __future__ import annotations

import gc
import hashlib
import os
from collections.abc import Iterator

import pytest

from tests.helpers.support import Repo, made_once, run
from trinity_guard.cli import main
from trinity_guard.convert import cache
from trinity_guard.dvcrepo import tracked


def recorded(repo: Repo, name: str, revision: str = "HEAD") -> str:
    """Return the md5 that a commit's pointer names."""
    lines = repo.show(f"{name}.dvc", revision).decode().splitlines()
    return next(line.split()[-1] for line in lines if "md5:" in line)


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


def remedies(said: bytes) -> list[str]:
    return [line.strip().partition("     # ")[0] for line in said.decode().splitlines() if line.startswith("    ")]


def configure(repo: Repo, choice: str) -> None:
    repo.stage(".trinity-guard.toml", f'on-change = "{choice}"\npush = "off"\n'.encode())
    repo.commit()


@pytest.fixture
@made_once
def one(repo: Repo) -> Repo:
    """A repository with one artifact and one source file."""
    repo.stage("m.pkl", b"model one")
    repo.stage("train.py", b"v1\n")
    repo.commit()
    return repo


ALL = [("-a",), ("-am", "x"), ("-qam", "x"), ("--all",), ("--amend", "-a"), ("--amend", "--all", "--no-edit")]


@pytest.mark.slow
@pytest.mark.parametrize("args", ALL, ids=" ".join)
def test_a_commit_of_all_records_what_changed(one: Repo, args: tuple[str, ...]) -> None:
    one.write("train.py", b"v2\n")
    data = one.write("m.pkl", b"model two, better")
    done = one.git("commit", "-q", *args, GIT_EDITOR="true" if "--amend" in args else "sh -c 'echo x > $0'")
    assert recorded(one, "m.pkl") == md5(data)
    assert b"m.pkl has changed (17 B) -> m.pkl.dvc" in done.stderr
    assert one.git("status", "--porcelain").stdout == b""
    assert one.pulled_in_a_fresh_clone("m.pkl") == data
    assert one.dvc("status").stdout.strip() == b"Data and pipelines are up to date."


def test_nothing_left_unstaged_takes_all_and_what_is_untracked_does_not_count(one: Repo) -> None:
    data = one.write("m.pkl", b"model two")
    one.write("notes.txt")
    one.stage("train.py", b"v2\n")
    one.commit()
    assert recorded(one, "m.pkl") == md5(data)


@pytest.mark.slow
def test_with_something_left_unstaged_it_is_named(one: Repo) -> None:
    one.stage("train.py", b"v2\n")
    one.write("train.py", b"v3\n")
    data = one.write("m.pkl", b"model two")
    said = one.commit().stderr
    assert b"m.pkl has changed, and its pointer has not" in said
    assert recorded(one, "m.pkl") == md5(b"model one")
    convert, everything = remedies(said)
    one.type_in(f"{everything} -m all" if everything.endswith("-a") else everything)
    assert recorded(one, "m.pkl") == md5(data)
    assert convert == "trinity-guard convert m.pkl"


def test_a_commit_of_one_path_records_that_path_alone(one: Repo) -> None:
    one.write("train.py", b"v2\n")
    one.write("m.pkl", b"model two")
    said = one.git("commit", "-q", "-m", "x", "--", "train.py").stderr
    assert b"m.pkl has changed" in said
    assert recorded(one, "m.pkl") == md5(b"model one")


@pytest.mark.parametrize("all_of_it", [True, False])
def test_where_nothing_else_is_to_be_committed_the_same_command_commits_it(one: Repo, all_of_it: bool) -> None:
    data = one.write("m.pkl", b"model two")
    args = ("-a",) if all_of_it else ()
    done = one.commit(*args, ok=False)
    assert done.returncode == 1
    assert b"run the same command again" in done.stderr
    assert b"run the same command again" not in one.commit(*args).stderr
    assert recorded(one, "m.pkl") == md5(data)
    assert one.git("status", "--porcelain").stdout == b""


CHOICES = [("record", False, True), ("record", True, True), ("warn", True, False), ("auto", False, False)]


@pytest.mark.parametrize(("choice", "everything", "goes_along"), CHOICES)
def test_what_the_configuration_says_is_done(one: Repo, choice: str, everything: bool, goes_along: bool) -> None:
    configure(one, choice)
    one.stage("other.py", b"x\n")
    one.write("train.py", b"v1\n" if everything else b"v2\n")
    data = one.write("m.pkl", b"model two")
    said = one.commit().stderr
    assert recorded(one, "m.pkl") == md5(data if goes_along else b"model one")
    assert (b"m.pkl has changed, and its pointer has not" in said) != goes_along
    assert (b"m.pkl has changed (9 B) -> m.pkl.dvc" in said) == goes_along


def test_a_commit_is_refused_where_the_configuration_says_so(one: Repo) -> None:
    configure(one, "refuse")
    one.write("m.pkl", b"model two")
    one.write("train.py", b"v2\n")
    done = one.commit("-a", ok=False)
    assert done.returncode == 1
    assert b"not what its pointer says: m.pkl" in done.stderr
    assert b"trinity-guard convert m.pkl" in one.guard("status").stdout
    one.commit("-a", TRINITY_GUARD_SKIP="convert")
    assert recorded(one, "m.pkl") == md5(b"model one")


def test_a_staged_artifact_and_a_changed_one_are_recorded_together(one: Repo) -> None:
    data = one.write("m.pkl", b"epoch ten")
    one.stage("epoch10.pkl", data)
    one.commit()
    assert recorded(one, "m.pkl") == recorded(one, "epoch10.pkl") == md5(data)


def test_a_copy_of_another_artifact_is_an_edit(one: Repo) -> None:
    data = one.stage("epoch5.pkl", b"epoch five")
    one.commit()
    one.write("m.pkl", data)
    one.write("train.py", b"v2\n")
    one.commit("-a")
    assert recorded(one, "m.pkl") == md5(data)


def test_what_a_reset_left_is_another_version_and_never_recorded(one: Repo) -> None:
    one.write("m.pkl", b"model two")
    one.write("train.py", b"v2\n")
    one.commit("-a")
    one.git("reset", "-q", "--hard", "HEAD^")
    one.write("train.py", b"v3\n")
    said = one.commit("-a").stderr
    assert recorded(one, "m.pkl") == md5(b"model one")
    assert remedies(said) == ["trinity-guard pull m.pkl"]
    assert b"another version: trinity-guard pull m.pkl" in one.guard("status").stdout
    one.type_in(remedies(said)[0])
    assert one.file("m.pkl").read_bytes() == b"model one"


@pytest.mark.slow
def test_a_pointer_that_moved_under_an_edit_is_not_undone(one: Repo) -> None:
    one.write("train.py", b"v2\n")
    one.write("m.pkl", b"a colleague's model")
    one.commit("-a")
    one.git("reset", "-q", "--hard", "HEAD^")
    one.guard("sync")
    mine = one.write("m.pkl", b"my model")
    one.git("merge", "-q", "ORIG_HEAD")
    one.write("train.py", b"v3\n")
    said = one.commit("-a").stderr
    assert recorded(one, "m.pkl") == md5(b"a colleague's model")
    assert b"was changed here" in said
    assert one.file("m.pkl").read_bytes() == mine


def test_what_was_edited_after_it_was_staged_goes_along_with_the_next_commit(one: Repo) -> None:
    one.stage("m2.pkl", b"staged")
    data = one.write("m2.pkl", b"edited since")
    one.commit()
    one.write("train.py", b"v2\n")
    one.commit("-a")
    assert recorded(one, "m2.pkl") == md5(data)


def test_an_edit_of_what_this_work_tree_has_never_seen_to_agree_is_one(one: Repo) -> None:
    """As after `git clone` and `dvc pull`, which leave no word of it."""
    one.file(".git/trinity-guard/outputs").unlink()
    data = one.write("m.pkl", b"model two")
    one.write("train.py", b"v2\n")
    one.commit("-a")
    assert recorded(one, "m.pkl") == md5(data)


@pytest.mark.slow
def test_what_is_recorded_is_told_in_the_order_of_git(one: Repo) -> None:
    for name in ("c.pkl", "a.pkl", "b.pkl"):
        one.stage(name, b"1")
    one.commit()
    for name in ("c.pkl", "a.pkl", "b.pkl"):
        one.write(name, b"another " + name.encode())
    one.stage("train.py", b"v2\n")
    told = [line.split()[1] for line in one.commit(TRINITY_GUARD_SKIP="push").stderr.splitlines() if b"->" in line]
    assert told == [b"a.pkl", b"b.pkl", b"c.pkl"]


def test_a_deleted_artifact_is_named_with_what_brings_it_back(one: Repo) -> None:
    one.file("m.pkl").unlink()
    one.stage("train.py", b"v2\n")
    one.write("train.py", b"v3, not staged\n")
    said = one.commit().stderr
    assert b"m.pkl is gone" in said
    assert b"deleted: trinity-guard pull m.pkl" in one.guard("status").stdout
    one.type_in(remedies(said)[0])
    assert one.file("m.pkl").read_bytes() == b"model one"


def test_what_was_never_pulled_is_no_deletion(one: Repo) -> None:
    clone = Repo(one.path.parent / "clone")
    run("git", "clone", "-q", one.path, clone.path)
    clone.guard("init", "-q")
    clone.write("train.py", b"v2\n")
    assert b"m.pkl" not in clone.commit("-a").stderr
    assert b"not here" in clone.guard("status").stdout


# --- convert and add of all that changed


WAYS = [("convert",), ("convert", "-u"), ("convert", "."), ("convert", "d"), ("add", "-u"), ("add", "."), ("add", "d")]


@pytest.mark.slow
@pytest.mark.parametrize("args", WAYS, ids=" ".join)
def test_a_folder_stands_for_all_that_changed_in_it(repo: Repo, args: tuple[str, ...]) -> None:
    for number in range(3):
        repo.stage(f"d/{number}.csv", b"a,%d\n" % number)
    repo.write("d/odd.model", b"told by its name alone")
    repo.guard("add", "d/odd.model")
    repo.commit()
    data = {name: repo.write(name, b"changed " + name.encode()) for name in ("d/0.csv", "d/2.csv", "d/odd.model")}
    said = repo.guard(*args).stderr
    staged = repo.git("diff", "--cached", "--name-only").stdout.decode().split()
    assert staged == [f"{name}.dvc" for name in sorted(data)], said
    repo.commit()
    assert {name: recorded(repo, name) for name in data} == {name: md5(text) for name, text in data.items()}


@pytest.mark.slow
@pytest.mark.parametrize("args", WAYS, ids=" ".join)
def test_of_a_folder_another_version_and_what_is_gone_are_named(repo: Repo, args: tuple[str, ...]) -> None:
    for name in ("d/old.csv", "d/gone.csv"):
        repo.stage(name, b"one\n")
    repo.stage("x.py", b"1")
    repo.commit()
    repo.write("d/old.csv", b"two\n")
    repo.stage("x.py", b"2")
    repo.commit("-a")
    repo.git("reset", "-q", "--hard", "HEAD^")
    repo.file("d/gone.csv").unlink()
    said = repo.guard(*args).stderr
    assert repo.git("diff", "--cached", "--name-only").stdout == b""
    for command in remedies(said):
        if command.startswith("trinity-guard pull"):
            repo.type_in(command)
    assert repo.file("d/gone.csv").read_bytes() == repo.file("d/old.csv").read_bytes() == b"one\n"


@pytest.mark.slow
def test_an_update_takes_nothing_new(one: Repo) -> None:
    one.write("new.pkl", b"new")
    one.stage("staged.pkl", b"staged")
    one.write("m.pkl", b"changed")
    one.guard("add", "-u")
    assert one.git("diff", "--cached", "--name-only").stdout.split() == [b"m.pkl.dvc", b"staged.pkl"]


def test_another_version_that_is_asked_for_by_its_name_is_recorded(one: Repo) -> None:
    two = one.write("m.pkl", b"model two")
    one.write("train.py", b"v2")
    one.commit("-a")
    one.git("reset", "-q", "--hard", "HEAD^")
    one.guard("convert", "m.pkl")
    one.commit()
    assert recorded(one, "m.pkl") == md5(two)


# --- a file that is being written


def before_a_commit(repo: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """Refresh the index and run the hook, as Git does, with time to read three bytes."""
    repo.git("update-index", "-q", "--refresh", ok=False)
    monkeypatch.chdir(repo.path)
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/index")
    monkeypatch.setattr(tracked, "HASH_LIMIT", 3)
    assert main(["hook", "pre-commit"]) == 0
    gc.enable()
    return capsys.readouterr().err


@pytest.mark.slow
def test_what_is_being_written_is_named_and_left_out_and_the_commit_goes_on(
    one: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    one.stage("n.pkl", b"another")
    one.commit()
    model, other = one.file("m.pkl"), one.write("n.pkl", b"another, changed")
    one.write("m.pkl", b"model two")
    one.stage("train.py", b"v2\n")
    real = cache._steady

    def written_to(fd: int, stat: os.stat_result) -> Iterator[bytes]:
        if os.fstat(fd).st_ino == model.stat().st_ino:
            model.write_bytes(model.read_bytes() + b"more")
        return real(fd, stat)

    with monkeypatch.context() as writing:
        writing.setattr(cache, "_steady", written_to)
        said = before_a_commit(one, writing, capsys)
    assert "m.pkl is being written to: this commit still records the old version" in said
    assert md5(b"model one") in one.git("show", ":m.pkl.dvc").stdout.decode()
    assert md5(other) in one.git("show", ":n.pkl.dvc").stdout.decode()
    one.type_in(next(c for c in remedies(said.encode()) if c.startswith("trinity-guard convert")))
    assert md5(b"model twomore") in one.git("show", ":m.pkl.dvc").stdout.decode()


# --- what is too large to be read in a commit


def test_what_is_too_large_to_be_compared_goes_along_where_all_does(
    one: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = one.write("m.pkl", b"model two")
    one.stage("train.py", b"v2\n")
    assert "m.pkl has changed (9 B) -> m.pkl.dvc" in before_a_commit(one, monkeypatch, capsys)
    assert md5(data) in one.git("show", ":m.pkl.dvc").stdout.decode()
    one.commit()
    os.utime(one.file("m.pkl"))
    one.stage("train.py", b"v3\n")
    assert before_a_commit(one, monkeypatch, capsys) == "", "it is as it was"
    one.stage("train.py", b"v4\n")
    monkeypatch.setattr("trinity_guard.dvcrepo.odb.md5_of", None)
    assert before_a_commit(one, monkeypatch, capsys) == "", "and is not read again"


def test_what_is_too_large_to_be_compared_is_named_where_it_does_not_go_along(
    one: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = one.write("m.pkl", b"model two")
    one.write("train.py", b"left unstaged\n")
    said = before_a_commit(one, monkeypatch, capsys)
    assert "m.pkl: not compared with its pointer" in said
    status, update = remedies(said.encode())
    assert status == "trinity-guard status"
    monkeypatch.delenv("GIT_INDEX_FILE")
    one.type_in(update)
    assert md5(data) in one.git("show", ":m.pkl.dvc").stdout.decode()
