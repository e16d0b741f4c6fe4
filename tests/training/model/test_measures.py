"""Figures are scikit-learn's own, under the names of the classes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as of_hypothesis
from hypothesis import strategies as st
from sklearn import metrics

from trinity_guard.training.model import measures

# Twenty calls of scikit-learn each, and a machine may be busy.
HOWEVER_LONG = of_hypothesis(deadline=None)


FORECASTS = st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1)), min_size=1, max_size=60)


@pytest.mark.slow
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


@pytest.mark.slow
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


def test_calibration_is_what_came_true_of_what_was_said() -> None:
    p = np.array([0.05, 0.05, 0.15, 0.95, 1.0])
    own = np.array([False, True, False, True, True])
    assert measures.calibration(own, p) == pytest.approx(np.array([[0.05, 0.5, 2], [0.15, 0, 1], [0.975, 1, 2]]))
