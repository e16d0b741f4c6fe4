"""The engine: objects first, refs last, and nothing moves where anything on the way is wrong."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.migrate import driven
from tests.migrate.legacy import Legacy, md5
from trinity_guard.errors import GuardError
from trinity_guard.migrate import engine


def test_the_check_is_given_all_objects_before_any_ref_moves(legacy: Legacy) -> None:
    legacy.commit({"a.pkl": b"one", "same.pkl": b"one", "b.pkl": b"two!"})
    before, given = legacy.refs(), []

    def check(objects: Sequence[tuple[str, int]]) -> None:
        assert legacy.refs() == before
        given.append(sorted(objects))

    driven.run(legacy.place, legacy.options(), check=check)
    assert given == [sorted([(md5(b"one"), 3), (md5(b"two!"), 4)])]
    assert legacy.refs() != before


def test_a_check_that_refuses_leaves_every_ref_and_the_next_run_goes_on(legacy: Legacy) -> None:
    legacy.commit({"a.pkl": b"one"})
    before = legacy.refs()

    def refuse(_: object) -> None:
        raise GuardError("the disk is full", "make room")

    with pytest.raises(GuardError, match="the disk is full"):
        driven.run(legacy.place, legacy.options(), check=refuse)
    assert legacy.refs() == before
    assert legacy.migrate().report["blobs_moved"] == 1


def test_a_proof_that_finds_anything_moves_no_ref(legacy: Legacy, monkeypatch: pytest.MonkeyPatch) -> None:
    legacy.commit({"a.pkl": b"one"})
    before = legacy.refs()
    monkeypatch.setattr(engine, "prove", lambda *_, **__: ["m/a.pkl is not what it was", "and more"])
    with pytest.raises(GuardError, match=r"m/a\.pkl is not what it was \(and 1 more\)"):
        driven.run(legacy.place, legacy.options())
    assert legacy.refs() == before


def test_the_stages_are_told_in_their_order(worked: Legacy) -> None:
    worked.commit({"a.pkl": b"one"})
    worked.checkout()
    told: list[str] = []
    driven.run(worked.place, worked.options(), lambda stage, *_: told.append(stage))
    assert list(dict.fromkeys(told)) == ["scan", "extract", "rewrite", "prove", "move"]


def test_a_dry_run_writes_the_report_and_moves_nothing(legacy: Legacy) -> None:
    legacy.commit({"a.pkl": b"one"})
    before = legacy.refs()
    report = driven.run(legacy.place, legacy.options(dry=True))
    assert (report["phase"], len(report["refs"])) == ("dry", 1)
    assert legacy.refs() == before
