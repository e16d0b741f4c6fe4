"""A project's folder, and one training that is logged whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.training import trackable
from tests.training.trackable import Logged
from trinity_guard.training.tracking import runs as tracking
from trinity_guard.training.tracking.runs import RunStore


@pytest.fixture(autouse=True)
def no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's folder; the current one is another, and empty."""
    for name in ("project", "elsewhere"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    return tmp_path / "project"


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunStore, Logged, Path]]:
    """One training with everything, logged from another folder."""
    root, elsewhere = tmp_path_factory.mktemp("project"), tmp_path_factory.mktemp("elsewhere")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.chdir(elsewhere)
        store = tracking.begin(str(root))
        made = trackable.log_whole(store)
        assert trackable.below(elsewhere) == []
        assert "MLFLOW_TRACKING_URI" not in os.environ
        yield store, made, root
