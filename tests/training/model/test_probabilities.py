"""A champion's probabilities come from a process of its own, whose answer is looked at before it is believed."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.training import samples
from trinity_guard.errors import GuardError
from trinity_guard.training.model import admitted, forest, probabilities
from trinity_guard.training.model.forest import Examples
from trinity_guard.training.model.verified import Checked

EVIL = b"cposix\nsystem\n(S'touch marker'\ntR."
GOOD = {"classes": [0, 1], "p": [[0.25, 0.75]], "missing": [], "confined": True}


def checked(data: bytes = b"") -> Checked:
    return Checked("models/m.pkl", "", data, {})


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, Examples]:
    data = samples.sample(tmp_path_factory.mktemp("probabilities"), samples.SMALL)
    return forest.dump(forest.fit(data, samples.SMALL, forest.split(data, samples.SMALL)[0])), data


def test_they_are_the_models_own_to_the_last_digit(case: tuple[bytes, Examples]) -> None:
    model, data = case
    found = probabilities.of(checked(model), data.X)
    here = admitted.model(model)
    assert np.array_equal(found.p, here.predict_proba(data.X))
    assert (found.classes, found.missing) == (here.classes_.tolist(), [])
    assert found.confined == (sys.platform == "linux")


def test_bytes_that_are_no_model_are_refused_in_the_words_of_the_one_that_loads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    (here / "json.py").write_text("raise SystemExit('a module of the current folder')")
    with pytest.raises(GuardError, match=r"posix\.system"):
        probabilities.of(checked(EVIL), None)
    assert [one.name for one in here.iterdir()] == ["json.py"]


def answering(monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    """Let the process that is started do this instead."""
    monkeypatch.setattr(probabilities, "start_line", lambda _: f"import os, sys; {body}")


def test_a_crash_ends_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, "os.kill(os.getpid(), 11)")
    with pytest.raises(GuardError, match=r"that loaded the model was ended .segmentation fault"):
        probabilities.of(checked(), [1])


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"p": [[0.25]]}, {"p": [[0.25, 0.75]] * 2}, {"p": [[0.25, float("nan")]]}, {"p": [[-1, 2]]}, {"p": "x"},
        {"classes": [1, 0]}, {"classes": [1, 1]}, {"classes": None}, {"missing": 3},
    ],
)  # fmt: skip
def test_an_answer_that_no_model_gives_is_not_believed(monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]) -> None:
    answering(monkeypatch, f"print({json.dumps(GOOD | change)!r})")
    if not change:
        assert probabilities.of(checked(), [1]).p.tolist() == [[0.25, 0.75]]
        return
    with pytest.raises(GuardError, match=r"models/m\.pkl gave no answer: exit code 0"):
        probabilities.of(checked(), [1])


def test_what_it_dies_of_is_told_and_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, r"sys.exit('no \x1b[2J memory')")
    with pytest.raises(GuardError, match=r"gave no answer: no \\x1b\[2J memory"):
        probabilities.of(checked(), [1])
