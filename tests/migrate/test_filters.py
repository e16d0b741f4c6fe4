"""Filters that would take hold of the new pointers: Git says so of any commit, without a checkout."""

from __future__ import annotations

import pytest

from tests.migrate.legacy import Legacy
from trinity_guard.git.catfile import Source
from trinity_guard.migrate import filters, refs
from trinity_guard.migrate.progress import silent
from trinity_guard.migrate.scan import scan
from trinity_guard.migrate.selection import Selection

PKL = Selection(("*.pkl",))
ALL = b"data/** filter=lfs\n"


@pytest.mark.parametrize(
    ("attributes", "caught"),
    [
        (ALL, [b"data/.gitignore", b"data/a.pkl.dvc"]),
        (ALL + b"*.dvc -filter\n.gitignore -filter\n", []),
        (b"*.dvc filter=x\n", [b"data/a.pkl.dvc"]),
        # The artifact itself stays.
        (b"data/** filter=x\n", []),
        (b"data/** filter=x\n*.pkl filter=lfs\n", [b"data/.gitignore", b"data/a.pkl.dvc"]),
        (b"*.pkl filter=lfs\n", []),
        (b"", []),
    ],
)
def test_what_comes_in_an_artifact_s_place_is_asked_for(legacy: Legacy, attributes: bytes, caught: list[bytes]) -> None:
    commit = legacy.commit({"data/a.pkl": b"1", "x.py": b"", ".gitattributes": attributes}).encode()
    source = Source(legacy.place)
    assert filters.artifacts(source, commit, PKL) == [b"data/a.pkl"]
    assert filters.among(source, commit, [b"data/a.pkl"]) == caught


def test_size_counts_where_it_is_what_was_asked_for(legacy: Legacy) -> None:
    commit = legacy.commit({"a.bin": b"1" * 100, "b.bin": b"1"}).encode()
    assert filters.artifacts(Source(legacy.place), commit, Selection((), above=50)) == [b"a.bin"]


def test_only_trees_with_artifacts_below_a_filter_speak_of_one(legacy: Legacy) -> None:
    first = legacy.commit({"data/a.pkl": b"1", "data/.gitattributes": b"** filter=lfs\n"})
    second = legacy.commit({"data/a.pkl": b"1", "src/.gitattributes": b"** filter=lfs\n"})
    source = Source(legacy.place)
    found = scan(source, PKL, [second.encode()], [], silent)
    speaking = filters.speaking(source, found)
    assert list(speaking) == [bytes.fromhex(legacy.id(f"{first}^{{tree}}"))]


def test_a_commit_that_nothing_names_is_told_with_what_each_clone_can_do(legacy: Legacy) -> None:
    old = legacy.commit({"data/a.pkl": b"1", ".gitattributes": ALL})
    new = legacy.commit({"data/a.pkl": b"1"})
    source = Source(legacy.place)
    found = scan(source, PKL, [new.encode()], [], silent)
    roots = filters.speaking(source, found)
    caught = filters.caught_in_old_commits(source, found, [new.encode()], roots)
    assert caught == (b"data/a.pkl.dvc", old)
    [remark] = filters.remarks_on_old_commits(caught)
    assert old[:10] in remark
    assert filters.IN_EACH_CLONE in remark
    assert filters.caught_in_old_commits(source, found, [old.encode()], roots) is None
    assert filters.remarks_on_old_commits(None) == []


@pytest.mark.parametrize("attributes", [b"*.pkl filter=crypt\n", b"[attr]secret filter=crypt\n*.pkl secret\n"])
def test_a_file_behind_another_filter_stays_in_each_commit_where_it_is(legacy: Legacy, attributes: bytes) -> None:
    behind = legacy.commit({"data/a.pkl": b"1", "b.csv": b"2", ".gitattributes": attributes})
    before = legacy.commit({"data/a.pkl": b"1"}, branch="plain")
    done = legacy.migrate()
    assert "behind the filter 'crypt'" in done.stays()["data/a.pkl"]
    assert {"data/a.pkl", "b.csv.dvc"} <= done.files(behind).keys()
    assert "data/a.pkl.dvc" in done.files(before)


@pytest.mark.parametrize(
    ("attributes", "stays", "reason"),
    [
        (
            b"*.pkl working-tree-encoding=UTF-16LE\n",
            ["a.pkl", "d/b.pkl"],
            "behind the working-tree-encoding 'UTF-16LE'",
        ),
        (b"a.* ident\n", ["a.pkl"], "behind `ident`"),
        (b"d/** working-tree-encoding=UTF-16\n*.pkl !working-tree-encoding\n", ["d/b.pkl"], "d/.gitignore would be in"),
        (
            b"/*.dvc working-tree-encoding=UTF-16\n",
            ["a.pkl"],
            "a.pkl.dvc would be in the working-tree-encoding",
        ),
        (b".dvc/** working-tree-encoding=UTF-16\n", ["a.pkl", "d/b.pkl"], ".dvc/config would be in"),
        (b"* working-tree-encoding=UTF-8 eol=crlf\n", [], ""),
    ],
)
def test_what_git_encodes_anew_as_it_checks_out_stays(
    legacy: Legacy, attributes: bytes, stays: list[str], reason: str
) -> None:
    encoded = legacy.commit({"a.pkl": b"1", "d/b.pkl": b"2", ".gitattributes": attributes})
    plain = legacy.commit({"a.pkl": b"1", "d/b.pkl": b"2"})
    done = legacy.migrate()
    assert sorted(done.stays()) == stays
    assert all(reason in words for words in done.stays().values())
    assert sorted(path for path in done.files(encoded) if path.endswith(".pkl")) == stays
    assert not [path for path in done.files(plain) if path.endswith(".pkl")]


def test_filters_of_this_clone_alone_count_too(legacy: Legacy) -> None:
    legacy.commit({"a.pkl": b"1"})
    info = legacy.git_dir / "info"
    info.mkdir(exist_ok=True)
    (info / "attributes").write_text("*.csv filter=trinity-guard\n*.h5 filter=lfs\n")
    source = Source(legacy.place)
    found = scan(source, PKL, [legacy.id("main").encode()], [], silent)
    assert filters.behind(source, found, {}) == {}
    (info / "attributes").write_text("*.pkl filter=fat\n")
    [stays] = filters.behind(source, found, {}).values()
    assert list(stays) == [b"a.pkl"]


def test_a_branch_that_is_not_checked_out_is_named_with_the_lines_that_help(legacy: Legacy) -> None:
    legacy.commit({"data/a.pkl": b"1", ".gitattributes": ALL}, branch="side")
    legacy.commit({"x": b"1"})
    source = Source(legacy.place)
    listed = refs.listed(source)
    side = b"refs/heads/side"
    found = scan(source, PKL, [listed.refs[side]], [], silent)
    [remark] = filters.remarks(source, listed, [side], PKL, filters.speaking(source, found))
    assert "refs/heads/side" in remark
    assert "*.dvc -filter" in remark
    assert filters.remarks(source, listed, [side], PKL, {}) == []
