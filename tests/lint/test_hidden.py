"""What somebody, or an accident, hides from lint: links, replaced commits, `filter=lfs`, `.dvc/`; and remedies."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from collections.abc import Callable

import pytest

from tests.helpers.documents import Session
from tests.helpers.support import Repo, made_once, require, run
from trinity_guard import cli

PICKLE = b"\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00]\x94."
GOOD = b"outs:\n- md5: d41d8cd98f00b204e9800998ecf8427e\n  size: 0\n  hash: md5\n  path: m.pkl\n"
Finding = dict[str, str]


def lint(repo: Repo, *args: str) -> list[Finding]:
    """Return what lint finds, as json has it; see that its exit code says so. What it sets of Git's is taken back."""
    said = io.StringIO()
    before = dict(os.environ)
    try:
        with contextlib.chdir(repo.path), contextlib.redirect_stdout(said):
            code = cli.main(["lint", "--format", "json", *args])
    finally:
        os.environ.clear()
        os.environ.update(before)
    findings: list[Finding] = json.loads(said.getvalue())["findings"]
    assert code == int(any(f["level"] == "error" for f in findings))
    return findings


def told(repo: Repo, *args: str) -> list[tuple[str, str]]:
    return sorted((f["rule"], f["path"]) for f in lint(repo, *args))


def gate(repo: Repo) -> int:
    """Return the exit code of the gate for a first push of this branch."""
    refs = f"refs/heads/main {repo.head()} refs/heads/main {'0' * 40}\n".encode()
    return run(sys.executable, "-m", "trinity_guard", "gate", cwd=repo.path, data=refs, ok=False).returncode


@pytest.fixture
@made_once
def work(bare_repo: Repo) -> Repo:
    bare_repo.stage("a.txt", b"a\n")
    bare_repo.commit()
    bare_repo.git("tag", "base")
    return bare_repo


# ---- what looks like something else


def test_a_link_that_becomes_a_file_of_the_same_bytes_is_found(work: Repo) -> None:
    work.file("m.pkl").symlink_to("data")
    work.git("add", "m.pkl")
    work.commit()
    assert told(work, "--range", "base..HEAD") == []
    work.file("m.pkl").unlink()
    work.stage("m.pkl", b"data")  # the same blob, under another mode
    work.commit()
    assert told(work, "--range", "base..HEAD") == [("TG001", "m.pkl")]
    work.git("rm", "-q", "m.pkl")
    work.commit()
    assert told(work, "--range", "base..HEAD") == [("TG002", "m.pkl")]


def test_the_gate_refuses_a_file_that_becomes_a_link_of_the_same_bytes(work: Repo) -> None:
    work.stage("m.pkl", b"data")
    work.commit()
    work.file("m.pkl").unlink()
    work.file("m.pkl").symlink_to("data")  # the newest commit is looked at first
    work.git("add", "m.pkl")
    work.commit()
    assert gate(work) == 1


def replaced(repo: Repo, bad: str) -> None:
    clean = repo.git("commit-tree", "-m", "clean", "-p", f"{bad}^", f"{bad}^^{{tree}}").stdout.decode().strip()
    repo.git("replace", bad, clean)


def grafted(repo: Repo, bad: str) -> None:
    child = repo.git("rev-parse", "HEAD").stdout.decode().strip()
    base = repo.git("rev-parse", f"{bad}^").stdout.decode().strip()
    repo.write(".git/info/grafts", f"{child} {base}\n".encode())


@pytest.mark.parametrize("hide", [replaced, grafted])
def test_a_commit_is_looked_at_as_others_get_it(work: Repo, hide: Callable[[Repo, str], None]) -> None:
    work.stage("raw.pkl")
    work.commit()
    bad = work.head()
    work.git("rm", "-q", "raw.pkl")
    work.commit()
    hide(work, bad)
    assert b"raw.pkl" not in work.git("log", "--raw").stdout  # so it is shown here
    assert told(work, "--range", "base..HEAD") == [("TG002", "raw.pkl")]
    assert gate(work) == 1


