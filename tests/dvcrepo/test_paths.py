"""Whose file is it, by its path alone."""

from __future__ import annotations

from trinity_guard.dvcrepo import paths


def test_all_folders_above_are_listed_once() -> None:
    assert paths.folders_above([b"a/b/c.csv", b"a/d.csv", b"e.csv"]) == [b"", b"a", b"a/b"]
    assert paths.folders_above([]) == [b""]
