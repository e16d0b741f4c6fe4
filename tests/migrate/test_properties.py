"""What holds for every history: nothing is lost, an undo is whole, a second run changes nothing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.migrate import driven
from tests.migrate.legacy import Legacy, Migrated, lfs_pointer, md5, pointer_of, put_lfs_object
from trinity_guard.dvcrepo import pointer
from trinity_guard.errors import GuardError

LFS_HERE, LFS_ABSENT = b"an lfs object", b"an absent lfs object"
NAMES = [
    "a.pkl", "b.csv", "A.PKL", "m/a.pkl", "m/deep/er/x.h5", "d ir/é b.csv", "#h.pkl", "!b.pkl", "t .csv", "n\nl.csv",
    "x*.pkl", "back\\s.pkl", "-dash.csv", "m.csv/inside.txt", "dvcless/s3:x.csv", os.fsdecode(b"\xff.pkl"), "code.py",
    "m/code.py", "zz/only.txt",
]  # fmt: skip
CONTENTS: list[Any] = [
    b"", b"one", b"two\r\n", b"x" * 3000, ("100755", b"#!run"), ("120000", b"a.pkl"), lfs_pointer(LFS_HERE),
    lfs_pointer(LFS_ABSENT), ("100755", b"one"),
]  # fmt: skip
EXTRAS: list[dict[str, Any]] = [
    {},
    {".gitignore": b"*.pyc"},
    {".gitignore": b"m/\r\n"},
    {"m/.gitignore": b"*\n", ".gitignore": b"*.dvc\n!keep"},
    {".dvc/config": b"[core]\n    remote = storage\n['remote \"storage\"']\n    url = ../../storage\n"},
    {"a.pkl.dvc": pointer_of(b"one", "a.pkl")},
    {"a.pkl.dvc": pointer_of(b"other", "a.pkl")},
    {"dvc.yaml": b"stages:\n  s:\n    cmd: x\n    outs: [b.csv]\n"},
    {"sub": ("160000", b"1234567890123456789012345678901234567890")},
]
HEADERS = [b"", b"gpgsig -----BEGIN\n \n -----END\n", b"encoding latin-1\n", b"x-y z\n w\n"]
FILES = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(CONTENTS), max_size=6)


@st.composite
def commits(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw commits: files, parents among the earlier ones (none: a root), message, headers, tags and notes on it."""
    count = draw(st.integers(1, 6))
    made = []
    for number in range(count):
        files = _without_clashes({**draw(FILES), **draw(st.sampled_from(EXTRAS))})
        earlier = st.integers(0, max(number - 1, 0))
        made.append(
            {
                "files": files,
                "parents": draw(st.lists(earlier, max_size=3, unique=True)) if number else [],
                "message": draw(st.sampled_from([b"", b"no newline", b"words\n", b"caf\xe9 %s\n", b"see %.9s\n"])),
                "extra": draw(st.sampled_from(HEADERS)),
                "tag": draw(st.sampled_from(["", "", "light", "annotated", "nested"])),
                "note": draw(st.booleans()),
            }
        )
    return made


def _without_clashes(files: dict[str, Any]) -> dict[str, Any]:
    folders = {name[:i] for name in files for i in range(len(name)) if name[i] == "/"}
    return {name: content for name, content in files.items() if name not in folders}


def build(legacy: Legacy, made: list[dict[str, Any]]) -> list[str]:
    ids: list[str] = []
    for number, one in enumerate(made):
        parents = [ids[p] for p in one["parents"]]
        message = one["message"].replace(b"%s", ids[-1].encode() if ids else b"")
        message = message.replace(b"%.9s", ids[-1][:9].encode() if ids else b"")
        ids.append(legacy.commit(one["files"], message, parents, one["extra"], branch=f"b{number}"))
        if one["tag"] == "light":
            legacy.git("tag", f"t{number}", ids[-1])
        elif one["tag"]:
            legacy.git("tag", "-a", "-m", "words", f"t{number}", ids[-1])
        if one["tag"] == "nested":
            legacy.git("-c", "advice.nestedTag=false", "tag", "-a", "-m", "x", f"n{number}", f"t{number}")
        if one["note"]:
            legacy.git("notes", "add", "-m", f"on {number}", ids[-1])
    return ids


def restored(legacy: Legacy, done: Migrated, old: str) -> dict[str, tuple[str, bytes]]:
    """Return the files of a new commit as a pull would put them there, without what a migration adds."""
    before, after, found = legacy.files(old), done.files(old), {}
    for path, (mode, data) in after.items():
        name = os.fsencode(path)
        stands_for = path.endswith(".dvc") and path[:-4] in before and path[:-4] not in after
        if stands_for:
            (out,) = pointer.decode(data, name).outs
            content = legacy.object(out.md5)
            found[path[:-4]] = ("100755" if out.isexec else "100644", content)
            if path in before:
                found[path] = (mode, data)
        else:
            found[path] = (mode, data)
    return found


