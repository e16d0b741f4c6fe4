"""A history moved to DVC as teams do it: over a mirror, a service, hooks; and every old byte is there."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.migrations import Legacy, make_legacy, out, refused
from tests.helpers.servers import Service
from tests.helpers.support import KB, Repo, objects, require, run

NO_HOOKS = ("-c", "core.hooksPath=/dev/null")


@pytest.fixture
def legacy(tmp_path: Path) -> Legacy:
    return make_legacy(tmp_path / "work")


def artifacts(repo: Repo, commit: str) -> dict[str, bytes]:
    names = (path.decode() for path in repo.tree(commit) if path.endswith((b".pkl", b".csv")))
    return {name: repo.git("cat-file", "blob", f"{commit}:{name}").stdout for name in names}


def assert_every_old_commit_is_pulled(server: Repo, state: Path, old: dict[str, dict[str, bytes]]) -> None:
    """Clone, and for each commit of before: its new one gives the same bytes."""
    clone = Repo(server.path.parent / "a-fresh-clone")
    run("git", "clone", "-q", server.path, clone.path)
    ids = dict(line.split() for line in (state / "commit-map").read_text().splitlines())
    assert set(ids) == set(old)
    for commit, files in old.items():
        clone.git("checkout", "-q", "--detach", ids[commit])
        clone.dvc("pull", "-q")
        for name, data in files.items():
            assert clone.file(name).read_bytes() == data, (commit, name)


@pytest.mark.slow
def test_over_a_mirror_clone_to_the_server_and_to_everybody(legacy: Legacy, tmp_path: Path) -> None:
    server = Repo(tmp_path / "server.git")
    run("git", "clone", "-q", "--bare", legacy.path, server.path)
    old = {c: artifacts(server, c) for c in server.git("rev-list", "--all").stdout.decode().split()}
    mirror = Repo(tmp_path / "mirror.git")
    run("git", "clone", "-q", "--mirror", server.path, mirror.path)
    said = out(mirror, "run", "--everything", "--yes", "--push", "--remote", str(tmp_path / "storage"))
    [push] = [line.strip() for line in said.splitlines() if "push --force" in line]
    mirror.git(*shlex.split(push)[1:])
    # The old history, which the mirror keeps, is not published again.
    assert b"trinity-guard" not in server.git("for-each-ref").stdout
    assert_every_old_commit_is_pulled(server, mirror.path / "trinity-guard" / "migrate", old)
    out(mirror, "finish", "--yes")
    server.git("reflog", "expire", "--expire=now", "--all")
    server.git("gc", "-q", "--prune=now")
    for repo in (mirror, server):
        everything = repo.git("cat-file", "--batch-all-objects", "--batch-check").stdout
        assert all(int(line.split()[2]) < 2 * KB for line in everything.splitlines())


@pytest.mark.slow
def test_to_a_service_whose_settings_the_repository_has(
    repo: Repo, start_service: Callable[[str], Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    start_service("s3").configure(repo)
    repo.git("add", ".dvc/config")
    repo.git(*NO_HOOKS, "commit", "-q", "-m", "our bucket")
    legacy = Legacy(repo.path)
    first = legacy.stage("models/a.pkl", 30 * KB)
    legacy.git(*NO_HOOKS, "commit", "-q", "-m", "raw")
    legacy.stage("models/a.pkl", 40 * KB)
    legacy.git(*NO_HOOKS, "commit", "-q", "-m", "raw again")
    # Nobody has confirmed that bucket on this machine.
    before = legacy.refs()
    assert "remote trust" in refused(legacy, "run", "--yes", "--push")
    assert legacy.refs() == before
    legacy.guard("remote", "trust")
    assert "has all 2 objects (2 sent now)" in out(legacy, "run", "--yes", "--push")
    assert legacy.pulled_in_a_fresh_clone("models/a.pkl", legacy.head_of("HEAD~1")) == first
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    assert "every byte is there" in out(legacy, "verify")


@pytest.mark.slow
def test_a_bare_repository_takes_the_remote_from_its_heads_config(
    make_repo: Callable[..., Repo], start_service: Callable[[str], Service], tmp_path: Path
) -> None:
    repo = make_repo(filters=False)
    start_service("s3").configure(repo)
    repo.git("add", ".dvc/config")
    repo.stage("models/a.pkl", 30 * KB)
    repo.git(*NO_HOOKS, "commit", "-q", "-m", "raw")
    bare = Repo(tmp_path / "bare.git")
    run("git", "clone", "-q", "--bare", repo.path, bare.path)
    done = bare.guard("migrate", "run", "--yes", "--push", TRINITY_GUARD_TRUST="1")
    assert b"the DVC remote 'service' has all 1 objects (1 sent now)" in done.stdout


def test_a_bare_repository_cannot_follow_an_address_relative_to_a_work_tree(repo: Repo, tmp_path: Path) -> None:
    repo.dvc("remote", "modify", "storage", "url", "../../elsewhere")
    repo.stage("models/a.pkl", 30 * KB)
    repo.git(*NO_HOOKS, "commit", "-q", "-a", "-m", "raw")
    bare = Repo(tmp_path / "bare.git")
    run("git", "clone", "-q", "--bare", repo.path, bare.path)
    assert "relative to a work tree" in refused(bare, "run", "--yes", "--push", code=2)


@pytest.mark.slow
def test_the_gate_lets_the_new_history_pass_and_not_the_old_one(repo: Repo, tmp_path: Path) -> None:
    legacy = Legacy(repo.path)
    server = tmp_path / "server.git"
    run("git", "clone", "-q", "--bare", legacy.path, server)
    legacy.git("remote", "add", "origin", str(server))
    legacy.git("fetch", "-q")
    published = legacy.head()
    legacy.stage("models/a.pkl", 30 * KB)
    legacy.git(*NO_HOOKS, "commit", "-q", "-m", "raw")
    legacy.stage("models/a.pkl", 40 * KB)
    legacy.git(*NO_HOOKS, "commit", "-q", "-m", "raw again")
    assert legacy.git("push", "-q", "origin", "main", ok=False).returncode
    out(legacy, "run", "--ref", "main", "--yes")
    # What was published keeps its id, so that no force is needed.
    assert legacy.head_of("main~2") == published
    legacy.git("push", "-q", "origin", "main")
    assert set(objects(legacy.storage / "files" / "md5")) == set(legacy.cached())
    assert "Git's objects" in out(legacy, "finish", "--yes")


@pytest.mark.slow
def test_only_what_no_remote_has_is_rewritten_when_asked_for(legacy: Legacy, tmp_path: Path) -> None:
    server = tmp_path / "server.git"
    run("git", "clone", "-q", "--bare", legacy.path, server)
    legacy.git("remote", "add", "origin", str(server))
    legacy.git("fetch", "-q", "origin")
    published = legacy.head()
    legacy.add("models/b.pkl", 30 * KB)
    legacy.git("checkout", "-q", "-b", "topic", "main~1")
    legacy.stage("models/b.pkl", 3 * KB)
    legacy.git("commit", "-q", "-m", f"As in {published[:9]}, from {legacy.head_of('main')}")
    legacy.git("merge", "-q", "--no-edit", "-s", "ours", "main")
    old = legacy.head_of("topic")
    told = json.loads(out(legacy, "info", "--ref", "topic", "--unpublished", "--format", "json"))
    assert told["commits"] == 3
    before = artifacts(legacy, old)
    out(legacy, "run", "--ref", "topic", "main", "--unpublished", "--yes", "--push")
    assert legacy.head_of("main~1") == published
    assert legacy.head_of("topic^^") == published
    assert {"models/a.pkl", "models/b.pkl"} <= set(artifacts(legacy, old))
    assert artifacts(legacy, "main~1").keys() == {"models/a.pkl", "data/t.csv"}
    assert not artifacts(legacy, "topic")
    assert not artifacts(legacy, "main")
    assert legacy.git("log", "-1", "--format=%s", "topic^").stdout.decode() == (
        f"As in {published[:9]}, from {legacy.head_of('main')}\n"
    )
    assert "7 commits compared, 3 of them new" in out(legacy, "verify")
    legacy.git("push", "-q", "origin", "main", "topic")
    assert legacy.pulled_in_a_fresh_clone("models/b.pkl", legacy.head_of("topic")) == before["models/b.pkl"]
    out(legacy, "undo")
    assert legacy.head_of("topic") == old


def test_what_is_published_must_be_known(legacy: Legacy) -> None:
    assert "git fetch" in refused(legacy, "run", "--unpublished", "--yes", code=2)


@pytest.mark.slow
def test_it_works_from_a_folder_below_the_top(legacy: Legacy, tmp_path: Path) -> None:
    below = Repo(legacy.path / "models")
    out(below, "run", "--everything", "--yes", "--push", "--remote", "../../storage")
    assert len(objects(tmp_path / "storage" / "files" / "md5")) == 4
    out(below, "verify")
    out(below, "undo")
    assert legacy.tracked("models/a.pkl")


@pytest.mark.parametrize("line", ["data/** filter=lfs", "*.csv* filter=lfs"])
def test_a_filter_that_would_take_hold_of_the_pointers_is_refused_and_the_advice_helps(
    legacy: Legacy, line: str
) -> None:
    if run("git", "lfs", "version", ok=False).returncode:
        require("git-lfs")
    legacy.add(".gitattributes", line.encode() + b"\n")
    # What Git has looked at before there was a filter, it does not look at again.
    for file in (legacy.file("data/t.csv"), legacy.file("models/a.pkl"), legacy.file(".gitattributes")):
        os.utime(file, (1_600_000_000,) * 2)
    legacy.git("update-index", "-q", "--refresh")
    legacy.git("lfs", "install", "--local")
    before = legacy.refs()
    done = legacy.guard("migrate", "run", "--yes", ok=False)
    assert done.returncode == 2
    assert legacy.refs() == before
    said = done.stderr.decode()
    assert "data/t.csv.dvc" in said
    for advice in (text.partition("     #")[0].strip() for text in said.splitlines() if text.startswith("    ")):
        run("sh", "-c", advice, cwd=legacy.path)
    legacy.guard("migrate", "run", "--yes")
    assert legacy.git("status", "--porcelain").stdout == b""
    assert legacy.tracked("data/t.csv.dvc")
    legacy.guard("migrate", "undo")


def test_a_bare_repository_in_a_folder_named_git_finds_room_beside_its_own_folder(
    legacy: Legacy, tmp_path: Path
) -> None:
    (tmp_path / "x").mkdir()
    run("git", "clone", "-q", "--bare", legacy.path, tmp_path / "x/.git")
    bare = Repo(tmp_path / "x/.git")
    out(bare, "run", "--everything", "--yes", "--push")
    assert objects(tmp_path / "x-dvc-storage/files/md5")


@pytest.mark.slow
def test_messages_keep_the_ids_that_they_name_when_asked_to(legacy: Legacy, tmp_path: Path) -> None:
    named = legacy.head_of("HEAD~1")
    legacy.git("commit", "-q", "--allow-empty", "-m", f"see {named[:12]}")
    storage = str(tmp_path / "storage")
    out(legacy, "run", "--yes", "--remote", storage)
    assert f"see {named[:12]}" not in legacy.git("log", "-1", "--format=%s").stdout.decode()
    out(legacy, "undo")
    out(legacy, "run", "--yes", "--remote", storage, "--preserve-commit-hashes")
    assert legacy.head_of("HEAD~2") != named
    assert f"see {named[:12]}\n" == legacy.git("log", "-1", "--format=%s").stdout.decode()
    assert "every byte is there" in out(legacy, "verify")


def test_a_branch_is_taken_by_another_name_that_stands_for_it(legacy: Legacy, tmp_path: Path) -> None:
    legacy.git("symbolic-ref", "refs/heads/trunk", "refs/heads/side")
    main, side = legacy.head_of("main"), legacy.head_of("side")
    out(legacy, "run", "--ref", "trunk", "--yes", "--remote", str(tmp_path / "storage"))
    assert legacy.head_of("side") != side
    assert legacy.head_of("main") == main
    assert legacy.git("symbolic-ref", "refs/heads/trunk").stdout == b"refs/heads/side\n"
    assert legacy.head_of("trunk") == legacy.head_of("side")


@pytest.mark.slow
def test_what_is_hidden_from_dvc_today_is_pulled_in_an_older_commit(legacy: Legacy, tmp_path: Path) -> None:
    """An older commit has no DVC files of its own, and gets none that hide its data from DVC."""
    legacy.add("raw/x.csv", b"old data\n")
    old = legacy.head_of("HEAD")
    legacy.git("rm", "-q", "raw/x.csv")
    legacy.guard("init", "--remote", str(tmp_path / "storage"), "--hooks", "none")
    with legacy.file(".dvcignore").open("a") as file:
        file.write("raw/\n")
    legacy.git("add", "-A")
    legacy.git("commit", "-q", "-m", "Keep raw data out of DVC")
    kept = legacy.file(".dvcignore").read_bytes()
    legacy.guard("migrate", "run", "--yes", "--push")
    ids = dict(line.split() for line in (legacy.state / "commit-map").read_text().splitlines())
    assert legacy.git("show", "HEAD:.dvcignore").stdout == kept
    clone = Repo(tmp_path / "fresh")
    run("git", "clone", "-q", legacy.path, clone.path)
    clone.git("checkout", "-q", "--detach", ids[old])
    clone.dvc("pull", "-q")
    assert clone.file("raw/x.csv").read_bytes() == b"old data\n"


def test_a_submodule_says_that_the_project_above_records_old_commits(legacy: Legacy, tmp_path: Path) -> None:
    top = Legacy(tmp_path / "top")
    top.path.mkdir()
    top.git("init", "-q", "-b", "main")
    top.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(legacy.path), "sub")
    top.git("commit", "-q", "-m", "with a submodule")
    inner = Legacy(top.path / "sub")
    assert "this is a submodule" in out(inner, "run", "--yes", "--remote", str(tmp_path / "storage"))
    assert top.git("status", "--porcelain").stdout == b" M sub\n"
    out(inner, "undo")
    assert top.git("status", "--porcelain").stdout == b""
    assert "this is a submodule" not in out(legacy, "info")
