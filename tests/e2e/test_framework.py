"""Under the pre-commit framework: the same commits, and the three ways in which it loses data."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.support import PROJECT, Repo, objects, run

pytestmark = pytest.mark.slow  # the framework makes environments


@pytest.fixture
def fw(make_repo: Callable[..., Repo], monkeypatch: pytest.MonkeyPatch) -> Repo:
    """A repository guarded through the framework by `init --hooks pre-commit`."""
    # Its hooks call the program by name, as a person's shell would.
    folder = Path(os.environ["HOME"]) / "bin"
    folder.mkdir()
    (folder / "trinity-guard").write_text(
        f'#!/bin/sh\nPYTHONPATH="{PROJECT}" exec "{sys.executable}" -m trinity_guard "$@"\n'
    )
    (folder / "trinity-guard").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return make_repo("fw", hooks="pre-commit")


def assert_converted(repo: Repo, name: str, data: bytes) -> None:
    assert not repo.tracked(name)
    assert repo.tracked(name + ".dvc")
    assert repo.cached()[hashlib.md5(data).hexdigest()] == data


@pytest.mark.parametrize("form", [(), ("-a",), ("-i", "a.pkl"), ("--", "a.pkl"), ("--amend",)], ids=" ".join)
def test_each_form_of_commit(fw: Repo, form: tuple[str, ...]) -> None:
    data = fw.stage("a.pkl")
    fw.commit(*form)
    assert_converted(fw, "a.pkl", data)
    assert fw.index() == fw.tree()
    assert fw.git("status", "--porcelain").stdout == b""
    assert fw.pulled_in_a_fresh_clone("a.pkl") == data


def test_unstaged_edits_elsewhere_survive(fw: Repo) -> None:
    fw.stage("notes.txt", b"one\n")
    fw.commit()
    fw.write("notes.txt", b"one\ntwo\n")
    data = fw.stage("a.pkl")
    fw.commit()
    assert_converted(fw, "a.pkl", data)
    assert fw.file("notes.txt").read_bytes() == b"one\ntwo\n"


def test_a_partly_staged_artifact_keeps_its_newer_working_file(fw: Repo) -> None:
    staged = fw.stage("a.pkl", 3000)
    newer = fw.write("a.pkl", 3000)
    fw.commit()
    assert_converted(fw, "a.pkl", staged)
    assert fw.file("a.pkl").read_bytes() == newer


def test_an_unstaged_edit_next_to_our_ignore_line_is_refused_and_nothing_is_lost(fw: Repo) -> None:
    fw.stage(".gitignore", b"one\n")
    fw.stage("notes.txt", b"one\n")
    fw.commit()
    fw.write(".gitignore", b"one\nnot staged\n")
    fw.write("notes.txt", b"one\nnot staged\n")
    fw.stage("a.pkl")
    before = fw.index(), fw.head()
    done = fw.commit(ok=False)
    assert done.returncode == 1
    assert b".gitignore" in done.stderr + done.stdout
    # Without the check, the framework dies here with all unstaged edits gone from the working tree.
    assert fw.file(".gitignore").read_bytes() == b"one\nnot staged\n"
    assert fw.file("notes.txt").read_bytes() == b"one\nnot staged\n"
    assert (fw.index(), fw.head()) == before
    assert not fw.file("a.pkl.dvc").exists()
    fw.git("add", ".gitignore")
    fw.commit()
    assert fw.tracked("a.pkl.dvc")
    assert fw.file("notes.txt").read_bytes() == b"one\nnot staged\n"


def test_forty_artifacts_in_one_commit(fw: Repo) -> None:
    for i in range(40):
        fw.stage(f"d{i % 4}/m{i}.pkl", 100)
    fw.commit()
    assert len([n for n in fw.tree() if n.endswith(b".pkl.dvc")]) == 40
    assert fw.index() == fw.tree()


def test_a_fixer_after_us_never_writes_into_the_cache(fw: Repo) -> None:
    config = fw.file(".pre-commit-config.yaml")
    fixer = """
  - repo: local
    hooks:
      - id: fixer
        name: fixer
        entry: sh -c 'for f; do test -f "$f" && echo fixed >> "$f"; done; true' sh
        language: system
