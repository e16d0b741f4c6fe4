"""One migration from its request to its report, and what is left of one that was cut short."""

from __future__ import annotations

from typing import Any

import pytest

from tests.migrate import driven
from tests.migrate.legacy import Legacy, md5
from trinity_guard.errors import GuardError
from trinity_guard.migrate import run, state, upload
from trinity_guard.migrate.migration import Migration
from trinity_guard.migrate.options import Options


def migrated(legacy: Legacy, options: Options) -> dict[str, Any]:
    with Migration(legacy.place) as migration:
        return run.run(migration, options)


def standing(legacy: Legacy) -> str:
    with Migration(legacy.place) as migration:
        return run.standing(migration)


def phase(legacy: Legacy, value: str) -> None:
    with state.State(legacy.place) as held:
        held.write({**held.read(), "phase": value})


def test_a_run_is_reported_and_the_report_is_kept(legacy: Legacy) -> None:
    legacy.commit({"a.pkl": b"one"})
    assert standing(legacy) == run.NONE
    done = migrated(legacy, legacy.options(push=True))
    assert (done["phase"], done["pushed"], done["sent"], done["remote"]) == ("done", True, 1, "storage")
    with Migration(legacy.place) as migration:
        assert run.report(migration) == done
        assert upload.wanted(migration) == [(md5(b"one"), 3)]
        with open(run.report_file(migration), encoding="utf-8") as file:  # noqa: PTH123  # a path of bytes
            assert file.read().startswith("became DVC pointers: 1 file")
    assert standing(legacy) == run.COMPLETE


def test_a_dry_one_moves_nothing_and_leaves_nothing_to_complete(legacy: Legacy) -> None:
    legacy.commit({"a.pkl": b"one"})
    before = legacy.refs()
    assert migrated(legacy, legacy.options(dry=True, push=True))["pushed"] is False
    assert legacy.refs() == before
    assert standing(legacy) == run.NONE
    with Migration(legacy.place) as migration, pytest.raises(GuardError, match="no history was migrated"):
        run.report(migration)


def test_one_that_was_cut_short_is_completed_with_its_whole_report(legacy: Legacy) -> None:
    legacy.commit({"a.pkl": b"one"})
    done = migrated(legacy, legacy.options())
    phase(legacy, state.MOVED)
    assert standing(legacy) == run.HALF_RUN
    with Migration(legacy.place) as migration:
        assert run.half_done(migration)
        again = run.complete(migration)
    assert again is not None
    assert {k: v for k, v in again.items() if k != "cache"} == {k: v for k, v in done.items() if k != "cache"}
    assert standing(legacy) == run.COMPLETE


def test_an_engine_s_report_without_ours_is_half_a_run(legacy: Legacy) -> None:
    legacy.commit({"a.pkl": b"one"})
    driven.run(legacy.place, legacy.options())
    assert standing(legacy) == run.HALF_RUN
    with Migration(legacy.place) as migration, pytest.raises(GuardError, match="what would be told of it is gone"):
        run.complete(migration)


def test_an_undo_that_was_cut_short_is_told_apart(legacy: Legacy) -> None:
    legacy.commit({"a.pkl": b"one"})
    migrated(legacy, legacy.options())
    phase(legacy, state.UNDOING)
    assert standing(legacy) == run.HALF_UNDONE
    with Migration(legacy.place) as migration:
        assert run.complete(migration) is None
    assert standing(legacy) == run.NONE


def test_one_at_work_is_told_apart(legacy: Legacy) -> None:
    with state.State(legacy.place) as held:
        held.write({"phase": state.MOVING, "refs": [], "head": None})
        assert standing(legacy) == run.AT_WORK


def test_a_filter_over_what_comes_in_place_of_an_artifact_is_refused(legacy: Legacy) -> None:
    legacy.commit({"data/a.pkl": b"1", ".gitattributes": b"data/** filter=lfs\n"})
    with pytest.raises(GuardError, match=r"a filter of \.gitattributes covers"):
        migrated(legacy, legacy.options())
    assert standing(legacy) == run.NONE


def test_what_stands_in_the_way_is_said_before_anybody_is_asked(worked: Legacy) -> None:
    worked.commit({"a.py": b"1"})
    worked.checkout()
    (worked.path / "a.py").write_text("changed")
    with Migration(worked.place) as migration:
        with pytest.raises(GuardError, match="not committed"):
            run.refuse(migration)
        run.refuse(migration, dry=True)
