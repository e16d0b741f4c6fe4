"""What a model says of pages: how likely each healing strategy is to hold, and the mildest that will probably do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trinity_guard.training.data.themes import STRATEGIES
from trinity_guard.training.model import forest
from trinity_guard.training.model.forest import STRATEGIES as WORDS
from trinity_guard.training.model.verified import VerifiedModel

# A strategy is advised if it holds more often than not. The probabilities are calibrated: a model's card shows it.
ENOUGH = 0.5
NONE_HOLDS = "UNRESOLVED"
CHUNK = 2000

Floats = NDArray[np.float64]
Answer = dict[str, Any]


def answers(verified: VerifiedModel, rows: Sequence[Mapping[str, Any]]) -> list[Answer]:
    """Return an answer for each row; rows: checked, with the model's features.

    Of a model of verdicts: `p_<strategy>`, the probability that the page holds under it, for each that the model knows,
    from the mildest to the harshest; `advice`, the first of them above ENOUGH, or UNRESOLVED; `p_advice`. Where a row
    names a strategy: `p_valid` of that one. Of a model of strategies: the probability of each, and the likeliest.
    """
    found = []
    for start in range(0, len(rows), CHUNK):
        part = rows[start : start + CHUNK]
        found += _of_verdicts(verified, part) if verified.target == "is_valid" else _of_strategies(verified, part)
    return found


def known_strategies(verified: VerifiedModel) -> list[str]:
    """Return the strategies that the model was trained on, as the rows name them."""
    return _known(verified, "active_strategy")


def known_themes(verified: VerifiedModel) -> set[str]:
    return set(_known(verified, "theme"))


def _known(verified: VerifiedModel, column: str) -> list[str]:
    """Return the names that a column of texts had in training; former models encode all such columns together."""
    for _, encoder, names in verified.pipeline.named_steps["columns"].transformers_:
        if column in list(names):
            return [str(name) for name in encoder.categories_[list(names).index(column)]]
    return []


def _of_verdicts(verified: VerifiedModel, rows: Sequence[Mapping[str, Any]]) -> list[Answer]:
    known = known_strategies(verified)
    candidates = [name for name in STRATEGIES if name in known]
    asked = [{**row, "active_strategy": name} for row in rows for name in candidates]
    own = [row for row in rows if row.get("active_strategy") is not None]
    p = _valid(verified, [*asked, *own])
    table = p[: len(asked)].reshape(len(rows), len(candidates))
    of_own = iter(p[len(asked) :].tolist())
    return [
        _advice(row, dict(zip(candidates, line, strict=True)), of_own)
        for row, line in zip(rows, table.tolist(), strict=True)
    ]


def _valid(verified: VerifiedModel, rows: Sequence[Mapping[str, Any]]) -> Floats:
    """Return the probability of "valid" for each row, shape (n,)."""
    if not rows:
        return np.zeros(0)
    classes = [int(c) for c in verified.pipeline.classes_]
    return np.asarray(forest.fast_predict(verified.pipeline, rows)[:, classes.index(1)])


def _advice(row: Mapping[str, Any], holds: Mapping[str, float], of_own: Any) -> Answer:
    chosen = next((name for name, p in holds.items() if p > ENOUGH), NONE_HOLDS)
    answer: Answer = {}
    if row.get("active_strategy") is not None:
        answer |= {"active_strategy": row["active_strategy"], "p_valid": round(next(of_own), 6)}
    answer |= {f"p_{name.lower()}": round(p, 6) for name, p in holds.items()}
    return answer | {"advice": chosen, "p_advice": round(holds[chosen], 6) if chosen in holds else None}


def _of_strategies(verified: VerifiedModel, rows: Sequence[Mapping[str, Any]]) -> list[Answer]:
    classes = [int(c) for c in verified.pipeline.classes_]
    words = [WORDS.get(c, str(c)) for c in classes]
    found = []
    for line in forest.fast_predict(verified.pipeline, rows).tolist():
        best = max(range(len(line)), key=line.__getitem__)
        answer: Answer = {f"p_{word}": round(p, 6) for word, p in zip(words, line, strict=True)}
        found.append(answer | {"advice": words[best].upper(), "p_advice": round(line[best], 6)})
    return found
