"""Who else holds a path: a DVC project, a directory, an import, a pipeline; refused with the command that helps."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable

import pytest

from tests.helpers.support import Repo, run
from trinity_guard import git
from trinity_guard.detect import owners
from trinity_guard.dvcrepo import paths, tracked
from trinity_guard.errors import GuardError

MD5 = b"d41d8cd98f00b204e9800998ecf8427e"


def pointer(path: bytes, suffix: bytes = b"", more: bytes = b"") -> bytes:
    return b"outs:\n- md5: %s%s\n  size: 0\n  hash: md5\n  path: %s\n%s" % (MD5, suffix, path, more)


@pytest.fixture
def staging(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    monkeypatch.chdir(bare_repo.path)
    bare_repo.stage(".dvc/config", b"")
    return bare_repo


def held(path: bytes) -> bytes | None:
    """Return the pointer that may be renewed for a path."""
    found = owners.refuse_held(tracked.load(git.place()).by_path(), path)
    return found.source if found else None


def test_a_file_belongs_to_the_nearest_project(staging: Repo) -> None:
    staging.stage("sub/.dvc/config", b"")
    assert owners.project_of(git.place(), b"a.csv") == b""
    assert owners.project_of(git.place(), b"sub/deep/a.csv") == b"sub"


def test_without_a_project_it_says_how_to_begin(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(bare_repo.path)
    with pytest.raises(GuardError, match="there is no DVC project here yet") as caught:
        owners.project_of(git.place(), b"a.csv")
    assert caught.value.remedy == "trinity-guard init"


def test_a_project_that_a_sparse_checkout_left_out_is_no_missing_one(staging: Repo) -> None:
    staging.file(".dvc/config").unlink()
    staging.file(".dvc").rmdir()
    with pytest.raises(GuardError, match="a sparse checkout"):
        owners.project_of(git.place(), b"a.csv")


@pytest.mark.parametrize(
    ("path", "why"),
    [
        (b"dvc.yaml", "files that Git, DVC or trinity-guard work by"),
        (b".dvc/a.csv", "lies in the folder .dvc"),
        (b".dvc/tmp/a.csv", "lies in .dvc/tmp/, where DVC keeps its own files"),
        (b"n\xff.csv", "DVC cannot hold"),
        (b"x" * 252 + b".dv", "DVC cannot hold"),
        (b"ignored/a.csv", "DVC is told to ignore it by"),
    ],
)
def test_a_name_that_dvc_cannot_hold_is_refused(staging: Repo, path: bytes, why: str) -> None:
    staging.write(".dvcignore", b"ignored/\n")
    with pytest.raises(GuardError, match=why):
        owners.refuse_name(git.place(), b"", path)


def test_what_keeps_a_store_out_of_git_spares_a_last_line_without_a_newline(staging: Repo) -> None:
    staging.write(".gitignore", b"*.log")
    path = b"my cache/files/md5/ab/" + b"c" * 30
    staging.stage(os.fsdecode(path), b"1")
    with pytest.raises(GuardError, match="where DVC keeps its own files") as caught:
        owners.refuse_name(git.place(), b"", path)
    run("sh", "-ec", caught.value.remedy, cwd=staging.path)
    staging.write("a.log", b"1")
    seen = staging.git("status", "--porcelain", "--untracked-files=all").stdout
    assert b"a.log" not in seen
    assert b"my cache" not in seen


@pytest.mark.parametrize("path", [b"a.csv", "é ü.csv".encode(), b"deep/a b.csv", b"-x.csv", b"new\nline.csv"])
def test_an_ordinary_name_is_not(staging: Repo, path: bytes) -> None:
    owners.refuse_name(git.place(), b"", path)


def test_its_own_pointer_may_be_renewed_and_a_new_file_has_none(staging: Repo) -> None:
    staging.stage("a.csv.dvc", pointer(b"a.csv"))
    assert held(b"a.csv") == b"a.csv.dvc"
    assert held(b"b.csv") is None


@pytest.mark.parametrize(
    ("name", "data", "path", "why"),
    [
        (
            "data.dvc",
            pointer(b"data", b".dir").replace(b"  hash: md5\n", b""),
            b"data/deep/a.csv",
            "lies in data/, which DVC holds as a whole",
        ),
        ("other.dvc", pointer(b"a.csv"), b"a.csv", "recorded in other.dvc, a pointer with more in it"),
        (
            "a.csv.dvc",
            pointer(b"a.csv", more=b"deps:\n- path: https://example.org/a.csv\n"),
            b"a.csv",
            "was imported by a.csv.dvc",
        ),
    ],
)
def test_another_holder_is_named(staging: Repo, name: str, data: bytes, path: bytes, why: str) -> None:
    staging.stage(name, data)
    with pytest.raises(GuardError, match=why) as caught:
        held(path)
    command = f"git rm -q --cached -- {os.fsdecode(path)}\n"
    assert command not in caught.value.remedy  # Git has not got it
    blob = staging.git("hash-object", "-w", name).stdout.decode().strip()
    staging.git("update-index", "--add", "--cacheinfo", f"100644,{blob},{os.fsdecode(path)}")
    with pytest.raises(GuardError, match=why) as caught:
        held(path)
    assert command in caught.value.remedy


def test_a_directory_s_pointer_may_be_renewed_for_what_lies_in_it(staging: Repo) -> None:
    staging.stage("data.dvc", pointer(b"data", b".dir"))
    assert held(b"data/deep/a.csv") == held(b"data") == b"data.dvc"
    assert held(b"data2/a.csv") is None


@pytest.mark.parametrize(
    ("path", "why"),
    [
        (b"d/n\xff.csv", "not UTF-8"),
        (b"d/.dvcignore", "no .dvcignore inside"),
        (b"d/a.csv.dvc", "a file that DVC works by"),
        (b"d/.git/x", "looks at nothing"),
        (b"d/ignored/a.csv", "DVC is told to ignore it by"),
    ],
)
def test_what_dvc_does_not_hold_in_a_directory_is_refused(staging: Repo, path: bytes, why: str) -> None:
    staging.write(".dvcignore", b"ignored/\n")
    with pytest.raises(GuardError, match=why) as caught:
        owners.refuse_member(git.place(), b"", b"d", path)
    assert caught.value.remedy.startswith("git rm -q --cached -- ")
    owners.refuse_member(git.place(), b"", b"d", b"d/.gitignore")


def test_a_pipeline_s_outputs_are_its_own(staging: Repo) -> None:
    staging.stage(
        "sub/dvc.yaml",
        b"stages:\n  fit:\n    cmd: x\n    outs:\n    - m.pkl\n    - d\n    metrics:\n"
        b"    - scores.csv:\n        cache: false\n",
    )
    pipelines = owners.Pipelines(git.place(), tracked.load(git.place()))
    assert not pipelines.belongs_in_git(b"sub/other.pkl")
    assert pipelines.belongs_in_git(b"sub/scores.csv")
    assert not pipelines.belongs_in_git(b"sub/m.pkl", refuse=False)
    for path in (b"sub/m.pkl", b"sub/d/in/it.csv"):
        with pytest.raises(GuardError, match=r"is an output of stage 'fit' in sub/dvc.yaml: DVC keeps it, not Git"):
            pipelines.belongs_in_git(path)


def test_what_a_pipeline_makes_is_declared_by_it(staging: Repo) -> None:
    staging.stage("dvc.yaml", b"stages:\n  s:\n    cmd: x\n    outs:\n    - o.csv\n")
    pipelines = owners.Pipelines(git.place(), tracked.load(git.place()))
    assert pipelines.declare(b"o.csv")
    assert not pipelines.declare(b"x.csv")


def test_what_a_pipeline_of_the_same_commit_leaves_to_git_is_its(staging: Repo) -> None:
    staging.stage("dvc.yaml", b"stages:\n  s:\n    cmd: x\n    metrics:\n    - m.csv:\n        cache: false\n")
    staging.commit()
    head = staging.head().encode()
    staging.stage("dvc.yaml", b"stages: {}\n")
    both = {(head, b"m.csv"), (b"", b"m.csv"), (head, b"other.csv")}
    assert owners.left_to_git(git.place(), both) == {(head, b"m.csv")}
    assert owners.left_to_git(git.place(), set()) == set()


def test_of_many_commits_a_few_are_asked_for_at_once(staging: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owners, "COMMITS_AT_ONCE", 2)
    asked: list[int] = []
    read_ids = git.read_ids

    def counted(names: Iterable[bytes]) -> list[bytes | None]:
        asked.append(len(listed := list(names)))
        return read_ids(listed)

    monkeypatch.setattr(git, "read_ids", counted)
    versions: list[tuple[bytes, bytes]] = []
    for n in range(5):
        cache = b"false" if n % 2 else b"true"
        staging.stage("dvc.yaml", b"stages:\n  s:\n    cmd: x\n    outs:\n    - m.csv:\n        cache: %s\n" % cache)
        staging.commit()
        versions.append((staging.head().encode(), b"m.csv"))
    assert owners.left_to_git(git.place(), versions) == {versions[1], versions[3]}
    assert asked == [6, 6, 3]  # of each commit dvc.yaml, dvc.lock and the file's own pointer


def test_what_no_commit_has_is_asked_of_none(staging: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    staging.stage("d/dvc.yaml", b"stages:\n  s:\n    cmd: x\n    metrics:\n    - m.csv:\n        cache: false\n")
    staging.commit()
    head = staging.head().encode()
    asked: list[bytes] = []
    read_ids = git.read_ids

    def noted(names: Iterable[bytes]) -> list[bytes | None]:
        asked.extend(listed := list(names))
        return read_ids(listed)

    monkeypatch.setattr(git, "read_ids", noted)
    versions = [(head, b"d/m.csv"), (head, b"d/other.csv")]
    assert owners.left_to_git(git.place(), versions, {b"d/dvc.yaml", b"d/m.csv", b"d/other.csv"}) == {versions[0]}
    assert asked == [head + b":d/dvc.yaml"]


@pytest.mark.parametrize("folder", ["", "sub/"])
def test_outputs_that_git_has_too_become_dvc_s_by_the_commands_that_are_printed(repo: Repo, folder: str) -> None:
    """All at once. Of a stage that was never recorded, or of which something changed since, `dvc commit` would ask."""
    repo.git("config", "core.hooksPath", "/dev/null")
    repo.stage(f"{folder}fit.py", b"1\n")
    repo.stage(
        f"{folder}dvc.yaml", b"stages:\n  fit:\n    cmd: python fit.py\n    deps: [fit.py]\n    outs: [m.pkl, n.pkl]\n"
    )
    for name in ("m", "n"):
        repo.stage(f"{folder}{name}.pkl", b"a model of old\n")
    repo.commit()
    repo.git("config", "--unset", "core.hooksPath")
    for name in ("m", "n"):
        repo.stage(f"{folder}{name}.pkl", b"a newer %s\n" % name.encode())
    refused = repo.commit(ok=False)
    assert refused.returncode
    assert refused.stderr.count(b"is an output of stage 'fit'") == 2
    commands = [line.strip() for line in refused.stderr.decode().splitlines() if line.startswith("    ")]
    for command in commands:
        repo.type_in(command)
    repo.commit()
    assert not repo.tracked(f"{folder}m.pkl")
    assert not repo.tracked(f"{folder}n.pkl")
    assert repo.tracked(f"{folder}dvc.lock")
    assert repo.file(f"{folder}m.pkl").read_bytes() == b"a newer m\n"


@pytest.mark.parametrize("store", ["dvc-storage", "sub/a [b] 's"])
def test_a_remote_in_the_work_tree_is_let_go_by_what_is_printed_and_taken_no_more(repo: Repo, store: str) -> None:
    repo.stage("m.pkl", 5000)
    repo.commit()
    shutil.copytree(repo.file(".dvc/cache"), repo.file(store))
    repo.git("add", "-A")
    refused = repo.commit(ok=False)
    assert refused.returncode
    for line in [line for line in refused.stderr.decode().splitlines() if line.startswith("    ")]:
        repo.type_in(line)
    assert repo.git("status", "--porcelain").stdout == b" M .gitignore\n"
    repo.git("add", "-A")
    repo.commit()
    assert not any(paths.store_of(path) for path in repo.tree())
    assert repo.file(store).is_dir()
