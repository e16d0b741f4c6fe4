"""What a commit, `convert PATH…` and `add PATH…` are about: whose files they are, and what is refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.convert.conftest import World, pointer
from trinity_guard.commands.hooks import behind
from trinity_guard.config import Config
from trinity_guard.convert import commit
from trinity_guard.convert.journal import Journal
from trinity_guard.detect import inspect
from trinity_guard.detect.patterns import Rules
from trinity_guard.errors import GuardError
from trinity_guard.git import index

PIPELINE = b"stages:\n  s:\n    cmd: x\n    metrics:\n    - m.csv: {cache: false}\n    outs:\n    - o.csv\n"


def artifacts(world: World, *names: bytes) -> list[inspect.Artifact]:
    return inspect.inspect(world.place, world.rules, world.entries(*names)).artifacts


# --- block


def test_artifacts_are_refused_each_by_name_size_and_reason(world: World) -> None:
    world.repo.stage("a.csv", 1200)
    world.repo.stage("d/é.pkl", 5)
    found = artifacts(world, b"a.csv", "d/é.pkl".encode())
    with pytest.raises(GuardError) as caught:
        commit.block(world.place, world.catalog(), found, "this helps")
    assert caught.value.problem == (
        "artifacts do not belong in Git:\n  a.csv (1.2 kB): matches *.csv\n  d/é.pkl (5 B): matches *.pkl"
    )
    assert caught.value.remedy == "this helps"


def test_what_others_keep_in_git_is_not_refused(world: World) -> None:
    world.repo.stage("dvc.yaml", PIPELINE)
    world.repo.stage(".gitattributes", b"lfs.csv filter=lfs\n")
    world.repo.stage("m.csv", 500)
    world.repo.stage("lfs.csv", 500)
    commit.block(world.place, world.catalog(), artifacts(world, b"m.csv", b"lfs.csv"), "")
    world.repo.stage("a.csv", 500)
    with pytest.raises(GuardError, match=r"\n  a\.csv ") as caught:
        commit.block(world.place, world.catalog(), artifacts(world, b"m.csv", b"a.csv"), "")
    assert "m.csv" not in caught.value.problem


def test_without_artifacts_not_even_a_broken_pointer_blocks(world: World) -> None:
    world.repo.stage("b.csv.dvc", b"no pointer\n")
    commit.block(world.place, world.catalog(), [], "")


# --- inside the commit under way


@pytest.fixture
def temporary(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A commit of some paths alone, which Git makes from an index that it throws away."""
    world.repo.stage("a.csv", 500)
    own = world.repo.path / ".git" / "next-index-1.lock"
    own.write_bytes((world.repo.path / ".git" / "index").read_bytes())
    monkeypatch.setenv("GIT_INDEX_FILE", str(own))
    return world


def install(world: World, text: str, mode: int = 0o755) -> None:
    hook = world.repo.path / ".git" / "hooks" / "post-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(text)
    hook.chmod(mode)


def convert_staged(world: World, framework: bool = False) -> list[bytes]:
    found = artifacts(world, b"a.csv")
    outcome = commit.convert_staged(world.place, world.catalog(), found, [], framework)
    return [i.path for i in outcome.converted]


def test_in_the_index_proper_no_hook_is_needed(world: World) -> None:
    world.repo.stage("a.csv", 500)
    assert convert_staged(world, framework=True) == [b"a.csv"]
    assert not Journal(world.place).exists()


@pytest.mark.parametrize("text", ["#!/bin/sh\nexec trinity-guard hook post-commit\n", "# https://pre-commit.com\n"])
def test_a_commit_of_some_paths_needs_our_post_commit_hook(temporary: World, text: str) -> None:
    install(temporary, text)
    assert convert_staged(temporary) == [b"a.csv"]
    assert Journal(temporary.place).exists()


