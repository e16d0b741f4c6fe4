"""Progress by stages: each tells under its own name."""

from __future__ import annotations

from trinity_guard.migrate import progress


def test_a_stage_tells_under_its_name() -> None:
    told: list[tuple[str, int, int]] = []
    on_push = progress.of_stage(lambda *said: told.append(said), "push")
    on_push(1, 3)
    on_push(3, 3)
    progress.silent("push", 1, 3)
    assert told == [("push", 1, 3), ("push", 3, 3)]
