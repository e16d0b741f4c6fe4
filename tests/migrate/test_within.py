"""What is at a path in a tree."""

from __future__ import annotations

import pytest

from tests.migrate.legacy import Legacy
from trinity_guard.git.catfile import Source
from trinity_guard.migrate import within
from trinity_guard.migrate.within import Within


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
