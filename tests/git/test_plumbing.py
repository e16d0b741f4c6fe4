"""Running git: output, failures with its own words, configuration, objects by one process."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.git.conftest import blobs
from tests.helpers.support import Repo
from trinity_guard.errors import GuardError
from trinity_guard.git import plumbing
from trinity_guard.git.process import Result


def test_run_gives_the_output_and_attempt_the_code_too(
    here: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert plumbing.run("rev-parse", b"HEAD").strip() == here.head().encode()
    assert plumbing.attempt("rev-parse", "-q", "--verify", "none").code == 1
    monkeypatch.chdir(tmp_path)
    assert plumbing.run("rev-parse", "HEAD", at=os.fsencode(here.path)).strip() == here.head().encode()


def test_what_git_says_line_by_line_is_written_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of thousands of paths and commits each line would be a call of its own on both sides."""
    (tmp_path / "git").write_text('#!/bin/sh\nprintf %s "$GIT_FLUSH"\n')
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert plumbing.run("check-attr") == plumbing.run("check-attr", env={"GIT_FLUSH": "1"}) == b"0"
    monkeypatch.delenv("GIT_FLUSH", raising=False)
    # Filters and hooks that it starts may wait for each line of a check-attr of theirs.
    assert plumbing.run("checkout") == b""
    assert plumbing.run("checkout", env={**os.environ, "GIT_FLUSH": "1"}) == b"1"


def test_a_failure_has_git_s_words_and_blocks() -> None:
    with pytest.raises(GuardError) as refused:
        plumbing.run("cat-file", "-p", "no\x1bsuch", "x", "y")
    assert refused.value.exit_code == 1
    assert refused.value.problem.startswith("`git cat-file -p no\\x1bsuch x` failed: ")
    silent = plumbing.failure(("x",), Result(9, b"", b""))
    assert silent.problem == "`git x` failed: exit code 9"


def test_a_started_git_is_collected_later(here: Repo) -> None:
    first, second = plumbing.start("rev-parse", "HEAD"), plumbing.start("rev-parse", "--verify", "none")
    assert plumbing.finish(first).strip() == here.head().encode()
    with pytest.raises(GuardError, match="rev-parse --verify none"):
        plumbing.finish(second)
    assert plumbing.collect(plumbing.start("rev-parse", "-q", "--verify", "none")).code == 1


def test_a_stream_comes_in_pieces_and_its_failure_at_the_end(here: Repo) -> None:
    data = os.urandom(500_000)
    [oid] = blobs(here, [data])
    pieces = list(plumbing.stream("cat-file", "blob", oid))
    assert len(pieces) > 1
    assert b"".join(pieces) == data
    with pytest.raises(GuardError, match="exit code"):
        list(plumbing.stream("cat-file", "blob", "none"))


def test_a_value_of_the_configuration(here: Repo) -> None:
    here.git("config", "x.text", "é and space ")
    here.git("config", "x.flag", "yes")
    assert plumbing.config("x.text") == "é and space "
    assert plumbing.config("x.flag", "bool") == "true"
    assert plumbing.config("x.none") is None
    with pytest.raises(GuardError, match=r"config --get x\.text"):
        plumbing.config("x.text", "int")


def test_parents_and_the_empty_tree(here: Repo) -> None:
    assert plumbing.parents() == []
    first = here.head().encode()
    here.stage("new", b"new")
    here.commit()
    assert plumbing.parents() == [first]
    assert plumbing.parents("none") is None
    assert plumbing.empty_tree() == b"4b825dc642cb6eb9a060e54bf8d69288fbee4904"


def test_commits_are_read_as_others_get_them(here: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    old = here.head()
    here.stage("new", b"new")
    here.commit()
    here.git("replace", here.head(), old)
    assert b"new" not in here.tree()
    monkeypatch.setenv("GIT_NO_REPLACE_OBJECTS", "")  # put back after the test
    monkeypatch.setenv("GIT_GRAFT_FILE", "")
    plumbing.as_pushed()
    out = plumbing.run("ls-tree", "--name-only", "HEAD", "new")
    assert out == b"new\n"


def test_pathspecs_are_ours_again_and_a_literal_path_is_one(here: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ("LITERAL", "GLOB", "NOGLOB", "ICASE"):
        monkeypatch.setenv(f"GIT_{kind}_PATHSPECS", "1")
    plumbing.forget_pathspec_options()
    assert plumbing.run("ls-files", "*.csv") == b"a.csv\n"
    assert plumbing.run("ls-files", "*", env=plumbing.literal()) == b"*\n"
    assert here.index()


# ---- objects


def test_many_objects_come_from_one_process_in_their_order(here: Repo) -> None:
    contents = [b"", b"x", b"with\nlines\n", os.urandom(200_000)]
    ids = blobs(here, contents)
    wanted = [ids[2], b"0" * 40, ids[0], b"HEAD:a.csv", b"HEAD:no such", ids[3], ids[1]]
    found = plumbing.read_all(wanted)
    assert found == [contents[2], None, contents[0], b"a.csv", None, contents[3], contents[1]]
    assert plumbing.read_all([]) == []


def test_the_ids_of_expressions(here: Repo) -> None:
    names = [b"HEAD", b"HEAD:a.csv", b"HEAD:none", b"HEAD:a b", b"HEAD:new\nline", b":a.csv", b"HEAD:no\nsuch"]
    tree = here.tree()
    assert plumbing.read_ids(names) == [
        here.head().encode(), tree[b"a.csv"][1], None, tree[b"a b"][1], tree[b"new\nline"][1], tree[b"a.csv"][1], None,
    ]  # fmt: skip
    assert plumbing.read_ids([]) == []


def test_one_process_reads_object_after_object(here: Repo) -> None:
    contents = [b"", b"x" * 70_000, os.urandom(300_000), b"end"]
    ids = blobs(here, contents)
    with plumbing.Blobs() as reading:
        for oid, data in zip(ids, contents, strict=True):
            assert reading.read(oid) == data
        assert reading.read(b"HEAD:a.csv") == b"a.csv"
        with pytest.raises(GuardError, match="Git cannot read the object HEAD:none"):
            reading.read(b"HEAD:none")
        assert b"".join(reading.stream(ids[2])) == contents[2]
