"""Pictures of an evaluation by scikit-learn's displays, and its curves as tables for `dvc plots`."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.calibration import CalibrationDisplay
from sklearn.metrics import ConfusionMatrixDisplay, PrecisionRecallDisplay, RocCurveDisplay, auc

from trinity_guard.git import files
from trinity_guard.training.model import measures

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from trinity_guard.training.model.evaluation import Evaluation

HEADERS = {
    "roc": ("class", "false_positive_rate", "true_positive_rate"),
    "pr": ("class", "recall", "precision"),
    "calibration": ("class", "forecast", "observed", "rows"),
}


def figures(evaluation: Evaluation) -> dict[str, Figure]:
    """Return confusion_matrix, roc, pr, calibration and importance. The same evaluation draws the same pixels.

    Figures of Agg, made without pyplot: none is kept by it, and no window system is asked.
    """
    import matplotlib

    matplotlib.use("Agg")
    return {
        "confusion_matrix": _figure(_confusion, evaluation),
        "roc": _figure(_roc, evaluation),
        "pr": _figure(_pr, evaluation),
        "calibration": _figure(_calibration, evaluation),
        "importance": _figure(_importance, evaluation),
    }


def pictures(evaluation: Evaluation) -> dict[str, bytes]:
    """Return the same figures as PNG, `roc.png` and so on."""
    made = {}
    for name, figure in figures(evaluation).items():
        out = io.BytesIO()
        figure.savefig(out, format="png")
        made[f"{name}.png"] = out.getvalue()
    return made


def _figure(draw: Any, evaluation: Evaluation) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.8), layout="constrained")
    FigureCanvasAgg(figure)
    draw(figure.add_subplot(), evaluation)
    return figure


def _confusion(axes: Axes, evaluation: Evaluation) -> None:
    words = measures.names(evaluation.classes, evaluation.target)
    display = ConfusionMatrixDisplay(evaluation.confusion, display_labels=words)
    tilt = "horizontal" if len(words) == 2 else 45
    display.plot(ax=axes, cmap="Blues", values_format="d", colorbar=False, xticks_rotation=tilt)
    axes.set_title(f"{evaluation.target}: {_figures(evaluation, evaluation.headline, 'mcc')}")


def _roc(axes: Axes, evaluation: Evaluation) -> None:
    curves = evaluation.curves["roc"]
    for number, (word, points) in enumerate(curves.items()):
        area = auc(points[:, 0], points[:, 1])
        display = RocCurveDisplay(fpr=points[:, 0], tpr=points[:, 1], roc_auc=area)
        # The name here, and not above, where scikit-learn has called it otherwise.
        display.plot(ax=axes, name=word, plot_chance_level=number == len(curves) - 1)
    axes.set_title("ROC")


def _pr(axes: Axes, evaluation: Evaluation) -> None:
    for word, points in evaluation.curves["pr"].items():
        PrecisionRecallDisplay(precision=points[:, 1], recall=points[:, 0]).plot(ax=axes, name=word)
    axes.set_title("Precision and recall")


def _calibration(axes: Axes, evaluation: Evaluation) -> None:
    curves, title = evaluation.curves["calibration"], f"Calibration: {_figures(evaluation, 'brier')}"
    if len(curves) > 1:
        _side_by_side(axes, curves, title)
        return
    for word, points in curves.items():
        CalibrationDisplay(points[:, 1], points[:, 0], points[:, 0]).plot(ax=axes, name=word)
    axes.set_title(title)


def _side_by_side(axes: Axes, curves: Mapping[str, Any], title: str) -> None:
    """Draw each class in a field of its own, since in one they hide each other; a point is as large as it has rows."""
    figure: Any = axes.figure
    axes.remove()
    fields = figure.subplots(-(-len(curves) // 3), min(3, len(curves)), sharex=True, sharey=True, squeeze=False).ravel()
    for field, (word, points) in zip(fields, curves.items(), strict=False):
        field.plot([0, 1], [0, 1], "k:", linewidth=1)
        field.plot(points[:, 0], points[:, 1], linewidth=1)
        field.scatter(points[:, 0], points[:, 1], s=4 + 60 * np.sqrt(points[:, 2] / points[:, 2].sum()))
        field.set_title(word, fontsize="small")
    for empty in fields[len(curves) :]:
        empty.set_axis_off()
    figure.suptitle(title)
    figure.supxlabel("mean forecast", fontsize="medium")
    figure.supylabel("share that came true", fontsize="medium")


def _importance(axes: Axes, evaluation: Evaluation) -> None:
    features = list(evaluation.importance)[::-1]
    axes.barh(features, [evaluation.importance[name] for name in features])
    axes.set_xlabel("share of what the forest's cuts gained")
    axes.set_title("Importance")


def _figures(evaluation: Evaluation, *names: str) -> str:
    return ", ".join(f"{name} {evaluation.metrics[name]:.3f}" for name in names)


def write_curves(evaluation: Evaluation, folder: str) -> list[str]:
    """Write roc.csv, pr.csv, calibration.csv, confusion.csv and importance.csv; return their paths.

    confusion.csv has a line a prediction, `actual,predicted`, as DVC's template "confusion" counts them.
    """
    files.refuse_behind_link(os.path.join(os.fsencode(folder), b"x"))
    os.makedirs(folder, exist_ok=True)
    written = []
    for name, header in HEADERS.items():
        curves = evaluation.curves[name].items()
        rows = [(word, *(f"{value:.6g}" for value in point)) for word, points in curves for point in points]
        written.append(_write(folder, name, header, rows))
    words = measures.names(evaluation.classes, evaluation.target)
    cells = [
        (words[i], words[j])
        for i, j in np.ndindex(evaluation.confusion.shape)
        for _ in range(evaluation.confusion[i, j])
    ]
    written.append(_write(folder, "confusion", ("actual", "predicted"), cells))
    shares = [(name, f"{share:.6f}") for name, share in evaluation.importance.items()]
    written.append(_write(folder, "importance", ("feature", "importance"), shares))
    return written


def _write(folder: str, name: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    path, text = os.path.join(folder, f"{name}.csv"), io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(header)
    lines.writerows(rows)
    files.replace(os.fsencode(path), text.getvalue().encode())
    return path
