"""What the tests of DVC's formats begin with."""

from __future__ import annotations

import pytest

from tests.helpers.support import Repo


@pytest.fixture
def dvc_repo(bare_repo: Repo) -> Repo:
    """A plain repository in which only DVC was set up."""
    bare_repo.dvc("init", "-q")
    return bare_repo
