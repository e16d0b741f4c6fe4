"""A command that is a program loads apart, and says where the kernel did not take its filter."""

from __future__ import annotations

import pytest

from trinity_guard import console
from trinity_guard.commands.terminal import models, progress
from trinity_guard.training.model import apart


@pytest.mark.parametrize("taken", [True, False])
def test_a_filter_that_was_not_taken_is_said(
    taken: bool, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(console, "is_program", lambda: True)
    monkeypatch.setattr(apart, "confine", lambda: taken)
    before = models.confine(progress.Progress())
    assert before is not None
    before()
    assert capfd.readouterr().err == ("" if taken else f"trinity-guard: {apart.UNCONFINED}\n")


def test_inside_of_another_program_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "is_program", lambda: False)
    assert (models.go(), models.confine(progress.Progress())) == (None, None)
