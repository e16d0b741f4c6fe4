"""Figures that do not flatter: against scikit-learn's own, beside the constant, by slice, with leakage and gates."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn import metrics

from tests.training import samples
from trinity_guard.training.model import evaluation, forest, gates
from trinity_guard.training.model.evaluation import Evaluation
from trinity_guard.training.model.forest import Examples, Settings


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Examples, Evaluation]:
    data = samples.sample(tmp_path_factory.mktemp("judged"))
    return data, judge(data, samples.SMALL)


def judge(data: Examples, settings: Settings) -> Evaluation:
    train, test = forest.split(data, settings)
    fitted = forest.fit(data, settings, train)
    cv = evaluation.cross_validate(data, settings, known=(train, fitted))
    return evaluation.evaluate(fitted, data, settings, train, test, cv)


def test_the_constant_gets_what_always_valid_gets() -> None:
    """The facts of the reference's data: F1 .891 and accuracy .803 without having looked at a page."""
    y = np.r_[np.ones(803), np.zeros(197)].astype(int)
    found = evaluation.baseline(y, y)
    assert found["accuracy"] == pytest.approx(0.803)
    assert found["f1_valid"] == pytest.approx(0.8907, abs=1e-4)
    assert found["f1_overflow"] == found["recall_overflow"] == found["mcc"] == 0
    assert found["roc_auc"] == 0.5
    assert found["brier"] == pytest.approx(0.803 * 0.197)
    always = metrics.f1_score(y, np.zeros(1000), pos_label=0)
    assert found["f1_overflow_if_always"] == pytest.approx(always)


