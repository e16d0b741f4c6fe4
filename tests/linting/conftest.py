"""These tests may run in a CI themselves: what it tells of its own event is nothing to them."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def no_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name == "CI" or (name.startswith(("GITHUB_", "GITLAB_", "CI_", "PRE_COMMIT")) and name != "PRE_COMMIT_HOME"):
            monkeypatch.delenv(name)
