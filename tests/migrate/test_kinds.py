"""Kinds of paths, and the folders in which there is one: each of them, though in one commit only."""

from __future__ import annotations

import pickle

import pytest

from tests.migrate.legacy import Legacy
from trinity_guard.git.catfile import Source
from trinity_guard.migrate import kinds
from trinity_guard.migrate.firstbytes import Told
from trinity_guard.migrate.kinds import DVC, IGNORES, Kinds
from trinity_guard.migrate.selection import Selection


@pytest.mark.parametrize(
    ("folder", "name", "kind"),
    [
        (b"", b"a.pkl", 1),
        (b"x/", b"a.pkl", 1),
        (b"x/", b"a.py", 0),
        (b"x/", b"a.csv", 0),
        (b"raw/", b"a.csv", 2),
        (b"x/", b"a.dvc", DVC),
        (b"", b"dvc.yaml", DVC),
        (b"x/", b".gitignore", IGNORES),
        (b"", b".dvcignore", IGNORES),
    ],
)
def test_a_kind_is_the_same_however_often_it_is_asked_for(folder: bytes, name: bytes, kind: int) -> None:
    known = Kinds(Selection(("*.pkl", "raw/*.csv")))
    assert [known.of(folder, name) for _ in range(2)] == [kind, kind]


def test_names_tell_where_the_folders_do_not_matter() -> None:
    known = Kinds(Selection(("*.pkl",)))
    assert known.of(b"x/", b"a.pkl") == 1
    assert known.known(b"y/") == {b"a.pkl": 1}
    assert not known.is_plain(b"a.pkl/")
    assert known.of(b"a.pkl/", b"x.py") == 1


def folders(legacy: Legacy, told: tuple[str, ...] = (), attributes: bool = False) -> set[bytes] | None:
    roots = legacy.git("log", "--reverse", "--format=%T", "main").split()
    blobs = {bytes.fromhex(legacy.id(name)) for name in told}
    source = Source(legacy.place)
    pointers = frozenset[bytes]() if attributes else None
    with Told(source, blobs, sniff=False) as known:
        return kinds.folders(source, roots, Kinds(Selection(("*.pkl",))), known, pointers)


def test_folders_with_artifacts_or_files_of_dvc_at_some_time_and_all_above(legacy: Legacy) -> None:
    legacy.commit({"a/b/x.py": b"1", "m/n/a.pkl": b"1", "y.py": b"1"})
    legacy.commit({"a/b/x.py": b"2", "d/x.dvc": b"outs:\n", "s/.dvc/config": b"", "i/.dvcignore/x": b"1"})
    legacy.commit({"a/b/x.py": b"3", "c.pkl/x.py": b"1", "i/.dvcignore/x": b"1", "j/.gitignore": b"x"})
    found = {b"", b"m/", b"m/n/", b"d/", b"s/", b"s/.dvc/", b"i/", b"i/.dvcignore/", b"c.pkl/", b"j/"}
    assert folders(legacy) == found


def test_a_blob_that_counts_by_its_bytes_counts_at_each_of_its_paths(legacy: Legacy) -> None:
    legacy.commit({"a/model": b"text", "g/.gitattributes": b"x"})
    legacy.commit({"a/model": b"pickle", "b/model": b"text"})
    legacy.commit({"a/model": b"pickle", "b/model": b"pickle", "c/x": b"text"})
    assert folders(legacy) == {b""}
    assert folders(legacy, ("main:b/model",)) == {b"", b"a/", b"b/"}
    assert folders(legacy, attributes=True) == {b"", b"g/"}


def test_pointers_of_lfs_count_where_commits_leave_it(legacy: Legacy) -> None:
    legacy.commit({"a/model": b"text", "b/x": b"1"})
    source, roots = Source(legacy.place), [legacy.id("main^{tree}").encode()]
    with Told(source) as told:
        for pointers, found in ((None, {b""}), ({bytes.fromhex(legacy.id("main:a/model"))}, {b"", b"a/"})):
            assert kinds.folders(source, roots, Kinds(Selection(("*.pkl",))), told, pointers) == found


def test_bytes_are_looked_at_in_each_commit_where_no_name_tells(legacy: Legacy) -> None:
    model = pickle.dumps([1] * 99)
    legacy.commit({"a/x": b"1", "b/x": b"1", "c/x.pkl": model + b"1"})
    legacy.commit({"a/x": model, "b/x": b"1"})
    legacy.commit({"a/x": b"2", "b/x": b"2"})
    roots = legacy.git("log", "--reverse", "--format=%T", "main").split()
    source = Source(legacy.place)
    with Told(source) as told:
        assert kinds.folders(source, roots, Kinds(Selection(("*.pkl",))), told, None) == {b"", b"a/", b"c/"}
        assert len(told) == 1
        assert bytes.fromhex(legacy.id("main~1:a/x")) in told


def test_paths_are_forgotten_and_told_again(legacy: Legacy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kinds, "MAX_PATHS", 0)
    legacy.commit({"a/x.py": b"1", "b/a.pkl": b"1"})
    assert folders(legacy) == {b"", b"b/"}


def test_a_damaged_history_tells_nothing(legacy: Legacy) -> None:
    legacy.commit({"a/x.py": b"1"})
    oid = legacy.id("main:a")
    (legacy.git_dir / "objects" / oid[:2] / oid[2:]).unlink()
    assert folders(legacy) is None
