"""The rules by their numbers."""

from __future__ import annotations

import pytest

from tests.helpers.support import Repo


@pytest.mark.parametrize(("args", "code"), [(["--rules", "TG001"], 1), (["--rules", "tg006,TG005"], 0)])
def test_rules_can_be_chosen(bare_repo: Repo, args: list[str], code: int) -> None:
    bare_repo.stage("a.pkl")
    assert bare_repo.guard("lint", *args, ok=False).returncode == code
