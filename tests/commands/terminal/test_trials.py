"""A search says each trial that is the best so far, once."""

from __future__ import annotations

import pytest

from trinity_guard.commands.terminal import progress, trials
from trinity_guard.training.model.trials import Trial


def test_a_trial_is_said_where_it_is_the_best_so_far(capfd: pytest.CaptureFixture[str]) -> None:
    first, second = Trial({"alpha": None}, 0.5, 0.1, 1), Trial({"alpha": 2}, 0.6, 0.1, 1)
    with progress.Progress() as line:
        tried = trials.said(line)
        tried(first, first, 1, 3)
        tried(first, first, 2, 3)
        tried(second, second, 3, 3)
    assert [one.partition("best so far, ")[2] for one in capfd.readouterr().err.splitlines() if "best" in one] == [
        "0.5000 ± 0.1000: alpha=none", "0.6000 ± 0.1000: alpha=2",
    ]  # fmt: skip
