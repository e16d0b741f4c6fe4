"""Whether a model may be written: good enough, better than a constant, no worse than the champion on equal terms."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from trinity_guard.training.model.evaluation import Evaluation

NAMES = {"dataset_md5": "dataset", "target": "target", "split": "split"}
# Figures that came through JSON and MLflow have 6 digits.
EQUAL = 1e-6


def check(
    evaluation: Evaluation,
    min_f1: float | None = None,
    min_mcc: float | None = None,
    champion: Mapping[str, Any] | None = None,
) -> list[str]:
    """Return a sentence for each gate that the model does not pass.

    min_f1 is of the headline (the overflow class's F1; of many classes the macro F1). champion: version, metrics, and
    tags that hold evaluation.terms (dataset_md5, target, split). A figure equal to the champion's passes: the same
    training again is no worse. Terms that are not equal are a complaint: what cannot be compared is not let through;
    champion's `unmeasured` tells why it could not be measured on this model's terms.
    """
    complaints = []
    for name, floor in ((evaluation.headline, min_f1), ("mcc", min_mcc)):
        # Not `<`: nan passes no floor, and no floor of nan is passed.
        if floor is not None and not evaluation.metrics[name] >= floor:
            complaints.append(f"{name} is {evaluation.metrics[name]:.3f}, below the {floor:g} asked for.")
    complaints += _constant(evaluation)
    if champion is not None:
        complaints += _champion(evaluation, champion)
    return complaints


def _constant(evaluation: Evaluation) -> list[str]:
    """Refuse a model that knows no more than how common each class is."""
    mine, constant = evaluation.metrics, evaluation.baseline
    bar = constant.get("f1_overflow_if_always", constant[evaluation.headline])
    no_better = mine["brier"] >= constant["brier"] and mine[evaluation.headline] <= bar
    if mine["mcc"] > 0 and not no_better:
        return []
    return [
        f"it is no better than a constant answer: mcc {mine['mcc']:.3f} against 0, brier {mine['brier']:.3f} against "
        f"{constant['brier']:.3f}, {evaluation.headline} {mine[evaluation.headline]:.3f} against {bar:.3f}."
    ]


def _champion(evaluation: Evaluation, champion: Mapping[str, Any]) -> list[str]:
    who = f"the champion (version {champion.get('version', 'unknown')})"
    tags = champion.get("tags") or {}
    unequal = [
        f"its {NAMES[key]} is {tags.get(key) or 'not recorded'}, this model's is {mine}"
        for key, mine in evaluation.terms.items()
        if tags.get(key) != mine
    ]
    if unequal:
        why = f"; {champion['unmeasured']}" if champion.get("unmeasured") else ""
        return [f"the comparison with {who} is not equal: {'; '.join(unequal)}{why}. --no-champion does without."]
    complaints = []
    for name in (evaluation.headline, "mcc"):
        theirs = _figure((champion.get("metrics") or {}).get(name))
        if theirs is None:
            why = f": {champion['unmeasured']}" if champion.get("unmeasured") else ""
            complaints.append(f"{who} has no {name} to compare with{why}. --no-champion does without.")
        elif not evaluation.metrics[name] >= theirs - EQUAL:
            complaints.append(f"{name} is {evaluation.metrics[name]:.3f}, {who} has {theirs:.3f}.")
    return complaints


def _figure(value: object) -> float | None:
    usable = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if usable else None  # type: ignore[arg-type]  # a number, as `usable` says
