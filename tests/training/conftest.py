"""What each test of a training begins with: MLflow's tables need not be made anew for each."""

from __future__ import annotations

import sys

import pytest

from tests.helpers import stores


@pytest.fixture(autouse=True)
def tables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Copy MLflow's tables where it is loaded already; nobody loads it for this."""
    utils = sys.modules.get(stores.MODULE)
    if utils is not None:
        monkeypatch.setattr(utils, stores.NAME, stores.copied(getattr(utils, stores.NAME)))
