"""Notes follow the commits that they are on."""

from __future__ import annotations

import pytest

from tests.migrate.legacy import Legacy


@pytest.mark.parametrize("fanout", [False, True])
def test_notes_follow_their_commits(legacy: Legacy, fanout: bool) -> None:
    commits = [legacy.commit({"a.pkl": b"%d" % n}) for n in range(3)]
    kept = legacy.commit({"x": b""}, branch="kept", parents=[])
    for commit in (*commits, kept):
        legacy.git("notes", "add", "-m", f"note on {commit[:6]}", commit)
    if fanout:
        tree = {f"{c[:2]}/{c[2:]}": f"spread {c}\n".encode() for c in (*commits, kept)}
        oid = legacy.commit(dict(tree), b"notes\n", branch="scratch", parents=[legacy.id("refs/notes/commits")])
        legacy.git("update-ref", "refs/notes/commits", oid)
        legacy.git("update-ref", "-d", "refs/heads/scratch")
    before = {c: legacy.git("notes", "show", c) for c in (*commits, kept)}
    count = legacy.git("rev-list", "--count", "refs/notes/commits")
    done = legacy.migrate()
    for old, text in before.items():
        assert legacy.git("notes", "show", done.ids[old]) == text
    assert legacy.git("rev-list", "--count", "refs/notes/commits") == count
