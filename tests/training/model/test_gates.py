"""Gates: a floor, the constant, the champion on equal terms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.training import samples
from tests.training.model.test_evaluation import judge
from trinity_guard.training.model import forest, gates
from trinity_guard.training.model.evaluation import Evaluation
from trinity_guard.training.model.forest import Examples


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Examples, Evaluation]:
    data = samples.sample(tmp_path_factory.mktemp("judged"))
    return data, judge(data, samples.SMALL)


def test_a_good_model_passes(judged: tuple[Examples, Evaluation]) -> None:
    _, found = judged
    assert gates.check(found) == []
    assert gates.check(found, min_f1=0.5, min_mcc=0.3) == []
    assert gates.check(found, champion=champion(found)) == []


def champion(found: Evaluation, more: float = 0.0, **tags: str) -> dict[str, Any]:
    """Return a champion as the registry gives it, better by `more`."""
    better = {name: round(value + more, 6) for name, value in found.metrics.items()}
    return {"version": 3, "run_id": "r", "metrics": better, "tags": found.terms | tags}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"min_f1": 0.999}, "f1_overflow is 0."),
        ({"min_mcc": 0.999}, "below the 0.999 asked for"),
        ({"min_mcc": float("nan")}, "below the nan asked for"),
    ],
)
def test_a_floor_refuses(judged: tuple[Examples, Evaluation], options: dict[str, float], says: str) -> None:
    [said] = gates.check(judged[1], **options)  # type: ignore[arg-type]
    assert says in said


def test_a_model_that_falls_short_of_the_champion_is_refused(judged: tuple[Examples, Evaluation]) -> None:
    _, found = judged
    said = gates.check(found, champion=champion(found, more=0.01))
    assert [s.split()[0] for s in said] == ["f1_overflow", "mcc"]
    assert "the champion (version 3) has" in said[0]
    assert gates.check(found, champion=champion(found, more=-0.01)) == []


@pytest.mark.parametrize(
    ("tags", "says"),
    [
        ({"dataset_md5": "0" * 32}, "its dataset is 00000000"),
        (
            {"split": "reference, test 0.2, seed 42"},
            "its split is reference, test 0.2, seed 42, this model's is grouped",
        ),
        ({"target": ""}, "its target is not recorded"),
    ],
)
def test_a_champion_on_other_terms_is_not_compared(
    judged: tuple[Examples, Evaluation], tags: dict[str, str], says: str
) -> None:
    _, found = judged
    [said] = gates.check(found, champion=champion(found, -0.5, **tags))
    assert said.startswith("the comparison with the champion (version 3) is not equal:")
    assert says in said


def test_a_champion_without_figures_is_not_beaten(judged: tuple[Examples, Evaluation]) -> None:
    _, found = judged
    said = gates.check(found, champion={"version": 1, "metrics": {"mcc": float("nan")}, "tags": found.terms})
    assert len(said) == 2
    assert all("to compare with" in s for s in said)


def test_a_model_of_noise_is_no_better_than_a_constant(tmp_path: Path) -> None:
    rows = samples.frame()
    rows["is_valid"] = np.random.RandomState(5).permutation(rows["is_valid"].to_numpy())
    settings = samples.SMALL.changed(max_depth=1)
    data = forest.examples(samples.table(rows, tmp_path), settings)
    [said] = gates.check(judge(data, settings))
    assert said.startswith("it is no better than a constant answer")