def test_what_gitattributes_only_claims_for_lfs_stands_in_git_all_the_same(work: Repo) -> None:
    work.stage(".gitattributes", b"*.pkl filter=lfs\n")
    work.stage("raw.pkl", PICKLE)
    work.stage("empty.pkl", b"")  # git-lfs leaves it as it is
    [found] = lint(work)
    assert (found["rule"], found["path"]) == ("TG001", "raw.pkl")
    assert "no LFS pointer" in found["problem"]
    work.commit()
    assert told(work, "--range", "base..HEAD") == [("TG001", "raw.pkl")]


def test_the_remedy_for_a_file_that_lfs_missed_brings_it_there(work: Repo) -> None:
    if run("git", "lfs", "version", ok=False).returncode:
        require("git-lfs")
    work.stage(".gitattributes", b"*.pkl filter=lfs\n")
    work.stage("raw one.pkl", PICKLE)
    work.commit()
    [found] = lint(work)
    code, words = Session(work.path.parent / "home", work.path).type(found["remedy"])
    assert code == 0, words
    assert lint(work) == []
    assert work.git("show", ":raw one.pkl").stdout.startswith(b"version https://git-lfs")


def test_a_range_the_wrong_way_round_is_said_to_hold_nothing(work: Repo) -> None:
    work.stage("raw.pkl")
    work.commit()
    done = work.guard("lint", "--range", "HEAD..base")
    assert b"no commit in HEAD..base: nothing was looked at" in done.stderr


# ---- .dvc/ is no hiding place


def test_what_is_forced_into_the_folder_of_dvc_is_found(repo: Repo) -> None:
    repo.stage(".dvc/plots/confusion.json", b"{}")
    assert told(repo) == []
    for path in ("x/.dvc/y.pkl", ".dvc/cache/files/md5/ab/cdef", ".dvc/plots/m.pkl", ".dvc/tmp/m.json"):
        repo.stage(path, PICKLE)
    found = lint(repo)
    assert [f["path"] for f in found] == [
        ".dvc/cache/files/md5/ab/cdef", ".dvc/plots/m.pkl", ".dvc/tmp/m.json", "x/.dvc/y.pkl",
    ]  # fmt: skip
    # DVC's cache and its folder tmp leave Git as a whole.
    whole, single = "git rm -r -q --cached", "git rm -q --cached"
    assert [f["remedy"].partition(" -- ")[0] for f in found] == [whole, single, whole, single]


def test_a_commit_of_an_artifact_in_the_folder_of_dvc_is_refused_and_the_remedy_helps(repo: Repo) -> None:
    repo.stage("x/.dvc/y.pkl", PICKLE)
    done = repo.commit(ok=False)
    assert done.returncode == 1
    assert b"no pointer is read there" in done.stderr
    remedy = done.stderr.decode().splitlines()[1]
    assert Session(repo.path.parent / "home", repo.path).type(remedy.partition("     #")[0])[0] == 0
    repo.commit("--allow-empty")
    assert not repo.tracked("x/.dvc/y.pkl")
    assert repo.file("x/.dvc/y.pkl").read_bytes() == PICKLE


def test_a_file_whose_name_only_ends_like_a_pipelines_is_no_record(repo: Repo) -> None:
    repo.stage("my-dvc.yaml", b"[not = a config\n")
    repo.stage("old-dvc.lock", b"\xff\xfe no yaml either")
    repo.commit()
    assert repo.tracked("my-dvc.yaml")


# ---- remedies


def test_a_range_with_a_merge_is_rebased_with_its_merges(work: Repo) -> None:
    work.git("checkout", "-q", "-b", "side")
    work.stage("b.txt", b"b\n")
    work.commit()
    work.git("checkout", "-q", "main")
    work.git("merge", "-q", "--no-ff", "--no-commit", "side")
    work.stage("evil.pkl")
    work.commit()
    [found] = lint(work, "--range", "base..HEAD")
    assert found["remedy"].startswith(f"git rebase -i --rebase-merges {work.head()[:10]}^ ")
    plain = work.head()
    work.stage("c.pkl")
    work.commit()
    [found] = lint(work, "--range", f"{plain}..HEAD")
    assert found["remedy"].startswith(f"git rebase -i {work.head()[:10]}^ ")


def test_the_remedy_for_a_broken_pointer_brings_its_last_good_version(work: Repo) -> None:
    work.stage(".gitignore", b"m.pkl\n")
    for data in (GOOD, b"outs: [", b"outs: {"):
        work.stage("m s.dvc", data)
        work.commit()
    [found] = lint(work)
    assert Session(work.path.parent / "home", work.path).type(found["remedy"].partition("     #")[0])[0] == 0
    assert work.file("m s.dvc").read_bytes() == GOOD
    assert lint(work) == []


