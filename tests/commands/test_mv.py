"""`mv`: file, pointer, name and line go together, as `dvc mv` and `git mv` would have it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.commands.moving import A, B, begin, refused
from tests.helpers.support import Repo, run
from tests.helpers.usage import Usage, parsed
from trinity_guard.commands import mv


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "target", "new"),
    [
        ("a.csv", "z.csv", "z.csv"),
        ("a.csv.dvc", "z.csv.dvc", "z.csv"),
        ("a.csv.dvc", "z.csv", "z.csv"),
        ("a.csv", "data", "data/a.csv"),
        ("a.csv", "data/", "data/a.csv"),
        ("a.csv", "data/z", "data/z"),
    ],
)
def test_an_artifact_is_whole_in_its_new_place_as_dvc_would_write_it(
    repo: Repo, source: str, target: str, new: str
) -> None:
    begin(repo)
    said = repo.guard("mv", source, target).stderr.decode()
    assert said == f"trinity-guard: a.csv -> {new}, with its pointer and its ignore line.\n"
    assert repo.file(new).read_bytes() == A
    staged = repo.show(f"{new}.dvc", "")
    assert repo.commit().stderr == b""
    assert repo.git("status", "--porcelain").stdout == b""
    assert repo.pulled_in_a_fresh_clone(new) == A
    repo.git("reset", "-q", "--hard", "HEAD~1")
    repo.guard("sync", "-q")
    repo.file(new).unlink()
    repo.dvc("mv", "a.csv", new)
    assert repo.file(f"{new}.dvc").read_bytes() == staged


def test_paths_are_meant_from_where_one_stands(repo: Repo) -> None:
    begin(repo)
    import sys

    run(sys.executable, "-m", "trinity_guard", "mv", "b.csv", "../b.csv", cwd=repo.file("data"))
    assert repo.file("b.csv").read_bytes() == B
    assert b"b.csv.dvc" in repo.index()


@pytest.mark.slow
def test_a_changed_file_moves_with_its_change(repo: Repo) -> None:
    begin(repo)
    repo.write("a.csv", b"edited\n")
    repo.guard("mv", "a.csv", "z.csv")
    assert repo.file("z.csv").read_bytes() == b"edited\n"
    assert repo.show("z.csv.dvc", "") == repo.show("a.csv.dvc").replace(b"a.csv", b"z.csv")


@pytest.mark.slow
def test_one_that_is_not_here_moves_by_its_pointer(repo: Repo) -> None:
    begin(repo)
    repo.file("a.csv").unlink()
    assert repo.guard("mv", "a.csv", "z.csv").stderr == b"trinity-guard: a.csv -> z.csv, by its pointer.\n"
    repo.commit()
    assert repo.pulled_in_a_fresh_clone("z.csv") == A


@pytest.mark.slow
def test_what_the_user_wrote_into_the_pointer_stays(repo: Repo) -> None:
    begin(repo)
    repo.stage("a.csv.dvc", repo.show("a.csv.dvc") + b"desc: mine\n")
    repo.commit()
    repo.write("a.csv.dvc", repo.show("a.csv.dvc") + b"# not staged\n")
    repo.guard("mv", "a.csv", "z.csv")
    assert repo.show("z.csv.dvc", "").endswith(b"path: z.csv\ndesc: mine\n")
    assert repo.file("z.csv.dvc").read_bytes().endswith(b"path: z.csv\ndesc: mine\n# not staged\n")


@pytest.mark.slow
@pytest.mark.parametrize("there", [False, True])
def test_a_folder_moves_with_all_that_is_in_it(repo: Repo, there: bool) -> None:
    begin(repo)
    repo.write("data/untracked.txt")
    if there:
        repo.file("sub").mkdir()
    repo.guard("mv", "data", "sub")
    new = "sub/data" if there else "sub"
    assert repo.file(f"{new}/b.csv").read_bytes() == B
    assert repo.file(f"{new}/untracked.txt").exists()
    assert not repo.file("data").exists()
    repo.file(f"{new}/untracked.txt").unlink()
    repo.commit()
    assert repo.git("status", "--porcelain").stdout == b""
    assert repo.pulled_in_a_fresh_clone(f"{new}/b.csv") == B


@pytest.mark.slow
def test_a_folder_whose_line_stood_above_it_gets_one(repo: Repo) -> None:
    begin(repo)
    repo.git("rm", "-q", "data/.gitignore")
    repo.stage(".gitignore", b"/a.csv\ndata/*.csv\n")
    repo.commit()
    repo.guard("mv", "data", "sub")
    assert repo.show("sub/.gitignore", "") == b"/b.csv\n"


def test_a_folder_that_dvc_holds_moves_whole(repo: Repo) -> None:
    repo.write("images/1.png", b"1")
    repo.dvc("add", "-q", "images")
    repo.git("add", "images.dvc", ".gitignore")
    repo.commit()
    assert refused(repo, "mv", "images", "images/deeper") == [
        "trinity-guard: images cannot be moved to images/deeper, into itself.",
        "    trinity-guard mv --help",
    ]
    repo.guard("mv", "images", "pictures")
    assert [p.name for p in repo.file("pictures").iterdir()] == ["1.png"]
    assert repo.show(".gitignore", "") == b"/pictures\n"


@pytest.mark.slow
def test_what_exists_is_refused_and_with_force_an_artifact_gives_way(repo: Repo) -> None:
    begin(repo)
    repo.write("mine.csv", b"mine\n")
    assert refused(repo, "mv", "a.csv", "data/b.csv") == [
        "trinity-guard: data/b.csv exists.",
        "    trinity-guard mv -f a.csv data/b.csv     # takes its place",
    ]
    assert refused(repo, "mv", "a.csv", "mine.csv") == [
        "trinity-guard: mine.csv exists, and no pointer records it.",
        "    mv mine.csv ELSEWHERE     # then again",
    ]
    assert refused(repo, "mv", "-f", "a.csv", "mine.csv") == refused(repo, "mv", "a.csv", "mine.csv")
    repo.guard("mv", "-f", "a.csv", "data/b.csv")
    assert repo.file("data/b.csv").read_bytes() == A
    repo.file("mine.csv").unlink()
    repo.commit()
    assert repo.git("status", "--porcelain").stdout == b""
    assert repo.pulled_in_a_fresh_clone("data/b.csv") == A


def test_an_edit_is_not_written_over_with_force_either(repo: Repo) -> None:
    begin(repo)
    repo.write("data/b.csv", b"edited\n")
    assert refused(repo, "mv", "-f", "a.csv", "data/b.csv")[0] == (
        "trinity-guard: data/b.csv has changes that are recorded nowhere."
    )


REFUSED: dict[str, tuple[tuple[str, str], str, str]] = {
    "no folder": (("a.csv", "no/z.csv"), "there is no folder no.", "mkdir -p no     # then again"),
    "itself": (("a.csv", "a.csv"), "a.csv cannot be moved to a.csv, into itself.", "trinity-guard mv --help"),
    "git's": (("data/code.py", "z.py"), "no pointer holds data/code.py: it is Git's.", "git mv data/code.py z.py"),
    "nothing": (("nothing", "z"), "nothing: no such file.", "trinity-guard status"),
    "a name": (
        ("a.csv", "s3:z.csv"),
        "DVC cannot hold s3:z.csv: `s3:` at the head of its name is read as the address of a remote.",
        "give the file another name, or list it under `exclude` in .trinity-guard.toml to leave it to Git",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_is_refused(repo: Repo, case: str) -> None:
    begin(repo)
    args, problem, remedy = REFUSED[case]
    assert refused(repo, "mv", *args) == [f"trinity-guard: {problem}", f"    {remedy}"]


@pytest.mark.slow
def test_a_pointer_of_another_name_is_refused_with_the_command_that_helps(repo: Repo) -> None:
    repo.write("a.csv", A)
    repo.dvc("add", "-q", "a.csv")
    repo.file("a.csv.dvc").rename(repo.file("table.dvc"))
    repo.git("add", "table.dvc", ".gitignore")
    repo.commit()
    assert refused(repo, "mv", "a.csv", "z.csv") == [
        "trinity-guard: a.csv is recorded in table.dvc, which is not named as it is.",
        "    git mv table.dvc a.csv.dvc     # then again",
    ]
    repo.git("mv", "table.dvc", "a.csv.dvc")
    repo.guard("mv", "a.csv", "z.csv")
    assert repo.file("z.csv").read_bytes() == A


@pytest.mark.slow
def test_an_import_says_where_it_comes_from(repo: Repo) -> None:
    source = repo.path.parent / "source.csv"
    source.write_bytes(A)
    repo.dvc("import-url", "-q", str(source), "a.csv")
    repo.git("add", "a.csv.dvc", ".gitignore")
    repo.commit()
    assert refused(repo, "mv", "a.csv", "z.csv") == [
        "trinity-guard: a.csv was imported by a.csv.dvc, which says where it comes from.",
        "    trinity-guard rm a.csv     # then import it again, under the new name",
    ]
    repo.guard("rm", "a.csv")
    assert not repo.file("a.csv").exists()


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (["--foo", "a", "b"], "mv knows no option --foo"),
        (["a"], "mv needs DST"),
        (["a", "b", "c"], "mv takes no argument 'c'"),
    ],
)
def test_wrong_usage_is_told_with_the_command_that_helps(usage: Usage, args: list[str], problem: str) -> None:
    assert usage.refused("mv", *args) == [f"trinity-guard: {problem}.", "    trinity-guard mv --help"]


def test_help_has_an_example(usage: Usage) -> None:
    assert "Example: trinity-guard mv models/risk.pkl" in usage.help("mv")


@pytest.mark.parametrize(
    ("args", "wanted"),
    [
        (["a", "b"], {"source": "a", "target": "b", "force": False}),
        (["-f", "--", "-a", "-b"], {"source": "-a", "target": "-b", "force": True}),
    ],
)
def test_what_is_understood(args: list[str], wanted: dict[str, Any]) -> None:
    found = parsed(mv.configure, args)
    assert {key: found.get(key) for key in wanted} == wanted
