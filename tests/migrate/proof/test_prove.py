"""The proof of commits and trees: what may differ does, and everything else is found."""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.migrate.legacy import Files, Legacy, md5, pointer_of
from trinity_guard.dvcrepo import odb
from trinity_guard.git.catfile import Source
from trinity_guard.migrate.progress import silent
from trinity_guard.migrate.proof import prove

OLD: Files = {"m/a.pkl": b"one", "x.py": b"x"}
NEW: Files = {
    "m/a.pkl.dvc": pointer_of(b"one", "a.pkl"), "m/.gitignore": b"/a.pkl\n", "x.py": b"x", ".dvc/config": b"",
    ".dvc/.gitignore": b"/tmp\n", ".dvcignore": b"# nothing\n",
}  # fmt: skip


def proven(legacy: Legacy, old: Files, new: Files, **headers: Any) -> list[str]:
    store = odb.Store(legacy.place.own + b"/cache")
    store.take([b"one"])
    store.settle()
    before = legacy.commit(old, parents=[])
    after = legacy.commit(new, parents=[], **headers)
    cache = os.path.join(legacy.place.own, b"cache")  # noqa: PTH118  # bytes
    return prove.prove(Source(legacy.place), {before.encode(): after.encode()}, cache, silent)


def test_a_pointer_in_a_file_s_place_with_its_ignore_line_and_dvc_s_own_files_is_right(legacy: Legacy) -> None:
    assert proven(legacy, OLD, NEW) == []
    assert proven(legacy, OLD, OLD) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"x.py": b"y"}, "x.py is not what it was"),
        ({"x.py": ("100755", b"x")}, "x.py is not what it was"),
        ({"x.py": None}, "x.py is gone, and has no pointer"),
        ({"new.py": b""}, "new.py was not there before"),
        ({"m/a.pkl.dvc": None}, "m/a.pkl is gone, and has no pointer"),
        ({"m/a.pkl.dvc": b"outs: 3\n"}, "m/a.pkl: a.pkl.dvc is no pointer"),
        ({"m/a.pkl.dvc": pointer_of(b"one", "b.pkl")}, "m/a.pkl: its pointer records no bytes for it"),
        ({"m/a.pkl.dvc": pointer_of(b"one", "a.pkl", executable=True)}, "m/a.pkl: its pointer has another mode"),
        ({"m/a.pkl.dvc": pointer_of(b"two", "a.pkl")}, f"its object {md5(b'two')} (3 bytes) is not in the cache"),
        ({"m/.gitignore": b"# none\n"}, "m/.gitignore has other lines than it had, and not ours"),
        ({"m/.gitignore": b"*.pkl\n"}, "m/.gitignore has other lines than it had, and not ours"),
        ({"m/.gitignore": None}, "m/a.pkl: is not ignored, and its pointer is there"),
        ({".dvc/extra": b""}, ".dvc/extra was not there before"),
        ({".dvcignore": b"m/\n"}, ".dvcignore was not there before, and hides files from DVC"),
    ],
)
def test_anything_else_is_found(legacy: Legacy, change: dict[str, bytes | None], said: str) -> None:
    new = {name: content for name, content in {**NEW, **change}.items() if content is not None}
    assert any(said in words for words in proven(legacy, OLD, new))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, ""),
        ({"m/9.txt": b"y"}, "m/9.txt is not what it was"),
        ({"m/9.txt": None}, "m/9.txt is gone, and has no pointer"),
        ({"m/new.py": b""}, "m/new.py was not there before"),
        ({"m/a.pkl.dvc": None}, "m/a.pkl: its pointer records no bytes for it"),
        ({"m/a.pkl.dvc": pointer_of(b"two", "a.pkl")}, f"its object {md5(b'two')} (3 bytes) is not in the cache"),
        ({"m/b.pkl.dvc": pointer_of(b"two", "b.pkl")}, f"its object {md5(b'two')} (3 bytes) is not in the cache"),
        ({"m/.gitignore": b"/a.pkl\n"}, "m/b.pkl: is not ignored, and its pointer is there"),
        ({"m/.gitignore": b"/b.pkl\n"}, "m/a.pkl: is not ignored, and its pointer is there"),
    ],
)
def test_it_is_found_in_a_later_version_of_a_large_folder_too(
    legacy: Legacy, change: dict[str, bytes | None], said: str
) -> None:
    rest: Files = {f"m/{number}.txt": b"x" for number in range(40)}
    versions = [{**OLD, **rest}, {**OLD, **rest, "m/b.pkl": b"one"}]
    both: dict[str, Any] = {"m/b.pkl.dvc": pointer_of(b"one", "b.pkl"), "m/.gitignore": b"/a.pkl\n/b.pkl\n"}
    last = {name: content for name, content in {**NEW, **rest, **both, **change}.items() if content is not None}
    store = odb.Store(legacy.place.own + b"/cache")
    store.take([b"one"])
    store.settle()
    old = [legacy.commit(files, parents=[]) for files in versions]
    new = [legacy.commit(files, parents=[]) for files in ({**NEW, **rest}, last)]
    ids = {before.encode(): after.encode() for before, after in zip(old, new, strict=True)}
    found = prove.prove(Source(legacy.place), ids, legacy.place.own + b"/cache", silent)
    assert [said in words for words in found] == ([True] if said else [])


@pytest.mark.parametrize("one", ["a.pkl", "b.pkl"])
def test_a_file_without_a_pointer_is_found_beside_one_of_the_same_bytes(legacy: Legacy, one: str) -> None:
    ignored = {"m/.gitignore": b"/a.pkl\n/b.pkl\n"}
    new = {**NEW, **ignored, "m/a.pkl.dvc": pointer_of(b"one", "a.pkl"), "m/b.pkl.dvc": pointer_of(b"one", "b.pkl")}
    assert proven(legacy, {**OLD, "m/b.pkl": b"one"}, new) == []
    del new[f"m/{one}.dvc"]
    assert proven(legacy, {**OLD, "m/b.pkl": b"one"}, new) == [f"m/{one}: its pointer records no bytes for it"]


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"message": b"other\n"}, "its message is not what it was"),
        ({"author": b"Else <e@x> 1 +0000"}, "a header is not what it was"),
        ({"extra": b"encoding x\n"}, "a header is not what it was"),
    ],
)
def test_a_commit_stays_what_it_was_but_for_its_tree(legacy: Legacy, headers: dict[str, bytes], said: str) -> None:
    assert any(said in words for words in proven(legacy, OLD, NEW, **headers))
