"""Which folder above a path is one artifact: gitignore patterns for folders, whatever lies in them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trinity_guard.config import Config
from trinity_guard.detect import ignorespec
from trinity_guard.detect.folders import Folders
from trinity_guard.detect.ignorespec import compiled
from trinity_guard.detect.patterns import Rules


def rules(*folders: str, **options: Any) -> Rules:
    return Rules(Config(folders=folders, **options))


@pytest.mark.parametrize(
    ("patterns", "path", "folder"),
    [
        (("data/images/",), b"data/images/a.png", b"data/images"),
        (("data/images/",), b"data/images/deep/er/a.png", b"data/images"),
        (("data/images/",), b"Data/IMAGES/a.png", b"Data/IMAGES"),
        (("data/images/",), b"data/images", b""),
        (("data/images/",), b"data/a.csv", b""),
        (("data/images/",), b"other/data/images/a", b""),
        (("images/",), b"a/images/b/images/x", b"a/images"),
        (("/images/",), b"a/images/x", b""),
        (("images",), b"images/x", b"images"),
        (("images",), b"images", b""),
        (("/data/*/",), b"data/a/b/c", b"data/a"),
        (("/data/*/",), b"data/a", b""),
        (("*.parquet/",), b"t.parquet/year=1/x.parquet", b"t.parquet"),
        (("*.parquet/",), b"t.parquet", b""),
        (("*.parquet/", "!x.parquet/"), b"x.parquet/a", b""),
        (("!x.parquet/", "*.parquet/"), b"x.parquet/a", b"x.parquet"),
        (("*.parquet/",), "é.parquet/\udcff".encode("utf-8", "surrogateescape"), "é.parquet".encode()),
        (("*.parquet/",), b"a\nb.parquet/x", b"a\nb.parquet"),
        (("data/",), b"x", b""),
        ((), b"data/x", b""),
    ],
)
def test_the_outermost_folder_that_matches_is_one_artifact(
    patterns: tuple[str, ...], path: bytes, folder: bytes
) -> None:
    assert Folders(patterns, lambda _: False).above(path) == folder
    assert rules(*patterns).folder_of(path) == folder


NAME = st.text("aB.-", min_size=1, max_size=3)
LINE = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "!"]),
    st.sampled_from(["", "/"]),
    st.lists(st.one_of(NAME, st.just("*")), min_size=1, max_size=2).map("/".join),
    st.sampled_from(["", "/"]),
)


@settings(max_examples=100)
@given(st.lists(LINE, min_size=1, max_size=3), st.lists(NAME.filter(lambda n: n.strip(".")), min_size=1, max_size=3))
def test_names_alone_are_decided_as_the_library_decides(lines: list[str], names: list[str]) -> None:
    folder = "/".join(names)
    for case in (folder, folder.swapcase()):
        expected = compiled(lines).check_file(f"{case}/").include
        assert Folders(lines, lambda _: False).decides(case.encode()) is expected


@pytest.mark.parametrize("lines", [("!*",), ("data/", "/a/B/"), ("!data/", "!raw")])
def test_names_alone_need_no_library(lines: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ignorespec, "compiled", None)
    assert Folders(lines, lambda _: False).decides(b"a/b/data") is not None


def test_all_that_lies_in_it_is_an_artifact_and_nothing_beside_it() -> None:
    guarded = rules("data/", min_size=10**9)
    for path in (b"data/readme.txt", b"data/a.csv", b"data/x/code.py"):
        assert guarded.sieve(path)
        assert guarded.named(path) == "data/"
        verdict = guarded.decide(path, 5, b"some text")
        assert (verdict.kind, verdict.reason) == ("artifact", "lies in data/, which `folders` makes one artifact")
    assert guarded.decide(b"data", 5, b"some text").kind == "fine"
    assert guarded.decide(b"code.py", 5, b"some text").kind == "fine"


def test_an_excluded_folder_is_none_and_an_excluded_file_in_one_goes_along() -> None:
    guarded = rules("*.parquet/", exclude=("tests/", "*.md"))
    assert guarded.folder_of(b"tests/t.parquet/x") == b""
    assert guarded.decide(b"tests/t.parquet/x", 5, b"some text").kind == "fine"
    assert guarded.decide(b"t.parquet/readme.md", 5, b"some text").kind == "artifact"


def test_a_folder_that_is_kept_from_it_is_told_from_one_that_nothing_speaks_of() -> None:
    guarded = rules("*.parquet/", "!/data/x.parquet/")
    assert guarded.stays_apart(b"data/x.parquet")
    assert guarded.stays_apart(b"data/x.parquet/deep")
    assert not guarded.stays_apart(b"t.parquet")
    assert not guarded.stays_apart(b"data")
    assert not rules().stays_apart(b"data")


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        (b"t.parquet/year=1/x.parquet", b"t.parquet"),
        (b"deep/T.CSV/part-0", b"deep/T.CSV"),
        (b"a.csv/b.pkl/c", b"a.csv"),
        (b"data/x.parquet", b""),
        (b"tests/t.parquet/x", b""),
        (b"raw/deep/x", b""),
        (b"raw/t.parquet/x", b"raw/t.parquet"),
        (b"t.parquet/tests/x", b"t.parquet"),
        (b"old/t.parquet/u.csv/x", b""),
    ],
)
def test_a_folder_is_a_dataset_by_its_own_name(path: bytes, folder: bytes) -> None:
    guarded = Rules(Config(patterns=("*.parquet", "*.csv", "*.pkl", "/raw/**"), exclude=("tests/", "/old/*.parquet/")))
    assert guarded.dataset_above(path) == folder


def test_a_pattern_that_could_name_many_makes_no_folder_a_dataset() -> None:
    assert Rules(Config(patterns=("*.csv", "part*"))).dataset_above(b"part1/x") == b""


@pytest.mark.parametrize("patterns", [(), ("!/e/",), ("d/",)])
def test_a_folder_is_taken_as_one_whatever_the_patterns_say(patterns: tuple[str, ...]) -> None:
    asked = rules(*patterns)
    assert asked.folder_of(b"e/sub/x") == b""
    asked.take_as_one(b"e")
    asked.take_as_one(b"f")
    assert asked.folder_of(b"f/x") == b"f"
    assert (asked.folder_of(b"e/sub/x"), asked.folder_of(b"ee/x")) == (b"e", b"")
