"""Whether a model may be written: good enough, better than a constant, no worse than the champion on equal terms."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Protocol

NAMES = {"dataset_md5": "dataset", "target": "target", "split": "split"}
# Figures that came through JSON and MLflow have 6 digits.
EQUAL = 1e-6


class Judged(Protocol):
    """An evaluation, whatever was predicted. compared: the figures in which no champion may be better; no_better: a
    sentence where it knows no more than a constant."""

    @property
    def metrics(self) -> Mapping[str, float]: ...
    @property
    def terms(self) -> Mapping[str, str]: ...
    @property
    def headline(self) -> str: ...
    @property
    def compared(self) -> tuple[str, ...]: ...
    def no_better(self) -> list[str]: ...


def check(
    evaluation: Judged,
    min_f1: float | None = None,
    min_mcc: float | None = None,
    champion: Mapping[str, Any] | None = None,
) -> list[str]:
    """Return a sentence for each gate that the model does not pass.

    min_f1 is of the headline (the layout's: of the overflow class; of other classes the macro F1). champion: version,
    metrics, and tags that hold evaluation.terms (dataset_md5, target, split). A figure equal to it passes: the same
    training again is no worse. Terms that are not equal are a complaint: what cannot be compared is not let through;
    champion's `unmeasured` tells why it could not be measured on this model's terms.
    """
    complaints = []
    for name, floor in ((evaluation.headline, min_f1), ("mcc", min_mcc)):
        # Not `<`: nan passes no floor, and no floor of nan is passed.
        if floor is not None and not evaluation.metrics[name] >= floor:
            complaints.append(f"{name} is {evaluation.metrics[name]:.3f}, below the {floor:g} asked for.")
    complaints += evaluation.no_better()
    if champion is not None:
        complaints += _champion(evaluation, champion)
    return complaints


def _champion(evaluation: Judged, champion: Mapping[str, Any]) -> list[str]:
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
    for name in evaluation.compared:
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
