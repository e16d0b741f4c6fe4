"""The face of the room: all that it offers is there, and what not every hook needs is not loaded before it is used."""

from __future__ import annotations

import subprocess
import sys

import pytest

from trinity_guard import git
from trinity_guard.git import files, index, objects, revisions

LOADED = """
import sys
from trinity_guard import git
print([m for m in ("files", "index", "objects", "revisions") if f"trinity_guard.git.{m}" in sys.modules])
git.replace
print([m for m in ("files", "index", "objects", "revisions") if f"trinity_guard.git.{m}" in sys.modules])
"""


def test_all_that_is_offered_is_there() -> None:
    assert {name for name in git.__all__ if not hasattr(git, name)} == set()
    assert set(git.WHERE) <= set(git.__all__)
    assert git.replace is files.replace
    assert git.replace_in is files.replace_in
    assert git.Entry is index.Entry
    assert git.Objects is objects.Objects
    assert git.require_commit is revisions.require_commit


def test_what_is_not_offered_is_no_name() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        git.nonsense  # type: ignore[attr-defined]  # noqa: B018


def test_what_is_not_used_is_not_loaded() -> None:
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, check=True)
    assert done.stdout == b"[]\n['files']\n"
