"""The `usage` fixture: the command line in this process, where there is no repository."""

from __future__ import annotations

import gc
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.helpers.usage import Usage


@pytest.fixture(autouse=True)
def garbage() -> Generator[None]:
    """A hook ends with its process, and looks for no garbage; this process goes on."""
    yield
    gc.enable()


@pytest.fixture
def usage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Usage:
    monkeypatch.chdir(tmp_path)
    return Usage(capfd, tmp_path)
