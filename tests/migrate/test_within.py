"""What is at a path in a tree."""

from __future__ import annotations

import pytest

from tests.migrate.legacy import Legacy, lfs_pointer, md5, put_lfs_object
from trinity_guard.git.catfile import Source
from trinity_guard.migrate import within
from trinity_guard.migrate.progress import silent
from trinity_guard.migrate.scan import scan
from trinity_guard.migrate.selection import Selection
from trinity_guard.migrate.within import Bytes, Within


def test_files_and_folders_are_found_and_what_is_not_there_is_nothing(
    legacy: Legacy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(within, "MAX_TREES", 1)
    commit = legacy.commit({"a": b"1", "d/e/f": b"2"})
    root = bytes.fromhex(legacy.id(f"{commit}^{{tree}}"))
    found = Within(Source(legacy.place))
    for path in ("a", "d", "d/e", "d/e/f"):
        assert found.find(root, path.encode()).hex() == legacy.id(f"{commit}:{path}")
    assert [found.find(root, path) for path in (b"x", b"d/x", b"a/x", b"d/e/f/g")] == [b""] * 4


def test_a_pointer_of_git_lfs_has_the_bytes_of_its_object_where_that_is_here(legacy: Legacy) -> None:
    put_lfs_object(legacy, b"here")
    commit = legacy.commit({"a.pkl": lfs_pointer(b"here"), "b.pkl": lfs_pointer(b"far"), "c.pkl": b"text"})
    source = Source(legacy.place)
    found = scan(source, Selection(("*.pkl",)), [commit.encode()], [], silent)
    known = Bytes(source, found, {})
    entries = [Within(source).entry(found.roots[0], name) for name in (b"a.pkl", b"b.pkl", b"c.pkl")]
    assert [known.md5(oid) for _, oid in entries] == [md5(b"here"), "", md5(b"text")]
    assert [known.are(*entry, md5(b"here")) for entry in entries] == [True, False, False]
