"""What the rest of a commit says about its folders: what DVC holds already, and ignore rules that concern artifacts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.migrate.legacy import Files, Legacy, md5, pointer_of
from trinity_guard.git.catfile import Source, tree_parser
from trinity_guard.migrate import context
from trinity_guard.migrate import held as dvc
from trinity_guard.migrate.context import NOTHING, ORDINARY, Above
from trinity_guard.migrate.ignorefiles import Reader
from trinity_guard.migrate.progress import silent
from trinity_guard.migrate.scan import scan
from trinity_guard.migrate.selection import Selection


def above(legacy: Legacy, files: Files) -> tuple[Above, bytes]:
    """Return the contexts of a history of one commit, and its root tree."""
    commit = legacy.commit(files)
    source = Source(legacy.place)
    found = scan(source, Selection(("*.pkl",)), [commit.encode()], [], silent)
    return Above(source, found, Reader(found.versions)), found.roots[0]


def held(legacy: Legacy, files: Files) -> list[tuple[bytes, str, str]]:
    contexts, root = above(legacy, files)
    return [(h.path, h.kind, h.md5) for h in contexts.root(root)[1]]


def test_what_dvc_holds_is_known_by_its_kind(legacy: Legacy) -> None:
    folder = f"outs:\n- md5: {'0' * 32}.dir\n  hash: md5\n  path: all\n"
    pipeline = b"stages:\n  s:\n    cmd: x\n    outs: [made.pkl]\n    metrics:\n    - kept.pkl:\n        cache: false\n"
    files = {
        "a.pkl": b"1", "m/a.pkl.dvc": pointer_of(b"2", "a.pkl"), "m/a.pkl": b"2", "all.dvc": folder.encode(),
        "all/b.pkl": b"3", "dvc.yaml": pipeline, "made.pkl": b"4", "kept.pkl": b"5",
    }  # fmt: skip
    assert set(held(legacy, files)) == {
        (b"m/a.pkl", dvc.FILE, md5(b"2")),
        (b"all", dvc.FOLDER, "0" * 32 + ".dir"),
        (b"made.pkl", dvc.STAGE, ""),
        (b"kept.pkl", dvc.IN_GIT, ""),
    }


def test_what_is_no_artifact_of_this_history_is_left_out(legacy: Legacy) -> None:
    assert held(legacy, {"a.pkl": b"1", "other.bin.dvc": pointer_of(b"2", "other.bin")}) == []


def test_an_old_pointer_s_md5_proves_nothing(legacy: Legacy) -> None:
    old = f"outs:\n- md5: {md5(b'1')}\n  path: a.pkl\n".encode()
    assert held(legacy, {"a.pkl": b"1", "a.pkl.dvc": old}) == [(b"a.pkl", dvc.FILE, "")]


@pytest.mark.parametrize("files", [{"sub/.dvc/config": b""}, {"sub/.dvc": b"a note"}, {"sub/.dvc": ("120000", b"x")}])
def test_a_project_below_the_top_is_another_s(legacy: Legacy, files: Files) -> None:
    assert held(legacy, {"sub/a.pkl": b"1", **files}) == [(b"sub", dvc.PROJECT, "")]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pkl.dvc", b"outs: 3\n"),
        ("dvc.yaml", b"<<<<<<< HEAD\nstages: {}\n=======\n>>>>>>> topic\n"),
        ("train.dvc", b"cmd: x\nouts:\n- path: m\n  md5: d41d8cd98f00b204e9800998ecf8427e\n  cache: true\n"),
        ("dvc.yaml", ("120000", b"conf/pipe.yaml")),
        (".dvcignore", ("120000", b"conf/ignored")),
        ("docs/.dvcignore", ("120000", b"nowhere")),
        ("docs/.dvcignore/x", b"a folder"),
        ("docs/.gitignore/x", b"a folder"),
        ("docs/.dvcignore", ("160000", b"1" * 40)),
    ],
)
def test_a_file_that_dvc_cannot_load_keeps_the_whole_commit_in_git(legacy: Legacy, name: str, content: Any) -> None:
    contexts, root = above(legacy, {"a.pkl": b"1", name: content})
    stays = contexts.root(root)[2].stays
    assert "DVC can load nothing" in stays
    assert name.removesuffix("/x") in stays


def test_a_file_that_dvc_does_not_load_keeps_nothing_in_git(legacy: Legacy) -> None:
    """A submodule of such a name is a folder to DVC, and what another project holds is its own."""
    broken = {
        "sub/.dvc/config": b"", "sub/x.dvc": b"outs: 3\n", "tools.dvc": ("160000", b"1" * 40),
        "docs/.gitignore": ("120000", b"conf/ignored"),
    }  # fmt: skip
    contexts, root = above(legacy, {"a.pkl": b"1", **broken})
    assert contexts.root(root)[2].stays == ""


def test_a_file_named_dvc_leaves_no_room_for_a_project(legacy: Legacy) -> None:
    contexts, root = above(legacy, {"a.pkl": b"1", ".dvc": b"a note"})
    assert contexts.root(root)[2].stays == context.NO_PROJECT


TEMPLATE = b"stages:\n  m:\n    cmd: x\n    metrics:\n    - ${out}/m.pkl:\n        cache: false\n"


@pytest.mark.parametrize(
    ("others", "kept"),
    [
        ({"p/params.yaml": b"out: eval\n"}, [(b"p/eval/m.pkl", dvc.IN_GIT, "")]),
        ({"p/params.yaml": b"out: other\n"}, []),
        ({"p/c/v.yaml": b"out: eval\n", "vars": b"vars: [c/v.yaml]\n"}, [(b"p/eval/m.pkl", dvc.IN_GIT, "")]),
    ],
)
def test_a_template_makes_what_the_files_of_its_commit_say(legacy: Legacy, others: Any, kept: Any) -> None:
    pipeline = others.pop("vars", b"") + TEMPLATE
    assert held(legacy, {"a.pkl": b"1", "p/eval/m.pkl": b"2", "p/dvc.yaml": pipeline, **others}) == kept


def test_a_template_is_read_again_where_what_it_reads_has_changed(legacy: Legacy) -> None:
    files = {"p/eval/m.pkl": b"1", "p/new/m.pkl": b"2", "p/dvc.yaml": TEMPLATE}
    versions = [legacy.commit({**files, "p/params.yaml": b"out: %s\n" % out}) for out in (b"eval", b"new")]
    source = Source(legacy.place)
    found = scan(source, Selection(("*.pkl",)), [versions[1].encode()], [], silent)
    contexts = Above(source, found, Reader(found.versions))
    assert [[h.path for h in contexts.root(root)[1]] for root in found.roots] == [[b"p/eval/m.pkl"], [b"p/new/m.pkl"]]


UNLOCKED = b"stages:\n  s:\n    cmd: x\n    outs: [d/made]\n"
FOLDER = f"outs:\n- md5: {'0' * 32}.dir\n  hash: md5\n  path: d\n".encode()


def locked(data: bytes) -> bytes:
    """Return the lock of a stage that made it."""
    made = f"path: d/made, md5: {md5(data)}, hash: md5"
    return f"schema: '2.0'\nstages:\n  s:\n    cmd: x\n    outs:\n    - {{{made}}}\n".encode()


def of_dvc_2(data: bytes, name: str) -> bytes:
    return f"outs:\n- md5: {md5(data)}\n  size: 2\n  path: {name}\n".encode()


CONFIG = b"['remote \"other\"']\n    url = ../other\n"
ELSEWHERE = pointer_of(b"2", "b.bin") + b"  remote: Other\n"
OTHER = "stops at {}: Git has other bytes of it than {} records"


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"dvc.yaml": UNLOCKED, "d/made/x": b"1"}, "stops at d/made: Git has it"),
        ({"dvc.yaml": UNLOCKED, "d/made": b"1", "dvc.lock": locked(b"1")}, ""),
        ({"dvc.yaml": UNLOCKED, "d/made": b"1", "dvc.lock": locked(b"2")}, OTHER.format("d/made", "dvc.lock")),
        ({"dvc.yaml": UNLOCKED, "d/made/x": b"2", "dvc.lock": locked(b"2")}, OTHER.format("d/made", "dvc.lock")),
        ({"t.txt": b"1", "t.txt.dvc": pointer_of(b"1", "t.txt")}, ""),
        ({"t.txt": b"1", "t.txt.dvc": pointer_of(b"2", "t.txt")}, OTHER.format("t.txt", "t.txt.dvc")),
        ({"s/t.txt": b"1", "d/t.dvc": pointer_of(b"2", "../s/t.txt")}, OTHER.format("s/t.txt", "d/t.dvc")),
        ({"s/t.txt": b"2", "d/t.dvc": pointer_of(b"2", "../s/t.txt")}, ""),
        ({"t.txt": b"1\r\n", "t.txt.dvc": of_dvc_2(b"1\n", "t.txt")}, ""),
        ({"t.txt": b"1\n", "t.txt.dvc": of_dvc_2(b"1\n", "t.txt")}, ""),
        ({"t.txt": b"1\0\r\n", "t.txt.dvc": of_dvc_2(b"1\0\n", "t.txt")}, OTHER.format("t.txt", "t.txt.dvc")),
        ({"t.txt": b"2\n", "t.txt.dvc": of_dvc_2(b"1\n", "t.txt")}, OTHER.format("t.txt", "t.txt.dvc")),
        ({"t.txt": ("120000", b"2"), "t.txt.dvc": pointer_of(b"2", "t.txt")}, OTHER.format("t.txt", "t.txt.dvc")),
        ({"dvc.yaml": UNLOCKED, "d/other": b"1"}, ""),
        ({"dvc.yaml": UNLOCKED.replace(b"[d/made]", b"[{d/made: {cache: false}}]"), "d/made": b"1"}, ""),
        ({"d.dvc": FOLDER, "d/.gitkeep": b""}, "stops at d: Git has it"),
        ({"d.dvc": FOLDER}, ""),
        ({"dvc.yaml": UNLOCKED, ".dvcignore": b"/d\n"}, "a .dvcignore hides d/made of dvc.yaml"),
        ({"dvc.yaml": UNLOCKED, ".dvcignore": b"# /d\n/e\n"}, ""),
        ({"dvc.yaml": UNLOCKED, "d/.dvcignore": b"made\n"}, "a .dvcignore hides d/made of dvc.yaml"),
        ({"dvc.yaml": UNLOCKED.replace(b"d/made", b"x.dvc")}, "cannot be an output"),
        ({"dvc.yaml": UNLOCKED.replace(b"cmd: x", b"cmd: x ${lr}")}, "Could not find 'lr'"),
        ({"dvc.yaml": b"vars: [gone.yaml]\n" + UNLOCKED}, "gone.yaml"),
        ({"dvc.yaml": UNLOCKED.replace(b"  s:", b"  s@t:")}, "has an @ in its name"),
        ({"b.bin.dvc": ELSEWHERE}, "stops at b.bin.dvc: .dvc/config has no remote 'Other'"),
        ({"b.bin.dvc": ELSEWHERE, ".dvc/config": CONFIG.replace(b"other", b"one")}, "no remote 'Other'"),
        ({"b.bin.dvc": ELSEWHERE, ".dvc/config": CONFIG}, ""),
        ({"b.bin.dvc": ELSEWHERE + b"  cache: false\n"}, ""),
    ],
)
def test_what_stops_dvc_pull_keeps_the_whole_commit_in_git(legacy: Legacy, files: Files, words: str) -> None:
    contexts, root = above(legacy, {"a.pkl": b"1", **files})
    stays = contexts.root(root)[2].stays
    assert words in stays
    assert bool(words) == bool(stays)


def test_what_a_template_may_make_is_kept_in_git_where_another_folder_could_tell(legacy: Legacy) -> None:
    pipeline = b"vars: [../v.yaml]\n" + TEMPLATE
    contexts, root = above(legacy, {"a.pkl": b"1", "eval/m.pkl": b"2", "p/dvc.yaml": pipeline})
    terms = contexts.root(root)[2]
    assert [terms.reason(p) for p in (b"a.pkl", b"eval/m.pkl")] == [None, None]
    assert terms.reason(b"p/eval/m.pkl") == terms.reason(b"p/x/m.pkl/in/it") == context.MAYBE_MADE


def test_rules_that_concern_no_artifact_leave_the_context_empty(legacy: Legacy) -> None:
    contexts, root = above(legacy, {"m/a.pkl": b"1", ".gitignore": b"*.pyc\n*.pkl\n# x\n"})
    entries = list(tree_parser()(contexts.raw(root, b"")))
    entered = contexts.entered(NOTHING, b"", entries)
    assert entered == (((b"", b".gitignore", b"*.pkl"),), (), ORDINARY)
    assert contexts.narrowed(entered, b"m/") == entered
    assert contexts.narrowed(entered, b"src/") is NOTHING
