"""Repositories around, inside and beside ours; settings and states of Git that change what its commands answer."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.support import Repo, require, run


def md5(data: bytes) -> bytes:
    return hashlib.md5(data).hexdigest().encode()


def test_relative_variables_of_the_caller_do_not_lead_into_the_repository_around(repo: Repo) -> None:
    inner = Repo(repo.path / "in")
    inner.write("s/a.pkl", 100)
    run("git", "init", "-q", cwd=inner.path)
    inner.guard("init", "-q")
    before = repo.index()
    run(
        *(sys.executable, "-m", "trinity_guard", "add", "a.pkl"),
        cwd=inner.path / "s",
        env={"GIT_DIR": "../.git", "GIT_WORK_TREE": ".."},
    )
    assert b"s/a.pkl.dvc" in inner.index()
    assert repo.index() == before


def test_a_program_that_wants_to_know_nothing_of_its_children_can_start_us(repo: Repo) -> None:
    repo.stage("a.csv", b"1,2\n")
    deaf = "import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.execvp(sys.argv[1], sys.argv[1:])"
    for words in (["-m", "trinity_guard", "hook", "pre-commit"], ["-m", "trinity_guard", "status"]):
        run(sys.executable, "-c", deaf, sys.executable, *words, cwd=repo.path, fresh=True)
    assert repo.index().keys() >= {b"a.csv.dvc"}


@pytest.mark.parametrize("command", ["add", "convert"])
def test_a_path_in_a_submodule_is_refused_and_the_submodule_stays(
    repo: Repo, make_repo: Callable[..., Repo], command: str
) -> None:
    other = make_repo("other")
    repo.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(other.path), "sub")
    repo.commit()
    repo.write("sub/q.pkl", 100)
    before = repo.index()
    done = repo.guard(command, "sub/q.pkl", ok=False)
    assert done.returncode == 2
    assert b"cd sub" in done.stderr
    assert repo.index() == before


@pytest.mark.slow
def test_a_gitignore_in_conflict_is_not_resolved_behind_anybodys_back(repo: Repo) -> None:
    repo.stage("a.pkl", 100)
    repo.stage(".gitattributes", b".gitignore merge\n")  # this team has it merged as a text
    repo.commit()
    (repo.path / ".git" / "info" / "attributes").unlink()
    repo.git("checkout", "-q", "-b", "other")
    repo.stage("o.pkl", 100)
    repo.commit()
    repo.git("checkout", "-q", "main")
    repo.stage("m.pkl", 100)
    repo.commit()
    assert repo.git("merge", "-q", "other", ok=False).returncode == 1
    unmerged = repo.git("ls-files", "-u").stdout
    assert b".gitignore" in unmerged
    repo.write("q.pkl", 100)
    done = repo.guard("add", "q.pkl", ok=False)
    assert done.returncode == 1
    assert b"in conflict" in done.stderr
    assert repo.git("ls-files", "-u").stdout == unmerged


@pytest.mark.parametrize("mark", ["--assume-unchanged", "--skip-worktree", "core.ignoreStat"])
def test_what_git_does_not_look_at_is_taken_as_it_was_staged(repo: Repo, mark: str) -> None:
    if mark == "core.ignoreStat":
        repo.git("config", "core.ignoreStat", "true")
    staged = repo.stage("a.csv", b"v1\n")
    if mark != "core.ignoreStat":
        repo.git("update-index", mark, "a.csv")
    repo.write("a.csv", b"v2, newer\n")
    repo.commit()
    assert md5(staged) in repo.show("a.csv.dvc")


@pytest.mark.slow
def test_a_folder_named_like_an_artifact_keeps_its_bookkeeping_in_git(repo: Repo) -> None:
    repo.stage(".trinity-guard.toml", b'folders = ["!*.parquet/"]\n')  # a pointer for each of its files
    repo.stage("x.parquet/part-0", 100)
    done = repo.commit()
    assert b"raw artifacts" not in done.stderr
    assert repo.tracked("x.parquet/part-0.dvc")
    assert repo.tracked("x.parquet/.gitignore")
    repo.write("x.parquet/part-1", 100)
    repo.guard("add", "x.parquet")
    repo.commit()
    assert {n for n in repo.tree() if n.startswith(b"x.parquet")} == {
        b"x.parquet/.gitignore",
        b"x.parquet/part-0.dvc",
        b"x.parquet/part-1.dvc",
    }
    assert repo.guard("block", ".").returncode == 0


def test_a_pattern_for_everything_leaves_the_tools_their_files(repo: Repo) -> None:
    repo.stage(".trinity-guard.toml", b'patterns = ["*"]\n')
    repo.commit()
    assert repo.tracked(".trinity-guard.toml")
    repo.stage("anything", b"bytes\n")
    repo.commit()
    assert repo.tracked("anything.dvc")


@pytest.mark.parametrize("name", [".gitignore", ".gitattributes", ".trinity-guard.toml", ".dvcignore", "a.dvc"])
def test_add_refuses_what_the_tools_work_by(repo: Repo, name: str) -> None:
    if not repo.file(name).exists():
        repo.write(name, b"")
    before = repo.index()
    done = repo.guard("add", name, ok=False)
    assert done.returncode == 1
    assert b"belongs in Git" in done.stderr
    assert repo.index() == before


@pytest.mark.parametrize("option", ["--literal-pathspecs", "--noglob-pathspecs", "--icase-pathspecs"])
def test_git_s_pathspec_options_do_not_reach_us(repo: Repo, option: str) -> None:
    repo.stage("d/first.pkl", 100)
    repo.commit()
    data = repo.stage("a.pkl", 100)
    repo.git(option, "commit", "-q", "-m", "x")
    assert md5(data) in repo.show("a.pkl.dvc")


@pytest.mark.slow
def test_many_at_once_lose_no_line(repo: Repo) -> None:
    names = [f"m{i}.pkl" for i in range(8)]
    for name in names:
        repo.write(name, 1000)
    command = [sys.executable, "-m", "trinity_guard", "-q", "add"]
    running = [subprocess.Popen([*command, name], cwd=repo.path) for name in names]
    assert [p.wait(60) for p in running] == [0] * len(names)
    assert {n for n in repo.index() if n.endswith(b".pkl.dvc")} == {f"{n}.dvc".encode() for n in names}
    assert set(repo.show(".gitignore", "").split()) == {f"/{n}".encode() for n in names}
    assert repo.git("status", "--porcelain").stdout.count(b"??") == 0


def test_a_file_behind_a_filter_is_not_published_in_plain(repo: Repo) -> None:
    repo.git("config", "filter.crypt.clean", "base64")
    repo.git("config", "filter.crypt.smudge", "base64 -d")
    repo.stage(".gitattributes", b"*.csv filter=crypt\n")
    repo.stage("a.csv", b"topsecret\n")
    done = repo.commit(ok=False)
    assert done.returncode == 1
    assert b"the filter 'crypt'" in done.stderr
    assert repo.cached() == {}
    repo.write(".trinity-guard.toml", b'exclude = ["/a.csv"]\n')
    repo.commit()
    assert repo.tracked("a.csv")


@pytest.mark.slow
def test_git_crypt_keeps_its_files_and_we_keep_ours(repo: Repo) -> None:
    if shutil.which("git-crypt") is None:
        require("git-crypt")
    run("git-crypt", "init", cwd=repo.path)
    repo.stage(".gitattributes", b"secret/** filter=git-crypt diff=git-crypt\n")
    repo.commit()
    repo.stage("secret/a.csv", b"topsecret\n")
    data = repo.stage("b.csv", b"1,2\n")
    assert repo.git("cat-file", "blob", ":secret/a.csv").stdout.startswith(b"\0GITCRYPT\0")
    done = repo.commit(ok=False)
    assert done.returncode == 1
    assert b"secret/a.csv goes through the filter 'git-crypt'" in done.stderr
    repo.stage(".trinity-guard.toml", b'exclude = ["/secret/a.csv"]\n')
    repo.commit()
    assert repo.tracked("secret/a.csv")
    assert repo.tracked("b.csv.dvc")
    assert repo.cached() == {md5(data).decode(): data}
    key = repo.path.parent / "key"
    run("git-crypt", "export-key", str(key), cwd=repo.path)
    run("git-crypt", "lock", cwd=repo.path)
    assert repo.file("secret/a.csv").read_bytes().startswith(b"\0GITCRYPT\0")
    run("git-crypt", "unlock", str(key), cwd=repo.path)
    assert repo.file("secret/a.csv").read_bytes() == b"topsecret\n"
    assert repo.git("status", "--porcelain").stdout == b""


def test_convert_of_a_name_that_was_only_announced_takes_the_file(repo: Repo) -> None:
    data = repo.write("a.csv", b"1,2\n")
    repo.git("add", "-N", "a.csv")
    repo.guard("convert", "a.csv")
    repo.commit()
    assert md5(data) in repo.show("a.csv.dvc")


def test_a_link_into_the_cache_is_not_committed(repo: Repo) -> None:
    repo.stage("a.pkl", 100)
    repo.commit()
    repo.dvc("config", "cache.type", "symlink")
    repo.dvc("checkout", "-q", "--relink")
    assert repo.file("a.pkl").is_symlink()
    repo.git("add", "-f", "a.pkl")
    done = repo.commit(ok=False)
    assert done.returncode == 1
    assert b"a.pkl is a symlink" in done.stderr
    repo.git("rm", "-q", "--cached", "--", "a.pkl")
    assert repo.file("a.pkl").is_symlink()


def test_a_sparse_checkout_without_dvc_says_how_to_get_it(repo: Repo) -> None:
    repo.stage("src/code.py", b"x = 1\n")
    repo.commit()
    repo.git("sparse-checkout", "set", "src")
    if repo.file(".dvc/config").exists():
        pytest.fail("the sparse checkout was to take .dvc away")
    run("rm", "-rf", ".dvc", cwd=repo.path)
    repo.stage("src/a.pkl", 100)
    done = repo.commit(ok=False)
    assert done.returncode == 1
    assert b"git sparse-checkout add .dvc" in done.stderr


@pytest.mark.parametrize("name", ["1:x.pkl", "0:y.pkl", ":z.pkl", ":(top)w.pkl"])
def test_names_that_git_reads_as_something_else(repo: Repo, name: str) -> None:
    data = repo.stage(name, 100)
    repo.commit()
    assert md5(data) in repo.show(f"./{name}.dvc" if name.startswith(":") else f"{name}.dvc")
    assert repo.git("status", "--porcelain").stdout == b""


@pytest.mark.slow
def test_commit_of_a_path_under_the_framework_loses_no_unstaged_edit(
    make_repo: Callable[..., Repo], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "programs"
    folder.mkdir()
    (folder / "trinity-guard").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m trinity_guard "$@"\n')
    (folder / "trinity-guard").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    repo = make_repo("fw", hooks="pre-commit")
    repo.stage("notes.txt", b"keep\n")
    repo.stage("a.pkl", 100)
    repo.commit()
    repo.write("notes.txt", b"keep\nMY UNSTAGED WORK\n")
    repo.stage("d.pkl", 100)
    head = repo.head()
    done = repo.commit("--", "d.pkl", ok=False)
    assert done.returncode == 1
    assert b"would lose unstaged edits" in done.stdout + done.stderr
    assert repo.head() == head
    assert repo.file("notes.txt").read_bytes() == b"keep\nMY UNSTAGED WORK\n"
    repo.commit()
    assert repo.tracked("d.pkl.dvc")
    assert repo.file("notes.txt").read_bytes() == b"keep\nMY UNSTAGED WORK\n"