@pytest.mark.parametrize(
    "name", [b"new\nline.dvc", b"\xff 'x'.dvc", "\u202e\\é.dvc".encode(), b"-f.dvc", b"$(x).dvc", b":x.dvc"]
)
def test_a_remedy_can_be_typed_whatever_letters_the_name_has(work: Repo, name: bytes) -> None:
    work.stage(name, b"outs: [")
    [found] = lint(work)
    assert run("bash", "-c", found["remedy"], cwd=work.path).stdout == b""
    assert lint(work) == []


@pytest.mark.parametrize("name", ["-f.pkl", ":(glob)m.pkl", "a b'$(x).pkl", "é\n.pkl"])
def test_the_remedy_for_an_artifact_can_be_typed_whatever_letters_its_name_has(repo: Repo, name: str) -> None:
    repo.stage(name, PICKLE)
    repo.commit("--no-verify")
    (found,) = lint(repo)
    assert Session(repo.path.parent / "home", repo.path).type(found["remedy"])[0] == 0
    assert lint(repo) == []


@pytest.mark.parametrize("name", ["[01].pkl", "?.pkl"])  # Git takes an exact match alone where that comes first
def test_a_remedy_touches_no_other_file_that_the_name_would_be_a_pattern_for(work: Repo, name: str) -> None:
    work.stage(".gitignore", b"*.pkl\n")
    work.stage("0.pkl", PICKLE)
    work.stage(name, PICKLE)
    work.stage(f"{name}.dvc", GOOD.replace(b"path: m.pkl", f"path: '{name}'".encode()))
    (found,) = [f for f in lint(work) if f["rule"] == "TG007"]
    assert Session(work.path.parent / "home", work.path).type(found["remedy"])[0] == 0
    assert told(work) == [("TG001", "0.pkl")]


def test_the_remedy_for_a_pointer_that_was_never_good_takes_it_out(work: Repo) -> None:
    work.stage("new.dvc", b"outs: [")
    [found] = lint(work)
    assert Session(work.path.parent / "home", work.path).type(found["remedy"].partition("     #")[0])[0] == 0
    assert lint(work) == []
    assert work.file("new.dvc").exists()


def test_a_hundred_broken_pointers_are_told_without_a_walk_through_history_for_each(work: Repo) -> None:
    for number in range(100):
        work.write(f"{number}.dvc", b"outs: [")
    work.git("add", "-A")
    work.commit()
    trace = work.path.parent / "trace"
    done = work.guard("lint", "--format", "json", ok=False, GIT_TRACE=str(trace))
    remedies = [f["remedy"] for f in json.loads(done.stdout)["findings"]]
    assert (len(remedies), all(remedies)) == (100, True)
    assert trace.read_text().count("built-in: git") < 100


@pytest.mark.parametrize("name", ["m.dvc", ".dvc/config"])
def test_what_a_later_commit_mended_is_taken_out_of_its_own(work: Repo, name: str) -> None:
    secret = b"['remote \"s\"']\n    url = s3://b\n    secret_access_key = Zm9vYmFyYmF6\n"
    work.stage(".gitignore", b"m.pkl\n")
    work.stage(name, secret if name.endswith("config") else b"outs: [")
    work.commit()
    bad = work.head()
    [before] = lint(work, "--range", "base..HEAD")
    work.stage(name, b"[core]\n" if name.endswith("config") else GOOD)
    work.commit()
    [after] = lint(work, "--range", "base..HEAD")
    assert not before["remedy"].startswith("git rebase")
    assert after["remedy"].startswith(f"git rebase -i {bad[:10]}^ ")
    assert after["fingerprint"] == before["fingerprint"]


# ---- a partial clone


