"""An artifact whose file is deleted is deleted from the repository, or named; never silently brought back."""

from __future__ import annotations

import pytest

from tests.e2e.test_moves import assert_settled, do, remedies
from tests.helpers.support import Repo, made_once, run

A, B = b"a,1\n", b"b,2\n"


@made_once
def begin(repo: Repo) -> None:
    """Commit two artifacts in two places, and code."""
    repo.stage("a.csv", A)
    repo.stage("data/b.csv", B)
    repo.stage("code.py", b"1\n")
    repo.commit()


def configure(repo: Repo, value: str) -> None:
    config = repo.file(".trinity-guard.toml").read_bytes()
    repo.stage(".trinity-guard.toml", config + f'\non-change = "{value}"\n'.encode())
    repo.commit()


def said(repo: Repo, *args: str) -> str:
    return repo.commit(*args).stderr.decode()


DELETED = {
    "rm and commit -a": (("rm a.csv", "echo 2 > code.py"), ("-a",)),
    "rm, git add -A": (("rm a.csv", "echo 2 > code.py", "git add -A"), ()),
    "with another pointer removed": (("rm a.csv", "git rm -q data/b.csv.dvc", "rm data/b.csv"), ("-a",)),
    "amended": (("rm a.csv", "git add -A"), ("--amend",)),
}


@pytest.mark.slow
@pytest.mark.parametrize("way", DELETED)
def test_a_deleted_file_goes_with_pointer_and_line_and_the_printed_command_brings_it_back(repo: Repo, way: str) -> None:
    begin(repo)
    repo.stage("more.py")
    repo.commit()
    script, args = DELETED[way]
    run("bash", "-ec", "\n".join(script), cwd=repo.path)
    text = said(repo, *args)
    assert "a.csv is gone, and this commit records that: its pointer and its ignore line go, too." in text
    assert not {b"a.csv.dvc", b".gitignore"} & repo.tree().keys()
    assert_settled(repo)
    repo.git("checkout", "-q", "-b", "next")
    assert not repo.file("a.csv").exists()
    [back] = [command for command in remedies(text) if "use" in command]
    do(repo, back)
    assert repo.file("a.csv").read_bytes() == A
    repo.commit()
    assert_settled(repo)
    assert repo.pulled_in_a_fresh_clone("a.csv") == A


def test_revert_brings_a_deleted_file_back(repo: Repo) -> None:
    begin(repo)
    repo.file("a.csv").unlink()
    repo.write("code.py", b"2\n")
    repo.commit("-a")
    repo.git("revert", "--no-edit", "HEAD")
    assert repo.file("a.csv").read_bytes() == A
    assert_settled(repo)


@pytest.mark.parametrize("args", [(), ("-a",)])
def test_where_git_sees_nothing_to_commit_the_same_command_again_commits_it(repo: Repo, args: tuple[str, ...]) -> None:
    begin(repo)
    repo.file("a.csv").unlink()
    done = repo.commit(*args, ok=False)
    assert done.returncode == 1
    assert b"run the same command again" in done.stderr
    repo.commit(*args)
    assert b"a.csv.dvc" not in repo.tree()
    assert_settled(repo)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["unstaged", "warn"])
def test_where_it_is_not_recorded_it_is_named_with_commands_that_work(repo: Repo, how: str) -> None:
    begin(repo)
    if how == "warn":
        configure(repo, "warn")
    repo.file("a.csv").unlink()
    repo.write("code.py", b"2\n")
    repo.git("add", "-A")
    if how == "unstaged":
        repo.write("code.py", b"3\n")
    text = said(repo)
    assert "a.csv is gone, and its pointer is not: this commit still records it." in text
    assert remedies(text) == ["trinity-guard pull a.csv", "trinity-guard rm a.csv"]
    assert b"a.csv.dvc" in repo.tree()
    do(repo, "trinity-guard pull a.csv")
    assert repo.file("a.csv").read_bytes() == A
    repo.file("a.csv").unlink()
    do(repo, "trinity-guard rm a.csv")
    repo.commit("-a")
    assert_settled(repo)


def test_the_deletion_of_a_pointer_that_git_sees_is_not_named_twice(repo: Repo) -> None:
    begin(repo)
    repo.file("a.csv").unlink()
    repo.file("a.csv.dvc").unlink()
    repo.stage("code.py", b"2\n")
    assert said(repo) == ""
    assert "a.csv is gone, its pointer and its ignore line too." in said(repo, "-a")