@pytest.mark.slow
def test_the_fold_that_is_known_is_not_fitted_again_and_tells_the_same(tmp_path: Path) -> None:
    settings = Settings(n_estimators=8)
    data = samples.sample(tmp_path, settings)
    train, _ = forest.split(data, settings)
    seen: list[tuple[int, int]] = []
    plain = evaluation.cross_validate(data, settings, lambda done, total: seen.append((done, total)))
    fitted = forest.fit(data, settings, train)
    assert evaluation.cross_validate(data, settings, known=(train, fitted)) == plain
    assert seen == [(0, 5), (1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]
    other = forest.fit(data, settings.changed(max_depth=1), train)
    assert evaluation.cross_validate(data, settings, known=(train, other)) != plain


def test_folds_are_by_page_and_their_spread_is_said(tmp_path: Path) -> None:
    settings = samples.SMALL.changed(repeats=2)
    data = samples.sample(tmp_path, settings)
    scores = []
    for repeat in range(2):
        for train, held in forest.folds(data, settings, repeat):
            assert not set(data.groups[train]) & set(data.groups[held])
            fitted = forest.fit(data, settings, train)
            scores.append(metrics.f1_score(data.y[held], fitted.predict(data.X.iloc[held]), pos_label=0))
    mean, sd = evaluation.cross_validate(data, settings)["f1_overflow"]
    assert mean == pytest.approx(np.mean(scores))
    assert sd == pytest.approx(np.std(scores, ddof=1))
    assert evaluation.cross_validate(data, settings.changed(folds=0)) == {}


def test_an_evaluation_is_plain_and_the_same_each_time(judged: tuple[Examples, Evaluation]) -> None:
    data, found = judged
    told = json.dumps(found.to_json(), allow_nan=False)
    assert told == json.dumps(judge(data, samples.SMALL).to_json())
    plain = json.loads(told)
    assert plain["metrics"]["f1_overflow"] == round(found.metrics["f1_overflow"], 6) > 0.7
    assert plain["cv"]["mcc"].keys() == {"mean", "sd"}
    assert sum(count for _, _, count in plain["calibration"]["overflow"]) == sum(map(sum, plain["confusion"]))
    assert plain["terms"] == {"dataset_md5": data.md5, "target": "is_valid", "split": "grouped, test 0.2, seed 42"}


def test_importance_is_of_the_columns_that_a_user_knows(judged: tuple[Examples, Evaluation]) -> None:
    data, found = judged
    assert sorted(found.importance) == sorted(data.features)
    assert sum(found.importance.values()) == pytest.approx(1)
    assert next(iter(found.importance)) == "slot_fill"


def test_importance_of_one_hot_columns_is_summed(tmp_path: Path) -> None:
    rows = samples.frame().assign(is_valid=lambda f: (f["active_strategy"] == "FONT_SHRINK").astype(int))
    data = forest.examples(samples.table(rows, tmp_path), samples.SMALL)
    fitted = forest.fit(data, samples.SMALL, np.arange(600))
    assert evaluation.importance(fitted)["active_strategy"] > 0.9


def test_slices_are_each_theme_and_each_strategy(judged: tuple[Examples, Evaluation]) -> None:
    data, found = judged
    assert [row["value"] for row in found.slices] == [*samples.THEMES, *sorted(samples.STRATEGIES)]
    train, test = forest.split(data, samples.SMALL)
    fitted = forest.fit(data, samples.SMALL, train)
    own = test[(data.slices["theme"] == "editorial").to_numpy()[test]]
    row = found.slices[1]
    assert row["n"] == len(own)
    assert row["overflow"] == pytest.approx((data.y[own] == 0).mean())
    expected = metrics.f1_score(data.y[own], fitted.predict(data.X.iloc[own]), pos_label=0)
    assert row["f1_overflow"] == pytest.approx(expected)


def test_leakage_counts_what_training_knew(tmp_path: Path) -> None:
    data = samples.sample(tmp_path, pages=20)
    alike = data.content.copy()
    alike[0:5] = alike[50:55]
    data = replace(data, content=alike)
    train, test = np.arange(50, 100), np.arange(10)
    assert evaluation.leakage(data, train, test) == {"rows": 10, "content": 5, "content_share": 0.5, "pages": 0}
    rows = np.arange(0, 100, 2)
    crossed = evaluation.leakage(data, rows, np.setdiff1d(np.arange(100), rows))
    assert crossed["pages"] == 20
    assert crossed["content_share"] == 1


def test_the_reference_split_leaks_and_says_so(tmp_path: Path) -> None:
    settings = samples.SMALL.changed(protocol="reference", folds=0)
    found = judge(samples.sample(tmp_path, settings), settings)
    assert found.leakage["content_share"] > 0.9
    assert found.leakage["pages"] > 50


def test_many_classes_are_judged_by_macro_f1(tmp_path: Path) -> None:
    settings = samples.SMALL.changed(target="resolved_strategy_id")
    data = forest.examples(samples.table(samples.frame(300), tmp_path), settings)
    found = judge(data, settings)
    assert found.headline == "f1_macro"
    assert found.metrics["f1_macro"] > found.baseline["f1_macro"]
    assert found.baseline["roc_auc"] == 0.5 < found.metrics["roc_auc"] <= 1
    assert found.cv["roc_auc"][0] > 0.5
    assert found.leakage["pages"] == 0
    assert {row["slice"] for row in found.slices} == {"theme"}
    assert set(found.curves["roc"]) <= set(forest.STRATEGIES.values())
    assert gates.check(found) == []


def test_a_model_is_judged_on_a_table_that_it_was_not_trained_on(tmp_path: Path) -> None:
    data = samples.sample(tmp_path)
    fitted = forest.fit(data, samples.SMALL, np.arange(600))
    strange = forest.examples(samples.table(samples.frame(60, seed=9).assign(theme="unseen"), tmp_path), samples.SMALL)
    found = evaluation.evaluate(fitted, strange, samples.SMALL, np.array([], dtype=int), np.arange(300))
    assert found.leakage == {}
    assert found.terms["split"] == "every row"
    assert found.metrics["mcc"] > 0.5
