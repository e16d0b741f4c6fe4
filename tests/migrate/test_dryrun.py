"""What `migrate info` says would stay is what stays, whether it had to try the rewriting or not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.migrate import driven
from tests.migrate.legacy import PATTERNS, Legacy, lfs_pointer, pointer_of, put_lfs_object
from trinity_guard.errors import shown
from trinity_guard.migrate import dryrun
from trinity_guard.migrate.selection import Selection

HERE, FAR = b"its bytes are here", b"its bytes are elsewhere"
ODD: dict[Any, bytes] = {b"caf\xe9.pkl": b"1", "a.pkl": b"2", "x" * 252 + ".pkl": b"3", b"caf\xe9/b.pkl": b"4"}


def told(legacy: Legacy) -> list[tuple[bytes, str]]:
    selection = Selection(PATTERNS)
    return driven.staying(legacy.place, driven.survey(legacy.place, selection, [b"refs/heads/main"]))


@pytest.fixture
def legacy(tmp_path: Path) -> Legacy:
    return Legacy(tmp_path / "bare.git", bare=True)


@pytest.mark.parametrize(
    "files",
    [
        {"a.pkl": b"1", "deep/er/b.csv": b"2", "deep/.gitignore": b"*.pyc\n", "code.py": b"3"},
        ODD,
        {"near.pkl": lfs_pointer(HERE), "far.pkl": lfs_pointer(FAR), "x/far.pkl": lfs_pointer(FAR)},
    ],
    ids=["nothing stays", "names", "git-lfs"],
)
def test_names_and_lfs_pointers_are_told_without_trying(
    legacy: Legacy, monkeypatch: pytest.MonkeyPatch, files: Mapping[Any, bytes]
) -> None:
    put_lfs_object(legacy, HERE)
    legacy.commit(files)
    with monkeypatch.context() as watched:
        watched.setattr(dryrun, "_rewritten", lambda *_: pytest.fail("it was tried"))
        quick = told(legacy)
    monkeypatch.setattr(dryrun, "_by_themselves", lambda _: False)
    assert quick == told(legacy)
    assert [(e["path"], e["reason"]) for e in legacy.migrate().report["stays"]] == [
        (shown(path), reason) for path, reason in quick
    ]


@pytest.mark.parametrize(
    "neighbour",
    [
        {"a.pkl.dvc": pointer_of(b"other", "a.pkl")},
        {"a.pkl.dvc/x": b"in a folder of the pointer's name"},
        {".gitattributes": b"a.pkl filter=crypt\n"},
        {"data/.gitignore": b"**\n!.gitignore\n", "data/b.pkl": b"4"},
        {".dvc": b"a file"},
        {"models.dvc": b"outs:\n- md5: " + b"1" * 32 + b".dir\n  hash: md5\n  path: sub\n", "sub/b.pkl": b"2"},
        {"dvc.yaml": b"stages:\n  s:\n    cmd: x\n    outs:\n    - a.pkl\n"},
        {".dvcignore": b"a.pkl\n"},
        {"sub/.dvc/config": b"", "sub/b.pkl": b"2"},
    ],
    ids=lambda files: next(iter(files)),
)
def test_what_stays_for_the_sake_of_a_neighbour_is_told_too(legacy: Legacy, neighbour: Mapping[str, bytes]) -> None:
    legacy.commit({"a.pkl": b"1", **neighbour})
    stays = told(legacy)
    assert len(stays) == (2 if "models.dvc" in neighbour else 1)  # one where files are in a folder of DVC's: all
    assert [(e["path"].encode(), e["reason"]) for e in legacy.migrate().report["stays"]] == stays


def test_an_ignore_file_that_is_no_file_is_told_before_the_run_is_refused_for_it(legacy: Legacy) -> None:
    legacy.commit({"a.pkl": b"1", ".gitignore": ("120000", b"elsewhere")})
    found = driven.survey(legacy.place, Selection(PATTERNS), [b"refs/heads/main"])
    assert driven.staying(legacy.place, found) == []
    assert any(".gitignore is no file of its own" in remark for remark in found.remarks)
