"""A survey changes nothing."""

from __future__ import annotations

from tests.migrate import driven
from tests.migrate.legacy import Legacy
from trinity_guard.migrate.selection import Selection


def test_a_survey_changes_nothing(worked: Legacy) -> None:
    worked.commit({"a.pkl": b"1"})
    worked.checkout()
    before = worked.refs()
    driven.survey(worked.place, Selection(("*.pkl",)), worked.select())
    assert worked.refs() == before
    assert not (worked.git_dir / "trinity-guard").exists()