def same_but_for_ours(found: dict[str, Any], wanted: dict[str, Any]) -> None:
    for path, (mode, data) in wanted.items():
        if path.rpartition("/")[2] == ".gitignore":
            assert found[path][0] == mode
            assert found[path][1].startswith(data)
        elif path == ".dvc/config":  # it may lack the remote
            assert set(data.splitlines()) <= set(found[path][1].splitlines())
        elif data == lfs_pointer(LFS_HERE):
            assert found[path] in ((mode, data), (mode, LFS_HERE))
        else:
            assert found[path] == (mode, data)
    added = set(found) - set(wanted)
    assert {p.rpartition("/")[2] for p in added} <= {".gitignore", "config", ".dvcignore"}


@pytest.mark.slow
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@example(
    made=[
        {"files": {}, "parents": [], "message": b"", "extra": b"", "tag": "", "note": False},
        {
            "files": {"a.pkl": ("100755", b"one"), "a.pkl.dvc": pointer_of(b"one", "a.pkl")},
            "parents": [],
            "message": b"",
            "extra": b"",
            "tag": "",
            "note": False,
        },
    ]
)
@given(made=commits())
def test_nothing_is_lost_whatever_the_history(
    tmp_path_factory: pytest.TempPathFactory, made: list[dict[str, Any]]
) -> None:
    legacy = Legacy(tmp_path_factory.mktemp("any") / "bare.git", bare=True)
    put_lfs_object(legacy, LFS_HERE)
    ids = build(legacy, made)
    before = legacy.refs()
    done = legacy.migrate()  # with a whole verify
    assert set(done.ids) == set(ids)
    for old in ids:
        same_but_for_ours(restored(legacy, done, old), legacy.files(old))
    after = legacy.refs()
    if done.report["refs"]:
        with pytest.raises(GuardError, match="earlier migration"):
            legacy.migrate()
        driven.undo(legacy.place)
    assert {n: o for n, o in legacy.refs().items() if not n.startswith("refs/trinity")} == before
    again = legacy.migrate()
    assert again.ids == done.ids
    assert legacy.refs() == after
    legacy.git("fsck", "--no-dangling")
    # What was migrated, its old refs let go, has nothing more to move.
    for name in legacy.refs():
        if name.startswith("refs/trinity-guard/"):
            legacy.git("update-ref", "-d", name)
    (legacy.git_dir / "trinity-guard/migrate/state.json").unlink(missing_ok=True)
    assert legacy.migrate().report["refs"] == []


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(made=commits())
def test_old_commits_pull_their_bytes_by_the_real_dvc(
    tmp_path_factory: pytest.TempPathFactory, made: list[dict[str, Any]]
) -> None:
    legacy = Legacy(tmp_path_factory.mktemp("pull") / "bare.git", bare=True)
    put_lfs_object(legacy, LFS_HERE)
    keep = ("a.pkl.dvc", "dvc.yaml", "sub")  # what stops a `dvc pull` by itself, or needs what is not here
    for one in made:
        one["files"] = {n: c for n, c in one["files"].items() if n not in keep and n.isprintable()}
    ids = build(legacy, [*made, {**made[-1], "files": {"m/z.pkl": b"z"}, "parents": [], "tag": "", "note": False}])
    done = legacy.migrate()
    legacy.storage()
    for old in ids[-2:]:
        if ".dvc/config" not in done.files(old):
            continue
        found = legacy.pulled(done.ids[old])
        for path, (mode, data) in legacy.files(old).items():
            if mode != "120000" and not path.endswith(".gitignore") and ".dvc/" not in path:
                assert found[path] == data or (data == lfs_pointer(LFS_HERE) and found[path] == LFS_HERE)


def test_a_second_run_moves_what_came_since(tmp_path: Path) -> None:
    legacy = Legacy(tmp_path / "bare.git", bare=True)
    first = legacy.commit({"a.pkl": b"1"})
    done = legacy.migrate()
    legacy.git("update-ref", "-d", "refs/trinity-guard/original/heads/main")
    (legacy.git_dir / "trinity-guard/migrate/state.json").unlink()
    files = dict(legacy.files("main"))
    second = legacy.commit({**files, "b.pkl": b"2"})
    again = legacy.migrate()
    assert again.ids[done.ids[first]] == done.ids[first]
    assert set(legacy.files(again.ids[second])) == {*files, "b.pkl.dvc"}
    assert legacy.object(md5(b"2")) == b"2"
    assert driven.verify(legacy.place).changed == 1
