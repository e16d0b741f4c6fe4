"""The other project's figures, gates and keys: those that scikit-learn's own functions give."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import f1_score, precision_score, recall_score

from tests.training import samples
from trinity_guard.detect.scan import verdict
from trinity_guard.training.model import admitted, evaluation, forest, reference
from trinity_guard.training.model.evaluation import Evaluation
from trinity_guard.training.model.forest import Examples
from trinity_guard.training.model.settings import Settings


def settings(target: str) -> Settings:
    return samples.SMALL.changed(protocol="reference", target=target, folds=0)


def judged(folder: Path, target: str) -> tuple[Examples, Evaluation, list[int], list[int]]:
    data = samples.sample(folder, settings(target))
    train, test = forest.split(data, settings(target))
    fitted = forest.fit(data, settings(target), train)
    found = evaluation.evaluate(fitted, data, settings(target), train, test)
    return data, found, data.y[test].tolist(), fitted.predict(data.X.iloc[test]).tolist()


@pytest.mark.parametrize("target", ["is_valid", "resolved_strategy_id"])
def test_its_figures_are_those_of_scikit_learn(tmp_path: Path, target: str) -> None:
    _, found, y, said = judged(tmp_path, target)
    average = "binary" if target == "is_valid" else "weighted"
    functions = {"precision": precision_score, "recall": recall_score, "f1_score": f1_score}
    wanted = {name: round(f(y, said, average=average, zero_division=0), 4) for name, f in functions.items()}
    assert reference.figures(found) == wanted


def test_a_model_below_one_of_its_floors_is_told_under_its_protocol_alone(tmp_path: Path) -> None:
    _, found, _, _ = judged(tmp_path, "is_valid")
    assert reference.short_of(found, settings("is_valid")) == []
    bad = replace(found, confusion=np.array([[20, 3], [60, 10]]))
    assert reference.short_of(bad, settings("is_valid")) == [
        "f1_score is 0.2410, below the 0.6 of the reference's gate.",
        "recall is 0.1429, below the 0.5 of the reference's gate.",
    ]
    assert reference.short_of(bad, samples.SMALL) == []
    # Of strategies its figures are of another thing.
    assert reference.short_of(replace(bad, target="resolved_strategy_id"), settings("resolved_strategy_id")) == []


def test_its_keys_are_there_under_its_protocol_alone_and_no_moment_in_a_stage(tmp_path: Path) -> None:
    data, found, _, _ = judged(tmp_path, "is_valid")
    made = reference.metadata(found, settings("is_valid"), data, datetime(2026, 1, 31, 23, 59, tzinfo=UTC), "m_1")
    assert (made["timestamp"], made["model_file"]) == ("20260131_235900", "m_1.pkl")
    assert made["metrics"]["f1_score"] == round(found.metrics["f1_valid"], 4)
    assert made["label_encoders"]["theme"] == samples.THEMES
    assert "timestamp" not in reference.metadata(found, settings("is_valid"), data, None, "m_1")
    assert reference.metadata(found, samples.SMALL, data, None, "m_1") == {}


@pytest.mark.parametrize("target", ["is_valid", "resolved_strategy_id"])
def test_its_own_predictor_is_answered_by_the_file_and_the_numbers_of_its_metadata(tmp_path: Path, target: str) -> None:
    """It loads the file with joblib, numbers names by the metadata, and asks by seven columns."""
    data = samples.sample(tmp_path, settings(target))
    fitted = forest.fit(data, settings(target), np.arange(len(data.y)))
    written = forest.dump(fitted)
    assert verdict.of_bytes(written, b"m.pkl").kind == verdict.HARMLESS
    loaded = admitted.model(written)
    found = evaluation.evaluate(fitted, data, settings(target), np.arange(20), np.arange(20, len(data.y)))
    encoders = reference.metadata(found, settings(target), data, None, "m_1")["label_encoders"]
    asked = data.X.head(30)[["input_char_len", "input_word_count"]].assign(
        css_density_spacing=0, css_density_layout=0, pathological_score=0.0, theme_encoded=0, active_strategy_encoded=0
    )
    for name, values in encoders.items():
        asked[f"{name}_encoded"] = [values.index(one) for one in data.X[name].head(30)]
    assert loaded.predict_proba(asked).tolist() == loaded.predict_proba(data.X.head(30)).tolist()
    assert (
        forest.fast_predict(loaded, data.X.head(30).to_dict("records")).tolist()
        == fitted.predict_proba(data.X.head(30)).tolist()
    )
    # One that it does not know is -1 there, and none of the names here.
    unknown = loaded.predict_proba(data.X.head(30).assign(theme="never seen"))
    assert loaded.predict_proba(asked.assign(theme_encoded=-1)).tolist() == unknown.tolist()
