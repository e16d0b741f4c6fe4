"""What the rest of a commit says about its folders: what DVC holds already, and ignore rules that concern artifacts."""

from __future__ import annotations

from tests.migrate.legacy import Legacy, md5, pointer_of
from trinity_guard.git.catfile import Source, tree_parser
from trinity_guard.migrate import context
from trinity_guard.migrate.context import NOTHING, Above
from trinity_guard.migrate.ignorefiles import Reader
from trinity_guard.migrate.progress import silent
from trinity_guard.migrate.scan import scan
from trinity_guard.migrate.selection import Selection


def above(legacy: Legacy, files: dict[str, bytes]) -> tuple[Above, bytes]:
    """Return the contexts of a history of one commit, and its root tree."""
    commit = legacy.commit(files)
    source = Source(legacy.place)
    found = scan(source, Selection(("*.pkl",)), [commit.encode()], [], silent)
    return Above(source, found, Reader(found.versions)), found.roots[0]


def held(legacy: Legacy, files: dict[str, bytes]) -> list[tuple[bytes, str, str]]:
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


def test_a_project_below_the_top_is_another_s(legacy: Legacy) -> None:
    assert held(legacy, {"sub/a.pkl": b"1", "sub/.dvc/config": b""}) == [(b"sub", context.PROJECT, "")]


def test_a_file_of_dvc_s_that_cannot_be_read_is_told(legacy: Legacy) -> None:
    contexts, root = above(legacy, {"a.pkl": b"1", "a.pkl.dvc": b"outs: 3\n"})
    assert contexts.root(root) is NOTHING
    assert list(contexts.broken) == [b"a.pkl.dvc"]


def test_rules_that_concern_no_artifact_leave_the_context_empty(legacy: Legacy) -> None:
    contexts, root = above(legacy, {"m/a.pkl": b"1", ".gitignore": b"*.pyc\n*.pkl\n# x\n"})
    entries = list(tree_parser()(contexts.raw(root, b"")))
    entered = contexts.entered(NOTHING, b"", entries)
    assert entered == (((b"", b".gitignore", b"*.pkl"),), ())
    assert contexts.narrowed(entered, b"m/") == entered
    assert contexts.narrowed(entered, b"src/") is NOTHING
