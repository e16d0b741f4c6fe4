"""What the tests of releases begin with."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.training import releases
from tests.training.releases import Work


@pytest.fixture
def work(tmp_path: Path) -> Work:
    return releases.work(tmp_path)
