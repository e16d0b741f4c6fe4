"""A program that was written for the other project's predictor gets its calls answered, by models that are verified."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.documents import blocks
from tests.helpers.support import PROJECT, run
from tests.training import samples
from tests.training.model.models import made
from tests.training.projects import Project, beside
from trinity_guard.training import LayoutRiskPredictor

CONTENT = {"title": "A page", "count": 3, "text": "word " * 40}
CONTRACT = samples.SMALL.changed(features="contract")


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("predictor")


@pytest.fixture(scope="module")
def verdicts(room: Path) -> Path:
    return made(room, CONTRACT).parent


def resolved(folder: Path) -> Path:
    return made(folder, CONTRACT.changed(target="resolved_strategy_id")).parent


def test_the_two_calls_are_answered_by_a_model_of_verdicts(verdicts: Path) -> None:
    predictor = LayoutRiskPredictor(str(verdicts))
    assert predictor.is_loaded
    assert not predictor.reason
    risk, available = predictor.predict_risk(CONTENT, "brutalist")
    assert available
    assert 0 <= risk <= 1
    healed, _ = predictor.predict_risk(CONTENT, "brutalist", "css_truncate")
    assert healed < risk
    best = predictor.predict_best_strategy(CONTENT, "brutalist", 1, 1, 0.9)
    assert set(best["probabilities"]) == set(samples.STRATEGIES)
    assert best["prediction_available"]
    assert best["strategy_name"] in {*samples.STRATEGIES, "UNRESOLVED_FAIL"}
    assert best["probabilities"].get(best["strategy_name"], best["confidence"]) == best["confidence"]


def test_the_two_calls_are_answered_by_a_model_of_strategies(tmp_path: Path) -> None:
    predictor = LayoutRiskPredictor(str(resolved(tmp_path)))
    best = predictor.predict_best_strategy(CONTENT, "brutalist")
    assert sum(best["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    assert best["confidence"] == max(best["probabilities"].values())
    risk, available = predictor.predict_risk(CONTENT, "brutalist")
    assert available
    assert risk == pytest.approx(1 - best["probabilities"]["NONE"], abs=1e-6)


@pytest.mark.parametrize(
    ("risk", "skip", "confidence"), [(0.7, True, 0.7), (0.69, False, 0.69), (0.5, False, 0.5), (0.2, False, 0.8)]
)
def test_a_risk_becomes_the_recommendation_that_the_other_project_gives(
    verdicts: Path, risk: float, skip: bool, confidence: float
) -> None:
    said = LayoutRiskPredictor(str(verdicts)).get_recommendation(risk)
    assert (said["skip_none_strategy"], said["confidence"]) == (skip, confidence)


def missing(folder: Path) -> str:
    return str(folder / "none")


def empty(folder: Path) -> str:
    return str(folder)


def measured(folder: Path) -> str:
    return str(made(folder, samples.SMALL).parent)


def changed(folder: Path) -> str:
    model = made(folder, CONTRACT)
    model.write_bytes(model.read_bytes() + b".")
    return str(model.parent)


@pytest.mark.parametrize(
    ("where", "reason"), [(missing, "cannot be read"), (empty, "has no"), (measured, "slot_fill"), (changed, "its md5")]
)
def test_without_a_model_that_will_do_it_says_why_and_answers_as_the_other_one_does(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, where: Any, reason: str
) -> None:
    with caplog.at_level(logging.WARNING):
        predictor = LayoutRiskPredictor(where(tmp_path))
    assert reason in predictor.reason
    assert predictor.reason in caplog.text
    assert not predictor.is_loaded
    assert predictor.metadata == {}
    assert predictor.predict_risk(CONTENT, "brutalist") == (0.5, False)
    best = predictor.predict_best_strategy(CONTENT, "brutalist")
    assert (best["strategy_id"], best["confidence"], best["prediction_available"]) == (1, 0.5, False)


def test_a_strategy_that_no_row_had_is_said_and_not_guessed(verdicts: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert LayoutRiskPredictor(str(verdicts)).predict_risk(CONTENT, "brutalist", "PRE_EMPTIVE") == (0.5, False)
    assert "PRE_EMPTIVE" in caplog.text


def test_the_newest_is_the_one_that_was_made_last_whatever_its_name(tmp_path: Path) -> None:
    dates = ["2026-02-01T00:00:00Z", "2026-01-01T00:00:00Z"]
    model = made(tmp_path, CONTRACT)
    folder = tmp_path / "two"
    folder.mkdir()
    for i, created in enumerate(dates):
        told = json.loads(beside(model, "_metadata.json").read_text()) | {"created": created}
        name = folder / f"layout_risk_predictor_{i}.pkl"
        name.write_bytes(model.read_bytes())
        beside(name, "_metadata.json").write_text(json.dumps(told))
    assert LayoutRiskPredictor(str(folder)).metadata["created"] == dates[0]


@pytest.mark.slow
def test_the_program_of_the_page_on_switching_runs_on_a_training_by_the_other_projects_options(tmp_path: Path) -> None:
    here = Project.begin(tmp_path / "p")
    here.trinity("train", "-d", "data/training_dataset.csv", "-o", "models/", "--protocol", "reference")
    [model] = here.models()
    told = here.metadata(model)
    assert told["model_file"] == model.name
    assert told["hyperparameters"]["n_estimators"] == 12
    assert told["feature_columns"][2:] == ["theme_encoded", "active_strategy_encoded"]
    assert told["label_encoders"]["theme"] == samples.THEMES
    assert {"model_type", "timestamp", "feature_importance_top10"} < set(told)
    [program] = blocks((PROJECT / "docs" / "switching.md").read_text(), "python")
    said = run(sys.executable, "-c", program, cwd=here.path).stdout.decode().splitlines()
    assert said[0].startswith("True ")
    assert said[2] == f"True {told['metrics']['f1_score']}"