"""
    config.write_text(config.read_text() + fixer)
    fw.git("add", ".pre-commit-config.yaml")
    fw.git("commit", "-q", "-n", "-m", "a fixer")
    data = fw.stage("a.csv", b"1,2\n")
    fw.commit(ok=False)
    assert fw.cached().get(hashlib.md5(data).hexdigest(), data) == data


def test_a_manual_run_changes_nothing(fw: Repo) -> None:
    fw.stage("a.pkl")
    before = fw.index()
    done = run(sys.executable, "-m", "pre_commit", "run", cwd=fw.path, ok=False)
    assert done.returncode == 1
    assert b"a.pkl" in done.stdout
    assert fw.index() == before


@pytest.mark.parametrize("options", [(), ("--apply",)], ids=["merge", "apply"])
def test_a_rebase_pushes_once_what_its_commits_name(fw: Repo, options: tuple[str, ...]) -> None:
    old = fw.stage("old.pkl")
    fw.commit()
    fw.git("checkout", "-q", "-b", "topic")
    first = fw.stage("first.pkl")
    fw.commit()
    second = fw.stage("second/second.pkl")
    fw.commit()
    fw.git("checkout", "-q", "main")
    fw.stage("notes.txt", b"n\n")
    fw.commit()
    fw.git("checkout", "-q", "topic")
    stored = fw.storage / "files" / "md5"
    assert sorted(objects(stored).values()) == sorted([old, first, second])
    for md5 in objects(stored):
        (stored / md5[:2] / md5[2:]).unlink()
    before = fw.head()
    fw.git("rebase", "-q", *options, "main")
    assert fw.head() != before
    assert sorted(objects(stored).values()) == sorted([first, second])


def test_a_raw_artifact_after_no_verify_is_named(fw: Repo) -> None:
    fw.stage("raw.pkl")
    done = fw.commit("--no-verify")
    said = done.stdout + done.stderr
    assert fw.tracked("raw.pkl")
    assert b"raw.pkl" in said
    assert b"git commit --amend" in said


def test_a_push_that_waits_is_said_and_the_commit_stands(fw: Repo) -> None:
    fw.stage("a.pkl")
    done = fw.commit()
    assert b"trinity-push" not in done.stdout + done.stderr
    fw.storage.rename(fw.storage.with_name("away"))
    data = fw.stage("b.pkl")
    done = fw.commit()
    said = done.stdout + done.stderr
    assert b"1 object" in said
    assert b"trinity-guard push --pending" in said
    assert_converted(fw, "b.pkl", data)
    skipped = fw.commit("--allow-empty", TRINITY_GUARD_SKIP="push")
    assert b"exit code" not in skipped.stdout + skipped.stderr


def pointer_names(repo: Repo, data: bytes) -> bool:
    return hashlib.md5(data).hexdigest().encode() in repo.show("a.pkl.dvc")


@pytest.mark.parametrize("form", [("-a",), ()], ids=["-a", "staged"])
def test_what_changed_behind_its_pointer_goes_along_and_is_seen_to(fw: Repo, form: tuple[str, ...]) -> None:
    fw.stage("a.pkl", 3000)
    fw.stage("notes.txt", b"one\n")
    fw.commit()
    data = fw.write("a.pkl", 4000)
    fw.write("notes.txt", b"two\n")
    if not form:
        fw.git("add", "notes.txt")
    done = fw.commit(*form)
    assert pointer_names(fw, data)
    assert b"a.pkl has changed (4 kB) -> a.pkl.dvc" in done.stdout + done.stderr
    assert fw.git("status", "--porcelain").stdout == b""


def test_where_the_framework_has_put_edits_away_it_is_named_and_they_come_back(fw: Repo) -> None:
    data = fw.stage("a.pkl", 3000)
    fw.stage("notes.txt", b"one\n")
    fw.commit()
    fw.write("a.pkl", 4000)
    fw.write("notes.txt", b"left unstaged\n")
    fw.stage("code.py", b"x\n")
    done = fw.commit()
    assert pointer_names(fw, data)
    assert b"a.pkl has changed" in done.stdout + done.stderr
    assert fw.file("notes.txt").read_bytes() == b"left unstaged\n"


def ignores(repo: Repo, name: str) -> bool:
    return repo.git("check-ignore", "-q", "--no-index", name, ok=False).returncode == 0


@pytest.mark.parametrize("form", ["git rm", "rm", "git mv", "git mv folder"])
def test_what_is_removed_or_renamed_is_settled_in_the_same_commit(fw: Repo, form: str) -> None:
    data = fw.stage("d/a.pkl")
    other = fw.stage("d/b.pkl")
    fw.commit()
    if form == "git rm":
        fw.git("rm", "-q", "d/a.pkl.dvc")
    elif form == "rm":
        fw.file("d/a.pkl").unlink()
        fw.file("d/a.pkl.dvc").unlink()
        fw.git("add", "-A")
    elif form == "git mv":
        fw.git("mv", "d/a.pkl.dvc", "d/c.pkl.dvc")
    else:
        fw.git("mv", "d", "e")
    fw.commit()
    assert fw.index() == fw.tree()
    # `git rm` of a pointer leaves the file, which nobody ignores any more.
    assert fw.git("status", "--porcelain").stdout == (b"?? d/a.pkl\n" if form == "git rm" else b"")
    where = {"git mv": "d/c.pkl", "git mv folder": "e/a.pkl"}.get(form)
    kept = "e/b.pkl" if form == "git mv folder" else "d/b.pkl"
    assert not ignores(fw, "d/a.pkl")
    assert ignores(fw, kept)
    assert fw.pulled_in_a_fresh_clone(kept) == other
    if where is not None:
        assert ignores(fw, where)
        assert fw.file(where).read_bytes() == data
        assert fw.pulled_in_a_fresh_clone(where) == data