@pytest.mark.parametrize("options", [(), ("--range", "base..HEAD")])
def test_what_a_partial_clone_lacks_is_fetched_at_once(work: Repo, options: tuple[str, ...]) -> None:
    for number in range(12):
        work.stage(f"{number}.txt", f"{number}\n".encode())
    work.stage("m.bin", PICKLE)
    work.stage("m.dvc", b"outs: [")
    work.commit()
    work.git("config", "uploadpack.allowFilter", "true")
    work.git("config", "uploadpack.allowAnySHA1InWant", "true")
    here = Repo(work.path.parent / "partial")
    run("git", "clone", "-q", "--filter=blob:none", "--no-checkout", work.path.as_uri(), here.path)
    here.git("read-tree", "HEAD")
    trace = work.path.parent / "trace"
    done = here.guard("lint", *options, "--format", "json", ok=False, GIT_TRACE=str(trace))
    assert sorted((f["rule"], f["path"]) for f in json.loads(done.stdout)["findings"]) == [
        ("TG001", "m.bin"), ("TG005", "m.dvc")
    ]  # fmt: skip
    assert trace.read_text().count("built-in: git fetch") == 1
    work.path.rename(work.path.parent / "away")
    assert here.guard("lint", *options, ok=False).returncode == 1  # all is here by now


def test_a_repository_can_do_without_a_config(work: Repo) -> None:
    work.stage("m.bin", PICKLE)
    work.file(".git/config").unlink()
    assert told(work) == [("TG001", "m.bin")]


def test_the_folders_of_a_range_are_fetched_at_once_too(work: Repo) -> None:
    work.git("config", "uploadpack.allowFilter", "true")
    work.git("config", "uploadpack.allowAnySHA1InWant", "true")
    for number in range(12):
        work.stage(f"folder/{number % 5}.txt", f"{number}\n".encode())
        work.stage("m.bin", PICKLE if number == 3 else b"text\n")
        work.commit()
    here = Repo(work.path.parent / "partial")
    run("git", "clone", "-q", "--filter=tree:0", "--no-checkout", work.path.as_uri(), here.path)
    trace = work.path.parent / "trace"
    done = here.guard("lint", "--range", "base..HEAD", "--format", "json", ok=False, GIT_TRACE=str(trace))
    assert [(f["rule"], f["path"]) for f in json.loads(done.stdout)["findings"]] == [("TG002", "m.bin")]
    assert trace.read_text().count("built-in: git fetch") <= 3


# ---- a bare repository


@pytest.fixture
def bare(work: Repo) -> Repo:
    """A bare clone: a model that is excluded, one that is not, and a name that is an artifact by pyproject alone."""
    work.stage("pyproject.toml", b'[tool.trinity-guard]\npatterns = ["*.dat"]\nexclude = ["/kept/"]\n')
    work.stage("a.dat")
    work.stage("kept/b.dat")
    work.commit()
    work.stage(".trinity-guard.toml", b'patterns = ["*.raw"]\nsniff = false\n')
    work.stage("sub/.dvc/config", b"['remote \"r\"']\n    url = ../there\n    password = x\n")
    work.stage("c.raw")
    work.commit()
    run("git", "clone", "-q", "--bare", str(work.path), str(work.path.parent / "hub.git"))
    return Repo(work.path.parent / "hub.git")


@pytest.mark.parametrize(
    "options",
    [("--rev", "HEAD"), ("--rev", "HEAD~1"), ("--range", "base..HEAD"), ("--range", "base..main~1"), ("--rev", "base")],
    ids=" ".join,
)
def test_in_a_bare_repository_the_same_is_found_as_in_a_clone_at_that_commit(
    bare: Repo, work: Repo, options: tuple[str, str]
) -> None:
    work.git("checkout", "-q", "--detach", options[1].rpartition("..")[2].replace("HEAD", "main"))
    options = (options[0], options[1].replace("HEAD", "main"))
    there = work.guard("lint", *options, "--format", "json", ok=False)
    before = sorted(bare.path.rglob("*"))
    here = bare.guard("lint", *options, "--format", "json", ok=False)
    assert (here.returncode, json.loads(here.stdout)) == (there.returncode, json.loads(there.stdout))
    assert [p for p in sorted(bare.path.rglob("*")) if p not in before and "trinity-guard" not in p.parts] == []


