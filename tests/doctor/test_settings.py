"""Our config, patterns that never apply, rules that hide pointers, what git-lfs takes, sparse checkouts."""

from __future__ import annotations

import pytest

from tests.helpers.support import Repo
from tests.lint.linted import pointer
from trinity_guard import git
from trinity_guard.doctor import settings
from trinity_guard.doctor.checks import ERROR, OK, WARNING, Repository, Unseen


@pytest.fixture(autouse=True)
def work(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    monkeypatch.chdir(bare_repo.path)
    return bare_repo


def subject() -> Repository:
    return Repository(git.place(), offline=True)


def test_having_both_configs_is_said(work: Repo) -> None:
    assert settings.configuration(subject()).fact == "no config file: the defaults hold"
    work.write(".trinity-guard.toml", b"")
    work.write("pyproject.toml", b"[tool.trinity-guard]\n")
    assert settings.configuration(subject()).level == WARNING


@pytest.mark.parametrize(
    ("text", "level"),
    [
        (b"", OK),
        (b'patterns = ["*.pkl", "!*.pkl"]\n', WARNING),
        (b'patterns = ["data/"]\nexclude = ["data/"]\n', WARNING),
        (b'patterns = ["[ab].x", "!a.x"]\n', OK),
    ],
)
def test_a_pattern_that_another_takes_back_never_applies(work: Repo, text: bytes, level: str) -> None:
    work.write(".trinity-guard.toml", text)
    assert settings.patterns(subject()).level == level


@pytest.mark.parametrize(
    ("rule", "remedy"),
    [
        (b"*.dvc\n", "echo '!*.dvc' >> .gitignore"),
        (b"m/\n", "in .gitignore, line 1, write m/** in place of m/, and below it\n!m/**/\n!*.dvc"),
        (b".dvc/\n", "take .dvc/ out of .gitignore, line 1"),
        (b"*.log\n", ""),
    ],
)
def test_a_rule_that_hides_pointers_is_told_with_the_lines_that_help(work: Repo, rule: bytes, remedy: str) -> None:
    work.write("m/a.pkl.dvc", pointer("a.pkl"))
    work.write(".gitignore", rule)
    check = settings.hidden_pointers(subject())
    assert (check.level, check.remedy) == (ERROR if remedy else OK, remedy)


@pytest.mark.parametrize("rule", [b"/m/*", b"m/**", b"/m/*/", b"m", b"m/"])
def test_the_lines_in_place_of_a_rule_let_git_and_dvc_see_the_pointer(work: Repo, rule: bytes) -> None:
    for name in ("m/a.pkl.dvc", "m/n/b.pkl.dvc"):
        work.write(name, pointer(name[2:-4].rpartition("/")[2]))
        work.write(f"{name}.log")
    work.write(".gitignore", b"*.o\n" + rule + b"\n")
    remedy = settings.hidden_pointers(subject()).remedy
    first, *below = remedy.splitlines()
    instead = first.partition(" write ")[2].partition(" in place of ")[0]
    work.stage(".gitignore", "\n".join(["*.o", instead, *below, ""]).encode())
    work.git("add", "m")
    assert sorted(n for n in work.git("ls-files").stdout.decode().split() if n.startswith("m/")) == [
        "m/a.pkl.dvc",
        "m/n/b.pkl.dvc",
    ]
    assert settings.hidden_pointers(subject()).level == OK


def test_a_pointer_that_git_sees_and_dvc_does_not_is_told(work: Repo) -> None:
    work.stage("data/a.pkl.dvc", pointer("a.pkl"))
    work.stage(".gitignore", b"/data/*\n!*.dvc\n")
    check = settings.hidden_pointers(subject())
    assert check.level == ERROR
    assert "data/a.pkl.dvc: DVC does not see this pointer" in check.fact
    assert "!/data/**/" in check.remedy


def test_what_git_lfs_takes_is_named(work: Repo) -> None:
    assert settings.large_file_storage(subject()).level == OK
    work.stage(".gitattributes", b"*.h5 filter=lfs\n")
    check = settings.large_file_storage(subject())
    assert check.level == WARNING
    assert "gives *.h5 to git-lfs" in check.fact


def test_a_project_that_is_not_checked_out_whole(work: Repo) -> None:
    assert settings.dvc_project(subject()).remedy == "trinity-guard init"
    work.stage(".dvc/config", b"[core]\n")
    assert settings.dvc_project(subject()).level == OK
    work.write(".dvc/tmp/x")
    work.file(".dvc/config").unlink()
    check = settings.dvc_project(subject())
    assert ".dvc/config is in Git, but not in the work tree" in check.fact
    assert check.mend is not None
    check.mend()
    assert work.file(".dvc/config").read_bytes() == b"[core]\n"
    work.git("update-index", "--skip-worktree", ".dvc/config")
    work.file(".dvc/config").unlink()
    with pytest.raises(Unseen, match="see sparse-checkout"):
        settings.dvc_project(subject())
    assert settings.sparse(subject()).level == ERROR
