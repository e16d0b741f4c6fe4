"""The default preset: labels that deny themselves are not learnt, and a stage's metadata has no moment in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.training import samples
from trinity_guard.errors import GuardError
from trinity_guard.training import record
from trinity_guard.training.layout import Layout
from trinity_guard.training.model.settings import Settings
from trinity_guard.training.preset import Order, Watch


def order(folder: Path, settings: Settings, stage: bool = False) -> Order:
    return Order(str(folder), str(folder), str(folder / "t.csv"), str(folder / "models"), settings, stage=stage)


def test_labels_that_the_verdicts_deny_are_not_learnt(tmp_path: Path) -> None:
    frame = samples.frame()
    frame.loc[(frame.active_strategy == "NONE") & (frame.is_valid == 1), "resolved_strategy_id"] = 3
    frame.drop(columns="page_id").to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(GuardError, match="cannot be trained on for resolved_strategy_id") as refused:
        Layout(order(tmp_path, Settings(target="resolved_strategy_id"))).load()
    assert "trinity train --target is_valid" in refused.value.remedy
    assert Layout(order(tmp_path, Settings())).load()  # of verdicts alone it is only said


@pytest.mark.parametrize("stage", [True, False])
def test_a_stages_metadata_has_neither_moment_nor_commit_nor_run(tmp_path: Path, stage: bool) -> None:
    samples.frame(40).to_csv(tmp_path / "t.csv", index=False)
    layout = Layout(order(tmp_path, Settings(n_estimators=2, folds=0), stage))
    layout.read()
    fitted = layout.fit(layout.order.settings, layout.split(), Watch())
    assert sorted(fitted.pictures) == ["calibration.png", "confusion_matrix.png", "importance.png", "pr.png", "roc.png"]
    with record.claimed(layout.order.output, stage, layout.name) as claim:
        claim.stage(layout.dumped(fitted.model))
        told = layout.metadata(fitted, claim, {"run_id": "r"})
    assert told["model"]["md5"] == claim.made.md5
    assert {"created", "git", "mlflow"} & set(told) == (set() if stage else {"created", "git", "mlflow"})
    assert ("pointer" in told["dataset"], "pointer" in told["model"]) == (not stage, not stage)
    assert json.loads(record.encoded(told))["metrics"] == told["metrics"]
