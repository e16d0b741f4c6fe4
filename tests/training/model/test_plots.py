"""The pictures of an evaluation, and its curves as tables."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import tempfile
from pathlib import Path

import numpy as np
import pytest

from tests.training import samples
from tests.training.model.test_evaluation import judge
from trinity_guard.training.model import forest, measures, plots
from trinity_guard.training.model.evaluation import Evaluation

NAMES = ["confusion_matrix", "roc", "pr", "calibration", "importance"]
TARGETS = ["is_valid", "resolved_strategy_id"]


@pytest.fixture(scope="module", autouse=True)
def fonts() -> None:
    """Matplotlib looks through the machine's fonts once a HOME, for seconds, and each test has a HOME of its own."""
    os.environ.setdefault("MPLCONFIGDIR", str(Path(tempfile.gettempdir()) / f"trinity-guard-fonts-{os.getuid()}"))


@pytest.fixture(scope="module", params=TARGETS)
def judged(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    settings = samples.SMALL.changed(target=request.param, folds=0)
    table = samples.table(samples.frame(200), tmp_path_factory.mktemp("plots"))
    return judge(forest.examples(table, settings), settings)


def drawn(evaluation: Evaluation) -> dict[str, str]:
    """Return name -> md5 of the PNG."""
    found = {}
    for name, figure in plots.figures(evaluation).items():
        out = io.BytesIO()
        figure.savefig(out, format="png")
        found[name] = hashlib.md5(out.getvalue()).hexdigest()
    return found


@pytest.mark.slow
def test_pictures_are_drawn_alike_each_time(judged: Evaluation) -> None:
    once = drawn(judged)
    assert list(once) == NAMES
    assert len(set(once.values())) == len(NAMES)
    assert drawn(judged) == once


def test_pictures_show_the_figures(judged: Evaluation) -> None:
    figures = plots.figures(judged)
    matrix = figures["confusion_matrix"].axes[0]
    assert [int(text.get_text()) for text in matrix.texts] == judged.confusion.ravel().tolist()
    assert f"{judged.headline} {judged.metrics[judged.headline]:.3f}" in matrix.get_title()
    legend = figures["roc"].axes[0].get_legend()
    assert legend is not None
    said = [label.get_text() for label in legend.get_texts()]
    assert any(line.startswith(next(iter(judged.curves["roc"]))) for line in said)
    bars = [label.get_text() for label in figures["importance"].axes[0].get_yticklabels()]
    assert bars[::-1] == list(judged.importance)


def test_each_class_has_a_field_of_its_own_in_the_picture_of_calibration(judged: Evaluation) -> None:
    curves = judged.curves["calibration"]
    fields = [axes for axes in plots.figures(judged)["calibration"].axes if axes.axison]
    assert len(fields) == len(curves)
    if len(curves) > 1:
        assert [axes.get_title() for axes in fields] == list(curves)


def test_curves_are_tables_that_agree_with_the_figures(judged: Evaluation, tmp_path: Path) -> None:
    written = plots.write_curves(judged, str(tmp_path / "new" / "plots"))
    assert [Path(path).name for path in written] == [
        "roc.csv",
        "pr.csv",
        "calibration.csv",
        "confusion.csv",
        "importance.csv",
    ]
    tables = {Path(path).stem: list(csv.DictReader(Path(path).open(encoding="utf-8"))) for path in written}
    words = measures.names(judged.classes, judged.target)
    counts = np.zeros_like(judged.confusion)
    for row in tables["confusion"]:
        counts[words.index(row["actual"]), words.index(row["predicted"])] += 1
    assert (counts == judged.confusion).all()
    first = next(iter(judged.curves["roc"]))
    roc = [row for row in tables["roc"] if row["class"] == first]
    assert float(roc[0]["false_positive_rate"]) == 0
    assert float(roc[-1]["true_positive_rate"]) == 1
    assert len(roc) <= measures.POINTS
    assert {row["feature"] for row in tables["importance"]} == set(judged.importance)
    before = [Path(path).read_bytes() for path in written]
    assert plots.write_curves(judged, str(tmp_path / "again")) != written
    assert [Path(path).read_bytes() for path in plots.write_curves(judged, str(tmp_path / "new" / "plots"))] == before