@pytest.mark.parametrize(
    ("text", "mode"), [(None, 0), ("#!/bin/sh\n", 0o755), ("exec trinity-guard hook post-commit\n", 0o644)]
)
def test_without_it_the_commit_is_refused(temporary: World, text: str | None, mode: int) -> None:
    if text is not None:
        install(temporary, text, mode)
    with pytest.raises(GuardError, match="needs our post-commit hook, which is not installed") as caught:
        convert_staged(temporary)
    assert caught.value.remedy == "trinity-guard init     # or: git add the file, then a plain git commit"
    assert b"a.csv" in temporary.repo.index()


def test_under_the_framework_a_tracked_gitignore_speaks_against_it(temporary: World) -> None:
    install(temporary, "# https://pre-commit.com\n")
    temporary.repo.stage(".gitignore", b"*.tmp\n")
    with pytest.raises(GuardError, match="`git commit -- path` of an artifact would lose unstaged edits") as caught:
        convert_staged(temporary, framework=True)
    assert caught.value.remedy.startswith("git add a.csv && git commit ")
    assert convert_staged(temporary) == [b"a.csv"]


def test_under_the_framework_unstaged_edits_that_it_put_away_speak_against_it(
    temporary: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    install(temporary, "# https://pre-commit.com\n")
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path))
    patch = tmp_path / f"patch1700000000-{os.getppid()}"
    patch.touch()
    with pytest.raises(GuardError, match="would lose unstaged edits"):
        convert_staged(temporary, framework=True)
    patch.unlink()
    assert convert_staged(temporary, framework=True) == [b"a.csv"]


def test_a_symlink_where_a_pointer_holds_a_file_is_refused(world: World) -> None:
    world.repo.stage("d/a b.csv.dvc", pointer("a b.csv", b"x"))
    commit.refuse_links(world.catalog(), [])
    commit.refuse_links(world.catalog(), [b"other.csv"])
    with pytest.raises(
        GuardError, match=r"^d/a b\.csv is a symlink, and d/a b\.csv\.dvc holds that path already\.$"
    ) as caught:
        commit.refuse_links(world.catalog(), [b"other.csv", b"d/a b.csv"])
    assert caught.value.remedy == "git rm -q --cached -- 'd/a b.csv'"


def test_a_commit_that_the_conversion_left_empty_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.csv", "b.csv"):
        world.repo.stage(name, name.encode())
    world.convert(b"a.csv", b"b.csv")
    world.repo.commit()
    for name in ("a.csv", "b.csv"):
        world.repo.stage(name, name.encode())
    outcome = world.convert(b"a.csv", b"b.csv")
    with pytest.raises(GuardError, match=r"^nothing is left to commit: a\.csv, b\.csv is already recorded") as caught:
        commit.refuse_empty_commit(world.place, outcome)
    assert caught.value.remedy == "git status"
    with monkeypatch.context() as patched:
        patched.setattr("trinity_guard.git.caller.amending", lambda: True)
        commit.refuse_empty_commit(world.place, outcome)
    with monkeypatch.context() as patched:
        patched.setattr("trinity_guard.git.caller.may_be_empty", lambda: True)
        commit.refuse_empty_commit(world.place, outcome)
    merging = world.repo.path / ".git" / "MERGE_HEAD"
    merging.write_text(world.repo.head())
    commit.refuse_empty_commit(world.place, outcome)
    merging.unlink()
    world.repo.stage("notes.txt")
    commit.refuse_empty_commit(world.place, outcome)


# --- what nothing turned into pointers


def test_raw_artifacts_of_a_commit_are_those_that_are_nobody_else_s(world: World) -> None:
    world.repo.stage("dvc.yaml", PIPELINE)
    world.repo.stage("data.dvc", pointer("data", b"").replace(b"\n  size", b".dir\n  size", 1))
    for name in ("a.csv", "m.csv", "o.csv", "data/x.csv", "code.py"):
        world.repo.stage(name, b"a,b\n")
    entries = world.entries(b"a.csv", b"code.py", b"m.csv", b"o.csv", b"data/x.csv")
    found = commit.raw_in(world.place, world.rules, entries)
    assert [a.entry.path for a in found] == [b"a.csv", b"o.csv", b"data/x.csv"]
    assert commit.raw_in(world.place, world.rules, world.entries(b"code.py")) == []


