"""Staged entries sorted: artifacts by name or by content, files that are too large, and what is left in peace."""

from __future__ import annotations

import os
import pickle
from typing import Any

import pytest

from tests.helpers.support import KB, MB, Repo
from trinity_guard import git
from trinity_guard.config import Config
from trinity_guard.detect import inspect
from trinity_guard.detect.patterns import Rules
from trinity_guard.dvcrepo import standin
from trinity_guard.errors import GuardError
from trinity_guard.git import index, process

PICKLE = pickle.dumps(list(range(3000)), 4)
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 5\n"


@pytest.fixture
def staging(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    monkeypatch.chdir(bare_repo.path)
    return bare_repo


def sorted_out(repo: Repo, config: Config | None = None) -> tuple[dict[bytes, str], dict[bytes, str]]:
    """Return path -> reason of the artifacts, and of what is too large."""
    found = inspect.inspect(git.place(), Rules(config or Config()), index.entries("."))
    return ({a.entry.path: a.reason for a in found.artifacts}, {a.entry.path: a.reason for a in found.oversized})


def test_by_name_by_content_by_size_and_not_at_all(staging: Repo) -> None:
    staging.stage("a.csv", b"a,b\n")
    staging.stage("model.bin", PICKLE)
    staging.stage("big.txt", b"x" * 6 * MB)
    staging.stage("code.py", b"print(1)\n")
    staging.stage("small.bin", pickle.dumps({"a": 1}, 2))
    assert sorted_out(staging) == (
        {
            b"a.csv": "matches *.csv",
            b"model.bin": "its first bytes say pickle (protocol 4)",
            b"small.bin": "its first bytes say pickle (protocol 2)",
        },
        {b"big.txt": "6.3 MB is more than max-size (5 MB)"},
    )


@pytest.mark.parametrize("name", ["é.csv", "a b.csv", "-x.csv", "new\nline.csv", "n\udcff.csv", "deep/er/a.CSV"])
def test_any_name_is_read(staging: Repo, name: str) -> None:
    staging.stage(name, b"a,b\n")
    assert sorted_out(staging)[0] == {os.fsencode(name): "matches *.csv"}


def test_switches_leave_content_and_size_alone(staging: Repo) -> None:
    staging.stage("model.bin", PICKLE)
    staging.stage("big.txt", b"x" * 6 * MB)
    assert sorted_out(staging, Config(sniff=False, max_size=0)) == ({}, {})
    assert sorted_out(staging, Config(sniff=False))[1].keys() == {b"big.txt"}
    assert sorted_out(staging, Config(max_size=0))[0].keys() == {b"model.bin"}
    assert sorted_out(staging, Config(exclude=("*.bin", "big.txt"))) == ({}, {})


def test_a_submodule_has_no_bytes_here(staging: Repo) -> None:
    """Not even where its name matches a pattern."""
    entries = [index.Entry(index.GITLINK, b"1" * 40, path) for path in (b"lib", b"m.pkl")]
    findings = inspect.inspect(git.place(), Rules(Config()), entries)
    assert not findings.artifacts
    assert not findings.oversized


def test_links_and_pointers_of_git_lfs_are_no_artifacts(staging: Repo) -> None:
    staging.file("link.csv").symlink_to("elsewhere")
    staging.git("add", "link.csv")
    staging.stage("lfs.csv", LFS)
    staging.stage("long.csv", LFS + b"x" * KB)  # as long as no pointer is
    assert sorted_out(staging)[0].keys() == {b"long.csv"}


@pytest.mark.parametrize(
    "path",
    [
        b"dvc.yaml",
        b"deep/dvc.lock",
        b".gitignore",
        b"sub/.gitattributes",
        b"pyproject.toml",
        b"a.csv.dvc",
        b".dvc/config",
        b"sub/.dvc/config",
        b".dvc/plots/own.json",
    ],
)
def test_what_the_tools_work_by_is_bookkeeping(path: bytes) -> None:
    assert inspect.is_bookkeeping(path)


@pytest.mark.parametrize("path", [b".dvc/cache/a.csv", b"dvc.yaml.csv", b"x.dvc/a.csv", b".dvc/plots/a.csv", b"a.toml"])
def test_what_only_lies_beside_it_is_not(path: bytes) -> None:
    assert not inspect.is_bookkeeping(path)


def test_bookkeeping_is_never_an_artifact_whatever_the_patterns_say(staging: Repo) -> None:
    staging.stage("dvc.yaml", b"stages: {}\n")
    staging.stage("a.yaml", b"a: 1\n")
    assert sorted_out(staging, Config(patterns=("*.yaml",)))[0].keys() == {b"a.yaml"}


def test_too_large_a_file_blocks_with_a_choice_of_remedies(staging: Repo) -> None:
    staging.stage("b c.txt", b"x" * 6 * MB)
    with pytest.raises(GuardError, match="too large for Git") as caught:
        inspect.check_staged(git.place(), Rules(Config()), index.entries("."))
    assert "b c.txt: 6.3 MB is more than max-size (5 MB)" in caught.value.problem
    assert "trinity-guard convert 'b c.txt'" in caught.value.remedy


def test_artifacts_are_named_with_size_and_reason(staging: Repo) -> None:
    staging.stage("a.csv", b"a,b\n")
    found = inspect.check_staged(git.place(), Rules(Config()), index.entries("."))
    error = inspect.refuse_artifacts(found, "a remedy")
    assert error.problem == "artifacts do not belong in Git:\n  a.csv (4 B): matches *.csv"


def test_a_blob_that_cannot_be_read_blocks(staging: Repo) -> None:
    staging.stage("a.bin", b"lost\n")
    oid = index.entries(".")[0].oid.decode()
    staging.file(f".git/objects/{oid[:2]}/{oid[2:]}").unlink()
    with pytest.raises(GuardError):
        sorted_out(staging)


def test_of_many_packed_blobs_git_is_asked_at_once(staging: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """`git gc` between `git add` and the commit packs what is staged, as does a `git add` of thousands of stand-ins."""
    for number in range(12):
        staging.stage(f"{number}.csv", standin.encode(f"{number:032x}", number), raw=True)
        staging.stage(f"{number}.bin", PICKLE + b"%d" % number, raw=True)
    # Git packs what a commit holds.
    staging.git("commit", "-q", "--no-verify", "-m", "work")
    staging.git("repack", "-a", "-d", "-q")
    assert staging.git("count-objects").stdout.startswith(b"0 ")
    asked: list[object] = []
    spawn = process.spawn

    def counted(*args: Any) -> git.Result:
        asked.append(args)
        return spawn(*args)

    monkeypatch.setattr("trinity_guard.git.plumbing.spawn", counted)
    artifacts, _ = sorted_out(staging)
    assert len(artifacts) == 24
    assert len(asked) <= 8, "not of each by itself"