def test_in_a_bare_repository_paths_are_meant_from_the_top_and_the_rest_is_refused(bare: Repo) -> None:
    done = bare.guard("lint", "--rev", "HEAD", "c.raw", ok=False)
    assert (done.returncode, done.stdout.count(b"TG00")) == (1, 1)
    assert b"c.raw" in done.stdout
    assert b"these commands are for a clone" in done.stderr
    assert bare.guard("lint", "--rev", "HEAD", "nothing.raw", ok=False).returncode == 2
    for options, words in {
        (): b"trinity-guard lint --rev HEAD ",
        ("--all",): b"trinity-guard lint --rev HEAD ",
        ("--fix",): b"trinity-guard lint --rev HEAD ",
        ("--rev", "HEAD", "--update-baseline", "--reason", "x"): b"run it in a clone",
        ("--rev", "HEAD", "--remote"): b"in a clone",
    }.items():
        done = bare.guard("lint", *options, ok=False)
        assert (done.returncode, words in done.stderr) == (2, True), (options, done.stderr)


def refuse_by_range(server: Repo) -> None:
    script = f'#!/bin/sh\nread old new ref\nexec "{sys.executable}" -m trinity_guard lint --range "$old..$new" >&2\n'
    hook = server.file("hooks/pre-receive")
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(script)
    hook.chmod(0o755)


def test_a_hook_of_a_server_refuses_a_push_by_the_range_that_it_brings(bare: Repo, work: Repo) -> None:
    refuse_by_range(bare)
    work.stage("d.raw")
    work.commit()
    refused = work.git("push", str(bare.path), "main", ok=False)
    assert refused.returncode == 1
    assert b"d.raw" in refused.stderr
    work.git("rm", "-q", "--cached", "d.raw")
    work.stage("fine.txt", b"text\n")
    work.git("commit", "-q", "--amend", "-m", "fine")
    work.git("push", str(bare.path), "main")


@pytest.mark.slow
def test_a_hook_of_a_server_looks_at_what_a_new_branch_brings_and_lets_one_be_deleted(bare: Repo, work: Repo) -> None:
    refuse_by_range(bare)
    work.git("checkout", "-q", "-b", "topic")
    work.stage("d.raw")
    work.commit()
    work.git("rm", "-q", "--cached", "d.raw")
    work.git("commit", "-q", "-m", "gone again")
    refused = work.git("push", str(bare.path), "topic", ok=False)
    assert refused.returncode == 1
    assert b"TG002" in refused.stderr
    work.git("reset", "-q", "--soft", "HEAD~2")
    work.stage("fine.txt", b"text\n")
    work.git("commit", "-q", "-m", "fine")
    passed = work.git("push", str(bare.path), "topic")
    assert b"TG0" not in passed.stderr
    work.git("push", str(bare.path), ":topic")
    assert bare.git("branch", "--list", "topic").stdout == b""


def test_zeros_before_what_is_here_already_mean_all_of_it(work: Repo) -> None:
    work.stage("d.pkl")
    work.commit()
    head = work.git("rev-parse", "HEAD").stdout.decode().strip()
    done = work.guard("lint", "--range", f"{'0' * 40}..{head}", ok=False)
    assert (done.returncode, b"d.pkl" in done.stdout) == (1, True)


def test_a_configuration_that_is_a_link_is_not_followed_on_a_server(bare: Repo, work: Repo) -> None:
    work.file(".trinity-guard.toml").unlink()
    work.file(".trinity-guard.toml").symlink_to("pyproject.toml")
    work.git("add", ".trinity-guard.toml")
    work.commit()
    work.git("push", "-q", str(bare.path), "main")
    done = bare.guard("lint", "--rev", "main", ok=False)
    assert (done.returncode, b"is a symbolic link" in done.stderr) == (2, True)


# ---- --output


@pytest.mark.parametrize("command", [("lint", "--format", "json"), ("report", "--offline")], ids=["lint", "report"])
def test_output_goes_into_what_is_there_and_takes_the_place_of_no_pipe_and_no_link(
    work: Repo, command: tuple[str, ...]
) -> None:
    link, pipe, file = (work.path.parent / name for name in ("link", "pipe", "file"))
    file.write_bytes(b"old")
    link.symlink_to(file)
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
    try:
        for path in (link, pipe):
            work.guard(*command, "--output", str(path))
        said = os.read(reading, 1 << 16)
    finally:
        os.close(reading)
    assert link.is_symlink()
    assert pipe.is_fifo()
    assert file.read_bytes()[:20] == said[:20] != b""
    for wrong in (work.path.parent / "none" / "x", work.path):
        done = work.guard(*command, "--output", str(wrong), ok=False)
        assert (done.returncode, b"cannot write" in done.stderr) == (2, True)
    assert not (work.path.parent / "none").exists()
