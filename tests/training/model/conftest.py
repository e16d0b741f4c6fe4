"""A small model that was trained once for the tests of a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.training import samples
from tests.training.model.models import made
from tests.training.projects import beside


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("predict")


@pytest.fixture(scope="module")
def trained(room: Path) -> Path:
    return made(room, samples.SMALL)


@pytest.fixture
def own(trained: Path, tmp_path: Path) -> Path:
    """A copy of the model that a test may spoil."""
    for source in (trained, beside(trained, "_metadata.json")):
        (tmp_path / source.name).write_bytes(source.read_bytes())
    return tmp_path / trained.name
