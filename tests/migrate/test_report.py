"""What a history holds in numbers, pattern by pattern."""

from __future__ import annotations

from tests.migrate.legacy import Legacy
from trinity_guard.git.catfile import Source
from trinity_guard.migrate import report
from trinity_guard.migrate.progress import silent
from trinity_guard.migrate.scan import scan
from trinity_guard.migrate.selection import Selection


def test_a_pattern_s_share_counts_a_version_once_and_a_commit_wherever_it_holds_one(legacy: Legacy) -> None:
    legacy.commit({"a.pkl": b"1" * 100, "t.csv": b"2" * 10})
    legacy.commit({"a.pkl": b"1" * 100, "b.pkl": b"1" * 100, "c.pkl": b"3" * 50})
    legacy.commit({"x": b""})
    selection = Selection(("*.csv", "*.pkl", "*.h5"))
    found = scan(Source(legacy.place), selection, [legacy.id("main").encode()], [], silent)
    told = [(s.label, s.files, s.blobs, s.commits, s.size) for s in report.summarise(found, selection)]
    assert told == [("*.pkl", 3, 2, 2, 150), ("*.csv", 1, 1, 1, 10)]
    assert report.largest(found, 2) == [(b"a.pkl", 1, 100), (b"b.pkl", 1, 100)]


def test_what_moved_is_told_by_size_and_what_stayed_with_a_commit(legacy: Legacy) -> None:
    first = legacy.commit({"a.pkl": b"1", "b.pkl": b"22", "far.pkl.dvc/x": b"taken", "far.pkl": b"3"})
    done = legacy.migrate().report
    assert [(m["path"], m["versions"], m["bytes"]) for m in done["moved"]] == [("b.pkl", 1, 2), ("a.pkl", 1, 1)]
    assert [(s["path"], s["commit"]) for s in done["stays"]] == [("far.pkl", first)]
    counted = ("commits", "commits_changed", "files_moved", "blobs_moved", "objects", "bytes_unpacked")
    assert [done[key] for key in counted] == [1, 1, 2, 2, 2, 3]
