"""`migrate run --engine bfg` and `--engine filter-repo`: the real tools, and no byte lost by them."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

import pytest

from tests.helpers.migrations import Legacy, make_legacy, out, refused
from tests.helpers.support import KB, PROJECT, Repo, objects, require, run

pytestmark = pytest.mark.slow  # a minute and more together; .ci/run runs it with the other slow proofs

JAR = PROJECT / ".servers" / "bfg.jar"
FILTER_REPO = PROJECT / ".servers" / "filter-repo" / "bin"


@pytest.fixture
def legacy(tmp_path: Path) -> Legacy:
    return make_legacy(tmp_path / "work")


@pytest.fixture(params=["bfg", "filter-repo"])
def tool(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    name = str(request.param)
    if name == "bfg":
        jar = Path(os.environ.get("BFG_JAR") or JAR)
        if not jar.is_file():
            require("the BFG jar")
        if shutil.which("java") is None:
            require("Java")
        monkeypatch.setenv("BFG_JAR", str(jar))
    else:
        monkeypatch.setenv("PATH", f"{FILTER_REPO}{os.pathsep}{os.environ['PATH']}")
        if shutil.which("git-filter-repo") is None:
            require("git-filter-repo")
    return name


def versions(repo: Repo) -> dict[tuple[str, str], bytes]:
    """(commit, path) -> bytes of each version of each artifact, told by Git itself."""
    found = {}
    for commit in repo.git("rev-list", "--all").stdout.decode().split():
        for path in repo.tree(commit):
            if path.endswith((b".pkl", b".csv")):
                found[commit, path.decode()] = repo.git("cat-file", "blob", f"{commit}:{path.decode()}").stdout
    return found


def names(repo: Repo) -> set[str]:
    log = repo.git("log", "-z", "--format=", "--name-only", "--no-renames", "--branches", "--tags").stdout
    return {os.fsdecode(name) for name in log.split(b"\0") if name}


def test_every_byte_is_safe_and_told_before_the_tool_deletes_it(legacy: Legacy, tool: str) -> None:
    before = versions(legacy)
    old = legacy.refs()
    assert {"models/a.pkl", "data/t.csv", "models/side.pkl"} < names(legacy)
    said = out(legacy, "run", "--everything", "--engine", tool, "--yes", "--push")
    assert "has all 4 objects (4 sent now)" in said
    assert f"{tool} rewrote all refs; 4 objects" in said
    # The history has them no more, and every ref that had one is another.
    assert not {"models/a.pkl", "data/t.csv", "models/side.pkl"} & names(legacy)
    assert all(legacy.refs()[name] != old[name] for name in old)
    # Every version is in the cache and on the remote, under the md5 that the manifest tells.
    cached = legacy.cached()
    assert cached == objects(legacy.storage / "files" / "md5")
    told = [json.loads(line) for line in (legacy.state / "manifest.jsonl").read_text().splitlines()]
    assert len(told) == 4
    for entry in told:
        data = before[entry["commit"], entry["path"]]
        assert entry["md5"] == hashlib.md5(data, usedforsecurity=False).hexdigest()
        assert cached[entry["md5"]] == data
        assert entry["size"] == len(data)
    assert {(e["path"], e["md5"]) for e in told} == {
        (path, hashlib.md5(data, usedforsecurity=False).hexdigest()) for (_, path), data in before.items()
    }


def test_the_newest_state_of_every_branch_keeps_its_data(legacy: Legacy, tool: str) -> None:
    was = {name: legacy.show(name) for name in ("models/a.pkl", "data/t.csv")}
    side = legacy.show("models/side.pkl", "side")
    out(legacy, "run", "--everything", "--engine", tool, "--yes", "--push")
    assert legacy.git("status", "--porcelain").stdout == b""
    assert {name: legacy.file(name).read_bytes() for name in was} == was
    assert {p.name for p in legacy.path.iterdir()} == {
        ".git", ".dvc", ".dvcignore", "code.py", "models", "data"
    }  # fmt: skip
    for name, data in was.items():
        assert legacy.pulled_in_a_fresh_clone(name) == data
    assert legacy.pulled_in_a_fresh_clone("models/side.pkl", "origin/side") == side


def test_what_is_no_artifact_keeps_its_bytes_and_commits_their_number(legacy: Legacy, tool: str) -> None:
    count = int(legacy.git("rev-list", "--count", "main").stdout)
    messages = legacy.git("log", "--format=%B%an%ae%at%ct", "main").stdout
    out(legacy, "run", "--everything", "--engine", tool, "--yes")
    assert int(legacy.git("rev-list", "--count", "main").stdout) == count + 1
    assert legacy.git("log", "--format=%B%an%ae%at%ct", "main~1").stdout == messages
    assert legacy.show("code.py", "v1") == b"print(1)\n"


def test_an_undo_puts_back_all_but_the_cache(legacy: Legacy, tool: str, tmp_path: Path) -> None:
    before, config = legacy.everything(), legacy.file(".git/config").read_bytes()
    said = out(legacy, "run", "--everything", "--engine", tool, "--yes", "--remote", str(tmp_path / "store"))
    assert "  trinity-guard migrate undo\n" in said
    assert "trusted" in legacy.file(".git/config").read_text()
    for command in ("verify", "finish"):
        assert "another tool has rewritten this history" in refused(legacy, command, code=2)
    assert "is back at" in out(legacy, "undo")
    assert legacy.everything() == before
    assert legacy.file(".git/config").read_bytes() == config
    assert "no migration to undo" in refused(legacy, "undo", code=2)


def test_an_undo_loses_no_commit_that_was_made_since(legacy: Legacy, tool: str) -> None:
    out(legacy, "run", "--everything", "--engine", tool, "--yes")
    legacy.git("commit", "-q", "--allow-empty", "-m", "since")
    before = legacy.refs()
    assert "was moved by somebody else" in refused(legacy, "undo", code=2)
    assert legacy.refs() == before


def test_in_a_bare_repository_too(legacy: Legacy, tool: str, tmp_path: Path) -> None:
    bare = Repo(tmp_path / "bare.git")
    run("git", "clone", "-q", "--mirror", legacy.path, bare.path)
    storage = tmp_path / "storage"
    out(bare, "run", "--everything", "--engine", tool, "--yes", "--push", "--remote", str(storage))
    assert len(objects(storage / "files" / "md5")) == 4
    assert "models/a.pkl" not in names(bare)
    assert bare.pulled_in_a_fresh_clone("models/a.pkl") == legacy.file("models/a.pkl").read_bytes()
    assert {p.name for p in tmp_path.iterdir() if "bfg-report" in p.name} == set()


def test_objects_that_cannot_go_to_the_remote_are_not_deleted(legacy: Legacy, tool: str) -> None:
    before = legacy.everything()
    legacy.storage.write_bytes(b"in the way")
    assert refused(legacy, "run", "--everything", "--engine", tool, "--yes", "--push")
    assert legacy.everything() == before


@pytest.mark.parametrize("gone", [False, True])
def test_an_address_that_was_typed_is_known_to_a_later_push(
    legacy: Legacy, tool: str, tmp_path: Path, gone: bool
) -> None:
    """Whether the newest commit has an artifact, and with it a DVC config, or not."""
    if gone:
        legacy.git("rm", "-q", "-r", "models", "data")
        legacy.git("commit", "-q", "-m", "drop them")
    out(legacy, "run", "--everything", "--yes", "--engine", tool, "--remote", str(tmp_path / "typed"))
    assert legacy.tracked(".dvc/config") is not gone
    assert legacy.git("config", "--get-all", "trinity-guard.trusted").stdout.decode() == f"{tmp_path / 'typed'}\n"
    out(legacy, "push")
    assert len(objects(tmp_path / "typed" / "files" / "md5")) == 4


def test_an_lfs_pointer_whose_object_is_elsewhere_is_not_deleted(legacy: Legacy, tool: str) -> None:
    legacy.add("far.pkl", b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 12\n")
    before = legacy.everything()
    assert "git lfs fetch --all" in refused(legacy, "run", "--everything", "--engine", tool, "--yes", code=2)
    assert legacy.everything() == before


def test_filter_repo_deletes_exactly_what_is_selected_and_bfg_says_that_it_cannot(legacy: Legacy, tool: str) -> None:
    legacy.add("new\nline.pkl", 3 * KB)
    before = legacy.everything()
    args = ["run", "--everything", "--engine", tool, "--yes", "--include", "*.pkl", "--exclude", "models/side.pkl"]
    if tool == "bfg":
        assert "BFG knows no exceptions" in refused(legacy, *args, code=2)
        assert legacy.everything() == before
        return
    out(legacy, *args)
    assert "models/side.pkl" in names(legacy)
    assert "data/t.csv" in names(legacy)
    assert not {"models/a.pkl", "new\nline.pkl"} & names(legacy)


def test_a_tool_that_fails_is_told_with_its_own_words(legacy: Legacy, tmp_path: Path) -> None:
    if shutil.which("java") is None:
        require("Java")
    (tmp_path / "no.jar").write_bytes(b"not a jar")
    jar = str(tmp_path / "no.jar")
    said = refused(legacy, "run", "--everything", "--engine", "bfg", "--bfg-jar", jar, "--yes")
    assert "bfg failed (exit code 1): Error: Invalid or corrupt jarfile" in said
    assert "every byte is safe in the DVC cache" in said


def test_a_missing_tool_is_an_error_that_says_where_to_get_it(legacy: Legacy, tmp_path: Path) -> None:
    before = legacy.everything()
    args = ["run", "--everything", "--yes", "--engine"]
    said = refused(legacy, *args, "bfg", code=2, BFG_JAR="")
    assert "com.madgag:bfg" in said
    assert "there is no file /nowhere.jar" in refused(legacy, *args, "bfg", "--bfg-jar", "/nowhere.jar", code=2)
    git_only = tmp_path / "bin"
    git_only.mkdir()
    (git_only / "git").symlink_to(str(shutil.which("git")))
    (tmp_path / "x.jar").write_bytes(b"")
    said = refused(legacy, *args, "bfg", "--bfg-jar", str(tmp_path / "x.jar"), code=2, PATH=str(git_only))
    assert "BFG needs Java" in said
    assert "pip install git-filter-repo" in refused(legacy, *args, "filter-repo", code=2, PATH=str(git_only))
    assert legacy.everything() == before


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ([], "all branches and tags or none."),
        (["--ref", "main"], "all branches and tags or none."),
        (["--everything", "--dry-run"], "all branches and tags and knows no --dry-run."),
        (["--everything", "--unpublished"], "and knows no --unpublished."),
        (["--everything", "--preserve-commit-hashes"], "and knows no --preserve-commit-hashes."),
    ],
)
def test_the_tools_rewrite_all_refs_or_none(legacy: Legacy, args: list[str], words: str) -> None:
    before = legacy.everything()
    said = refused(legacy, "run", "--engine", "bfg", "--yes", *args, code=2)
    assert "--engine bfg rewrites " in said
    assert words in said
    assert legacy.everything() == before


def test_a_jar_is_for_bfg_alone(legacy: Legacy) -> None:
    before = legacy.everything()
    assert "--bfg-jar is for --engine bfg" in refused(legacy, "run", "--bfg-jar", "x", "--yes", code=2)
    assert legacy.everything() == before
