"""Empty repositories to write history into: `legacy` is bare, `worked` has a work tree."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.migrate.legacy import Legacy


@pytest.fixture
def legacy(tmp_path: Path) -> Legacy:
    return Legacy(tmp_path / "bare.git", bare=True)


@pytest.fixture
def worked(tmp_path: Path) -> Legacy:
    return Legacy(tmp_path / "work")