# --- convert PATH…


def chosen(entries: list[index.Entry]) -> dict[bytes, bool]:
    """Return path -> whether it is taken as staged (else as the working tree has it)."""
    return {e.path: bool(e.oid) for e in entries}


def to_convert(world: World, *paths: bytes) -> dict[bytes, bool]:
    return chosen(commit.files_to_convert(world.place, world.catalog(), world.rules, paths))


def test_a_tracked_file_is_converted_as_staged_artifact_or_not(world: World) -> None:
    world.repo.stage("notes.txt", b"text\n")
    world.repo.stage("-[x]?.csv", b"a,b\n")
    world.repo.write("notes.txt", b"newer\n")
    assert to_convert(world, b"notes.txt", b"-[x]?.csv") == {b"notes.txt": True, b"-[x]?.csv": True}


@pytest.mark.parametrize("folder", [b"d", b""])
def test_of_a_folder_the_tracked_artifacts_are(world: World, folder: bytes) -> None:
    for name in ("d/a.csv", "d/e/b.pkl", "d/code.py", "d/.gitignore"):
        world.repo.stage(name, b"a,b\n")
    world.repo.write("d/untracked.csv")
    assert to_convert(world, folder) == {b"d/a.csv": True, b"d/e/b.pkl": True}


def test_what_a_pointer_holds_is_converted_as_it_is(world: World) -> None:
    world.repo.stage("a.csv.dvc", pointer("a.csv", b"older"))
    world.repo.write("a.csv", b"newer")
    assert to_convert(world, b"a.csv") == {b"a.csv": False}


def test_a_name_without_content_is_converted_as_it_is(world: World) -> None:
    world.repo.write("a.csv", b"a,b\n")
    world.repo.git("add", "-N", "a.csv")
    assert to_convert(world, b"a.csv") == {b"a.csv": False}
    world.repo.stage("empty.csv", b"")
    assert to_convert(world, b"empty.csv") == {b"empty.csv": True}


def test_what_is_named_twice_is_converted_once(world: World) -> None:
    world.repo.stage("d/a.csv", b"a,b\n")
    found = commit.files_to_convert(world.place, world.catalog(), world.rules, [b"d", b"d/a.csv"])
    assert [e.path for e in found] == [b"d/a.csv"]


def test_a_file_that_git_does_not_know_is_for_add(world: World) -> None:
    world.repo.write("a b.csv")
    with pytest.raises(GuardError, match=r"^a b\.csv is not tracked by Git\.$") as caught:
        to_convert(world, b"a b.csv")
    assert caught.value.remedy == "trinity-guard add 'a b.csv'"


def test_a_file_that_is_not_there_is_said(world: World) -> None:
    with pytest.raises(GuardError, match=r"^a\.csv: no such file\.$") as caught:
        to_convert(world, b"a.csv")
    assert caught.value.remedy == "git status"


def test_a_symlink_is_no_artifact(world: World) -> None:
    world.repo.file("a.csv").symlink_to("elsewhere")
    world.repo.git("add", "a.csv")
    with pytest.raises(GuardError, match=r"^a\.csv is not tracked by Git\.$"):
        to_convert(world, b"a.csv")


# --- add PATH…


def to_add(world: World, *paths: bytes) -> dict[bytes, bool]:
    return chosen(commit.files_to_add(world.place, world.catalog(), world.rules, paths))


def test_a_file_is_added_as_it_is_artifact_or_not_staged_or_not(world: World) -> None:
    world.repo.write("notes.txt")
    world.repo.stage("a.csv", b"a,b\n")
    assert to_add(world, b"notes.txt", b"a.csv") == {b"notes.txt": False, b"a.csv": False}


