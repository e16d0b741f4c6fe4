"""Figures that do not flatter: against scikit-learn's own, beside the constant, by slice, with leakage and gates."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as of_hypothesis
from hypothesis import strategies as st
from sklearn import metrics

from tests.training import samples
from trinity_guard.training.model import evaluation, forest, gates, measures
from trinity_guard.training.model.evaluation import Evaluation
from trinity_guard.training.model.forest import Examples, Settings

# Twenty calls of scikit-learn each, and a machine may be busy.
HOWEVER_LONG = of_hypothesis(deadline=None)
FORECASTS = st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1)), min_size=1, max_size=60)


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Examples, Evaluation]:
    data = samples.sample(tmp_path_factory.mktemp("judged"))
    return data, judge(data, samples.SMALL)


def judge(data: Examples, settings: Settings) -> Evaluation:
    train, test = forest.split(data, settings)
    fitted = forest.fit(data, settings, train)
    cv = evaluation.cross_validate(data, settings, known=(train, fitted))
    return evaluation.evaluate(fitted, data, settings, train, test, cv)


@pytest.mark.filterwarnings("ignore:A single label was found")
@HOWEVER_LONG
@given(FORECASTS)
def test_figures_of_two_classes_are_scikit_learns(forecasts: list[tuple[int, float]]) -> None:
    y, valid = (np.array(column) for column in zip(*forecasts, strict=True))
    p = np.column_stack([1 - valid, valid])
    said = p.argmax(axis=1)
    found = measures.measure(y, p, [0, 1])
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(y, said))
    # On predictions of one class alone scikit-learn's MCC is 0 by its own rule, as ours is.
    assert found["mcc"] == pytest.approx(metrics.matthews_corrcoef(y, said))
    assert found["brier"] == pytest.approx(((valid - y) ** 2).mean())
    for label, word in ((0, "overflow"), (1, "valid")):
        options: dict[str, Any] = {"pos_label": label, "zero_division": 0}
        assert found[f"precision_{word}"] == pytest.approx(metrics.precision_score(y, said, **options))
        assert found[f"recall_{word}"] == pytest.approx(metrics.recall_score(y, said, **options))
        assert found[f"f1_{word}"] == pytest.approx(metrics.f1_score(y, said, **options))
    assert ("roc_auc" in found) == (len(set(y)) == 2)
    if "roc_auc" in found:
        assert found["roc_auc"] == pytest.approx(metrics.roc_auc_score(y, valid))


@pytest.mark.filterwarnings("ignore:A single label was found")
@HOWEVER_LONG
@given(
    st.lists(st.tuples(st.sampled_from([0, 1, 3, 99]), st.lists(st.integers(1, 9), min_size=4, max_size=4)), min_size=1)
)
def test_figures_of_many_classes_are_scikit_learns(forecasts: list[tuple[int, list[int]]]) -> None:
    classes = [0, 1, 3, 99]
    y = np.array([label for label, _ in forecasts])
    p = np.array([[w / sum(weights) for w in weights] for _, weights in forecasts])
    said = np.array(classes)[p.argmax(axis=1)]
    found = measures.measure(y, p, classes, "resolved_strategy_id")
    assert found["mcc"] == pytest.approx(metrics.matthews_corrcoef(y, said))
    assert found["log_loss"] == pytest.approx(metrics.log_loss(y, p, labels=classes))
    f1s = metrics.f1_score(y, said, labels=sorted(set(y)), average="macro", zero_division=0)
    assert found["f1_macro"] == pytest.approx(f1s)
    assert found["recall_css_truncate"] == pytest.approx(
        metrics.recall_score(y, said, labels=[3], average="macro", zero_division=0)
    )
    assert 0 <= found["brier"] <= 2
    assert ("roc_auc" in found) == (len(set(y)) > 1)
    if set(y) == set(classes):
        options = {"multi_class": "ovr", "average": "weighted", "labels": classes}
        assert found["roc_auc"] == pytest.approx(metrics.roc_auc_score(y, p, **options))


def test_a_class_that_the_test_part_lacks_has_no_area_and_no_weight() -> None:
    y = np.array([0, 0, 1, 1, 1])
    p = np.array([[0.7, 0.2, 0.1], [0.3, 0.6, 0.1], [0.1, 0.8, 0.1], [0.4, 0.5, 0.1], [0.2, 0.1, 0.7]])
    found = measures.measure(y, p, [0, 1, 99], "resolved_strategy_id")
    zero, one = (metrics.roc_auc_score(y == c, p[:, c]) for c in (0, 1))
    assert found["roc_auc"] == pytest.approx(0.4 * zero + 0.6 * one)
    alone = measures.measure(y[:2], p[:2], [0, 1, 99], "resolved_strategy_id")
    assert "roc_auc" not in alone


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


def test_calibration_is_what_came_true_of_what_was_said() -> None:
    p = np.array([0.05, 0.05, 0.15, 0.95, 1.0])
    own = np.array([False, True, False, True, True])
    assert measures.calibration(own, p) == pytest.approx(np.array([[0.05, 0.5, 2], [0.15, 0, 1], [0.975, 1, 2]]))


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
