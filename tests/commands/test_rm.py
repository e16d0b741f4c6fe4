"""`rm`: file, pointer and line go together, and nothing goes that is recorded nowhere else."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from tests.commands.moving import A, begin, refused
from tests.helpers.support import Repo
from tests.helpers.usage import Usage, parsed
from trinity_guard.commands import rm


@pytest.mark.parametrize("args", [("a.csv",), ("a.csv.dvc",), ("--", "a.csv")])
def test_file_pointer_and_line_go_staged_and_a_commit_before_brings_them_back(repo: Repo, args: tuple[str]) -> None:
    begin(repo)
    said = repo.guard("rm", *args).stderr.decode()
    assert said == "trinity-guard: a.csv is gone, with its pointer and line; the next commit records it.\n"
    assert repo.git("status", "--porcelain").stdout == b"D  .gitignore\nD  a.csv.dvc\n"
    assert not repo.file("a.csv").exists()
    assert repo.commit().stderr == b""
    repo.guard("use", "HEAD~1", "a.csv")
    assert repo.file("a.csv").read_bytes() == A
    assert repo.git("status", "--porcelain").stdout == b"A  .gitignore\nA  a.csv.dvc\n"


def test_of_a_folder_the_artifacts_go_and_all_else_stays(repo: Repo) -> None:
    begin(repo)
    repo.guard("rm", "-r", "data")
    assert not repo.file("data/.gitignore").exists()
    assert [p.name for p in repo.file("data").iterdir()] == ["code.py"]
    assert repo.commit().stderr == b""
    assert repo.git("status", "--porcelain").stdout == b""


def test_with_cached_the_file_stays_and_git_sees_it(repo: Repo) -> None:
    begin(repo)
    said = repo.guard("rm", "--cached", "a.csv").stderr.decode()
    assert said == "trinity-guard: a.csv stays here; its pointer and line are gone; the next commit records it.\n"
    assert repo.git("status", "--porcelain").stdout == b"D  .gitignore\nD  a.csv.dvc\n?? a.csv\n"


@pytest.mark.slow
def test_a_file_that_is_not_here_goes_by_its_pointer(repo: Repo) -> None:
    begin(repo)
    repo.file("a.csv").unlink()
    repo.guard("rm", "a.csv")
    repo.commit()
    assert repo.git("status", "--porcelain").stdout == b""


@pytest.mark.slow
def test_an_edit_that_is_recorded_nowhere_is_refused_with_commands_that_work(repo: Repo) -> None:
    begin(repo)
    repo.write("a.csv", b"edited\n")
    assert refused(repo, "rm", "a.csv") == [
        "trinity-guard: a.csv has changes that are recorded nowhere.",
        "    trinity-guard rm --cached a.csv     # keeps it, and lets the pointer go",
        "    trinity-guard rm -f a.csv     # or lets it go",
    ]
    repo.guard("rm", "--cached", "a.csv")
    assert repo.file("a.csv").read_bytes() == b"edited\n"
    repo.git("reset", "-q", "--hard")
    repo.guard("rm", "-f", "a.csv")
    assert not repo.file("a.csv").exists()


@pytest.mark.slow
def test_bytes_that_are_in_no_cache_are_refused_until_they_are(repo: Repo) -> None:
    begin(repo)
    shutil.rmtree(repo.path / ".dvc/cache")
    assert refused(repo, "rm", "a.csv")[:2] == [
        "trinity-guard: a.csv: its bytes are not in the DVC cache, and may be nowhere but here.",
        "    trinity-guard convert a.csv     # puts them there",
    ]
    repo.guard("convert", "a.csv")
    repo.guard("rm", "a.csv")
    assert not repo.file("a.csv").exists()


def test_a_pointer_that_no_commit_has_is_refused_with_commands_that_work(repo: Repo) -> None:
    begin(repo)
    repo.write("c.csv", b"c\n")
    repo.guard("add", "c.csv")
    assert refused(repo, "rm", "c.csv") == [
        "trinity-guard: c.csv.dvc has changes that no commit has.",
        "    git commit     # records them first",
        "    trinity-guard rm --cached c.csv     # keeps the file",
        "    trinity-guard rm -f c.csv     # or lets them go",
    ]
    repo.guard("rm", "--cached", "c.csv")
    assert repo.git("status", "--porcelain").stdout == b"?? c.csv\n"
    repo.guard("add", "c.csv")
    repo.guard("rm", "-f", "c.csv")
    assert repo.git("status", "--porcelain").stdout == b""


@pytest.mark.slow
def test_of_a_directory_what_dvc_holds_goes_and_what_it_ignores_stays(repo: Repo) -> None:
    repo.write(".dvcignore", b"*.tmp\n")
    for name in ("images/1.png", "images/deep/2.png"):
        repo.write(name)
    repo.dvc("add", "-q", "images")
    repo.write("images/mine.tmp", b"mine\n")
    repo.git("add", "images.dvc", ".gitignore", ".dvcignore")
    repo.commit()
    assert refused(repo, "rm", "images/1.png")[1] == "    rm images/1.png && dvc commit -f images.dvc"
    repo.guard("rm", "images")
    assert [p.name for p in repo.file("images").rglob("*")] == ["mine.tmp"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "problem", "remedy"),
    [
        ("data/code.py", "no pointer holds data/code.py: it is Git's.", "git rm -r -- data/code.py"),
        ("nothing", "nothing: no such file.", "trinity-guard status"),
        ("mine.csv", "mine.csv: no pointer holds it.", "trinity-guard status"),
    ],
)
def test_what_no_pointer_holds_is_told_whose_it_is(repo: Repo, path: str, problem: str, remedy: str) -> None:
    begin(repo)
    repo.write("mine.csv", b"1\n")
    assert refused(repo, "rm", path) == [f"trinity-guard: {problem}", f"    {remedy}"]


def test_with_deleted_what_is_gone_goes_and_what_is_here_or_never_was_stays(repo: Repo) -> None:
    begin(repo)
    repo.stage("data/never.csv.dvc", repo.show("a.csv.dvc").replace(b"a.csv", b"never.csv"))
    repo.commit()
    repo.file("data/never.csv").unlink(missing_ok=True)
    repo.file(".git/trinity-guard/outputs").unlink()
    repo.guard("status")
    for name in ("data/b.csv", "data/c.csv"):
        repo.stage(name, name.encode())
    repo.commit()
    said = repo.guard("rm", "--deleted").stderr
    assert said == b"trinity-guard: no artifact is gone that was here.\n"
    repo.file("data/b.csv").unlink()
    assert repo.guard("rm", "--deleted", "a.csv").stderr == said
    assert b"data/b.csv is gone, with its pointer" in repo.guard("rm", "--deleted", "data").stderr
    assert {p for p in repo.index() if p.endswith(b".dvc")} == {b"a.csv.dvc", b"data/c.csv.dvc", b"data/never.csv.dvc"}


def test_an_output_of_a_pipeline_is_its_stage_s(repo: Repo) -> None:
    repo.write("dvc.yaml", b"stages:\n  make:\n    cmd: echo 1 > o.csv\n    outs:\n    - o.csv\n")
    repo.dvc("repro", "-q")
    repo.git("add", "-A")
    repo.commit()
    assert refused(repo, "rm", "o.csv") == [
        "trinity-guard: o.csv is an output of stage 'make', and no pointer's.",
        "    dvc remove make     # lets the stage go",
    ]
    repo.dvc("remove", "make")


def test_a_file_of_a_stage_s_folder_goes_by_what_is_printed(repo: Repo) -> None:
    repo.write(
        "sub/dvc.yaml", b"stages:\n  make:\n    cmd: mkdir d && echo 1 > d/a && echo 2 > d/b\n    outs:\n    - d\n"
    )
    repo.dvc("repro", "-q", "sub/dvc.yaml")
    repo.git("add", "-A")
    repo.commit()
    command = refused(repo, "rm", "sub/d/b")[1].strip()
    assert command == "rm sub/d/b && dvc commit -f sub/dvc.yaml:make"
    repo.type_in(command.replace("dvc ", "trinity-guard dvc "))
    assert "nfiles: 1" in repo.file("sub/dvc.lock").read_text()


@pytest.mark.slow
def test_one_of_several_outputs_goes_with_the_others_alone(repo: Repo) -> None:
    begin(repo)
    both = repo.show("a.csv.dvc") + repo.show("data/b.csv.dvc").removeprefix(b"outs:\n").replace(
        b"b.csv", b"data/b.csv"
    )
    repo.git("rm", "-q", "--cached", "a.csv.dvc", "data/b.csv.dvc")
    repo.file("a.csv.dvc").unlink()
    repo.file("data/b.csv.dvc").unlink()
    repo.stage("both.dvc", both)
    repo.commit()
    assert refused(repo, "rm", "a.csv") == [
        "trinity-guard: a.csv is recorded in both.dvc together with others.",
        "    trinity-guard rm both.dvc     # all that it records",
    ]
    repo.guard("rm", "both.dvc")
    assert not repo.file("a.csv").exists()
    assert not repo.file("data/b.csv").exists()


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (["--foo", "a"], "rm knows no option --foo"),
        ([], "rm needs PATH, or --deleted"),
        ([""], "PATH: an empty path names nothing (. is this folder)"),
    ],
)
def test_wrong_usage_is_told_with_the_command_that_helps(usage: Usage, args: list[str], problem: str) -> None:
    assert usage.refused("rm", *args) == [f"trinity-guard: {problem}.", "    trinity-guard rm --help"]


def test_help_has_an_example(usage: Usage) -> None:
    assert "Example: trinity-guard rm data/old.csv" in usage.help("rm")


@pytest.mark.parametrize(
    ("args", "wanted"),
    [
        (["a", "b"], {"paths": ["a", "b"], "cached": False, "force": False}),
        (["--cached", "-f", "a"], {"cached": True, "force": True}),
        (["-r", "--", "-x"], {"paths": ["-x"], "deleted": False}),
        (["--deleted"], {"paths": [], "deleted": True}),
    ],
)
def test_what_is_understood(args: list[str], wanted: dict[str, Any]) -> None:
    found = parsed(rm.configure, args)
    assert {key: found.get(key) for key in wanted} == wanted