@pytest.mark.parametrize("folder", [b"d", b""])
def test_of_a_folder_the_artifacts_by_name_are_but_no_ignored_one_and_no_book_of_the_tools(
    world: World, folder: bytes
) -> None:
    world.repo.stage(".gitignore", b"ignored.csv\n")
    for name in ("untracked.csv", "[x]\n.pkl", "ignored.csv", "code.py", "e/b.csv.dvc", "e/.dvc/tmp/c.csv"):
        world.repo.write(f"d/{name}", b"a,b\n")
    world.repo.stage("d/tracked.csv", b"a,b\n")
    world.repo.file("d/link.csv").symlink_to("tracked.csv")
    world.repo.stage("d/gone.csv", b"a,b\n")
    world.repo.file("d/gone.csv").unlink()
    assert to_add(world, folder) == {b"d/[x]\n.pkl": False, b"d/tracked.csv": False, b"d/untracked.csv": False}


def test_of_a_folder_what_is_below_min_size_is_not_unless_a_pointer_holds_it(world: World) -> None:
    world.repo.stage("d/held.csv", b"a,b\n")
    world.convert(b"d/held.csv")
    world.repo.write("d/held.csv", b"small\n")
    world.repo.write("d/small.csv", b"small\n")
    world.repo.write("d/large.csv", b"as large as min-size asks\n")
    rules = Rules(Config(min_size=20))
    found = commit.files_to_add(world.place, world.catalog(), rules, [b"d"])
    assert {e.path for e in found} == {b"d/large.csv"}
    assert [o.path for o in behind.below(world.place, world.catalog(), [b"d"]).recorded] == [b"d/held.csv"]


@pytest.mark.parametrize("folder", [b"d", b""])
def test_of_a_folder_what_changed_behind_its_pointer_is_and_what_did_not_is_not(world: World, folder: bytes) -> None:
    for path in (b"d/same.csv", b"d/changed.csv", b"d/touched.csv", b"other/changed.csv"):
        world.repo.stage(path, b"a,b\n")
        world.convert(path)
    for name in ("d/changed.csv", "other/changed.csv"):
        world.repo.write(name, b"longer than before\n")
    os.utime(world.repo.file("d/touched.csv"), (1, 1))
    decision = behind.below(world.place, world.catalog(), [folder])
    assert {o.path for o in decision.recorded} == {b"d/changed.csv"} | (set() if folder else {b"other/changed.csv"})
    assert decision.named == []
    assert to_add(world, folder) == {}


def test_what_git_tracks_beside_its_pointer_is_added_though_it_is_as_it_was(world: World) -> None:
    world.repo.stage("d/a.csv", b"a,b\n")
    world.convert(b"d/a.csv")
    assert to_add(world, b"d") == {}
    world.repo.git("add", "-f", "d/a.csv")
    assert to_add(world, b"d") == {b"d/a.csv": False}


def test_what_lost_its_line_in_the_gitignore_is_added_for_the_line(world: World) -> None:
    world.repo.stage("d/a.csv", b"a,b\n")
    world.convert(b"d/a.csv")
    world.repo.file("d/.gitignore").unlink()
    assert to_add(world, b"d") == {b"d/a.csv": False}


@pytest.mark.parametrize("target", ["file", "none"])
def test_a_symlink_is_not_added(world: World, target: str) -> None:
    world.repo.write("file")
    world.repo.file("a.csv").symlink_to(target)
    with pytest.raises(GuardError, match=r"^a\.csv is a symlink, not a file\.$") as caught:
        to_add(world, b"a.csv")
    assert "dvc unprotect a.csv" in caught.value.remedy


def test_what_is_no_file_is_said(world: World) -> None:
    os.mkfifo(world.repo.file("pipe.csv"))
    for path, why in ((b"pipe.csv", "no ordinary file"), (b"none.csv", "no such file")):
        with pytest.raises(GuardError, match=rf"^{os.fsdecode(path)}: {why}\.$"):
            to_add(world, path)


@pytest.mark.parametrize("name", ["MERGE_HEAD", "REVERT_HEAD", "CHERRY_PICK_HEAD", "rebase-merge/onto"])
def test_what_others_committed_is_told_from_what_is_done_here(world: World, name: str) -> None:
    assert not commit.arriving(world.place)
    file = world.repo.path / ".git" / name
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(b"")
    assert commit.arriving(world.place)