def test_a_file_that_was_never_pulled_is_no_deletion(repo: Repo) -> None:
    begin(repo)
    clone = Repo(repo.path.parent / "other")
    run("git", "clone", "-q", repo.path, clone.path)
    clone.guard("init", "-q")
    clone.write("code.py", b"2\n")
    clone.commit("-a")
    assert b"a.csv.dvc" in clone.tree()


@pytest.mark.slow
def test_a_file_that_was_moved_by_hand_is_a_rename_and_no_loss(repo: Repo) -> None:
    begin(repo)
    run("bash", "-ec", "mv a.csv z.csv; mv data/b.csv data/y.csv; git add -A", cwd=repo.path)
    text = said(repo)
    assert "a.csv -> z.csv: the same bytes, so its old pointer and line go." in text
    assert "brings it back" not in text
    assert {b"z.csv.dvc", b"data/y.csv.dvc"} <= repo.tree().keys()
    assert not {b"a.csv.dvc", b"data/b.csv.dvc"} & repo.tree().keys()
    assert_settled(repo)


FREED: dict[str, tuple[list[str], list[str], str]] = {
    "all of a folder": (["d/1.csv", "d/2.csv"], ["d/1.csv", "d/2.csv"], "d"),
    "all there is": (["1.csv", "2.csv"], ["1.csv", "2.csv"], "1.csv 2.csv"),
    "folders of one folder": (["d/1/1.csv", "d/2/2.csv"], ["d/1/1.csv", "d/2/2.csv"], "d"),
    "more than ten": ([f"d/{i}.csv" for i in range(12)], [f"d/{i}.csv" for i in range(11)], "--deleted"),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", FREED)
def test_many_at_once_are_named_and_not_recorded_with_commands_that_work(repo: Repo, case: str) -> None:
    names, deleted, words = FREED[case]
    for name in names:
        repo.stage(name, name.encode())
    repo.stage("code.py", b"1\n")
    repo.commit()
    for name in deleted:
        repo.file(name).unlink()
    repo.write("code.py", b"2\n")
    text = said(repo, "-a")
    assert f"{len(deleted)} artifacts are gone at once" in text
    assert {f"{name}.dvc".encode() for name in names} <= repo.tree().keys()
    lets_go = f"trinity-guard rm {words}"
    assert remedies(text) == [f"trinity-guard pull {words}".replace(" --deleted", ""), lets_go]
    do(repo, remedies(text)[0])
    assert all(repo.file(name).exists() for name in names)
    for name in deleted:
        repo.file(name).unlink()
    do(repo, lets_go)
    assert repo.commit().stderr == b""
    kept = {f"{name}.dvc".encode() for name in names if name not in deleted}
    assert {path for path in repo.tree() if path.endswith(b".dvc")} == kept
    assert_settled(repo)


def test_a_folder_with_others_that_were_never_pulled_is_not_let_go_with_them(repo: Repo) -> None:
    for name in ("d/1.csv", "d/2.csv"):
        repo.stage(name, name.encode())
    repo.commit()
    never = b"outs:\n- md5: abababababababababababababababab\n  size: 1\n  hash: md5\n  path: 3.csv\n"
    repo.stage("d/3.csv.dvc", never)
    repo.stage("d/.gitignore", b"/1.csv\n/2.csv\n/3.csv\n")
    repo.commit()
    for name in ("d/1.csv", "d/2.csv"):
        repo.file(name).unlink()
    repo.stage("code.py")
    assert remedies(said(repo))[1] == "trinity-guard rm d/1.csv d/2.csv"


def test_record_records_them_all(repo: Repo) -> None:
    configure(repo, "record")
    for number in range(3):
        repo.stage(f"d/{number}.csv", b"%d" % number)
    repo.commit()
    for number in range(3):
        repo.file(f"d/{number}.csv").unlink()
    repo.stage("code.py", b"2\n")
    text = said(repo)
    assert text.count("brings it back") == 3
    assert not any(name.startswith(b"d/") for name in repo.tree())
    assert_settled(repo)


def test_refuse_stops_the_commit(repo: Repo) -> None:
    begin(repo)
    configure(repo, "refuse")
    repo.file("a.csv").unlink()
    repo.stage("code.py", b"2\n")
    done = repo.commit(ok=False)
    assert done.returncode == 1
    assert b"a.csv" in done.stderr


def test_a_pointer_that_no_commit_has_is_not_let_go(repo: Repo) -> None:
    begin(repo)
    repo.write("c.csv", b"c\n")
    repo.guard("add", "c.csv")
    repo.file("c.csv").unlink()
    text = said(repo)
    assert "c.csv is gone, and its pointer is not" in text
    assert b"c.csv.dvc" in repo.tree()
