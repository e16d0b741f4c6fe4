"""What the rest of a commit says about its folders: what DVC holds already, and ignore rules that concern artifacts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.migrate.legacy import Files, Legacy, md5, pointer_of
from trinity_guard.git.catfile import Source, tree_parser
from trinity_guard.migrate import context
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
        (b"m/a.pkl", context.FILE, md5(b"2")),
        (b"all", context.FOLDER, "0" * 32 + ".dir"),
        (b"made.pkl", context.STAGE, ""),
        (b"kept.pkl", context.IN_GIT, ""),
    }


def test_what_is_no_artifact_of_this_history_is_left_out(legacy: Legacy) -> None:
    assert held(legacy, {"a.pkl": b"1", "other.bin.dvc": pointer_of(b"2", "other.bin")}) == []


def test_an_old_pointer_s_md5_proves_nothing(legacy: Legacy) -> None:
    old = f"outs:\n- md5: {md5(b'1')}\n  path: a.pkl\n".encode()
    assert held(legacy, {"a.pkl": b"1", "a.pkl.dvc": old}) == [(b"a.pkl", context.FILE, "")]


@pytest.mark.parametrize("files", [{"sub/.dvc/config": b""}, {"sub/.dvc": b"a note"}, {"sub/.dvc": ("120000", b"x")}])
def test_a_project_below_the_top_is_another_s(legacy: Legacy, files: Files) -> None:
    assert held(legacy, {"sub/a.pkl": b"1", **files}) == [(b"sub", context.PROJECT, "")]


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


def test_what_a_template_may_make_is_kept_in_git_where_no_lock_says_more(legacy: Legacy) -> None:
    pipeline = b"stages:\n  m:\n    cmd: x\n    metrics:\n    - ${out}/m.pkl:\n        cache: false\n"
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
