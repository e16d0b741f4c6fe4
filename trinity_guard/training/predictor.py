"""The predictor of the public project that the preset follows: its class, its calls and their answers, our models."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from typing import Any

from trinity_guard import git
from trinity_guard.errors import GuardError
from trinity_guard.training import answers
from trinity_guard.training.model import verified
from trinity_guard.training.model.advice import known_strategies
from trinity_guard.training.model.forest import STRATEGIES
from trinity_guard.training.record import MAX_METADATA, METADATA, MODEL, NAME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trinity_guard.training.model.verified import VerifiedModel

log = logging.getLogger(__name__)

NAMES = {number: word.upper() for number, word in STRATEGIES.items()} | {99: "UNRESOLVED_FAIL"}
NUMBERS = {word.upper(): number for number, word in STRATEGIES.items()}
# What can be known of a page before it is rendered, from its texts alone or from who asks.
KNOWN = (
    "input_char_len", "input_word_count", "css_density_spacing", "css_density_layout", "pathological_score", "theme",
    "active_strategy",
)  # fmt: skip
HIGH, MODERATE = 0.7, 0.5
FALLBACK = {
    "strategy_id": 1,
    "strategy_name": "CSS_BREAK_WORD",
    "confidence": 0.5,
    "probabilities": {},
    "prediction_available": False,
}


class LayoutRiskPredictor:
    """Answers from the newest of our models in a folder, loaded once, only if its bytes are those that are recorded.

    is_loaded: whether there is one; else `reason` says why not, it is logged as a warning, and the answers are those
    that the other project gives without a model. metadata: as it stands beside the model.
    """

    def __init__(self, model_dir: str = "models/") -> None:
        self.model_dir = model_dir
        self.model: VerifiedModel | None = None
        self.reason = ""
        try:
            self.model = _loaded(model_dir)
        except GuardError as error:
            self.reason = error.problem
            log.warning("no model: %s", error.problem)

    @property
    def is_loaded(self) -> bool:
        return self.model is not None

    @property
    def metadata(self) -> dict[str, Any]:
        return self.model.metadata if self.model else {}

    def predict_risk(self, content: Mapping[str, Any], theme: str, css_signature: str = "NONE") -> tuple[float, bool]:
        """Return how likely the page is to overflow under a strategy, 0 to 1, and whether a model said so.

        Of a model of strategies: how likely it is to need any. (0.5, False) without a model, and for a strategy that
        it was not trained on.
        """
        if self.model is None:
            return 0.5, False
        answer = self._answer(_page(content, theme) | {"active_strategy": css_signature})
        if answer is None:
            return 0.5, False
        held = answer["p_valid"] if "p_valid" in answer else answer.get("p_none", 0.0)
        return round(1 - held, 6), True

    def predict_best_strategy(
        self,
        content: Mapping[str, Any],
        theme: str,
        css_density_spacing: float = 0,
        css_density_layout: float = 0,
        pathological_score: float = 0.0,
    ) -> dict[str, Any]:
        """Return strategy_id, strategy_name, confidence, probabilities (by strategy), prediction_available.

        Of a model of verdicts, a strategy's probability is that the page holds under it, so they do not add up to 1;
        of UNRESOLVED_FAIL, which is advised where none will do, the confidence is that the likeliest does not.
        """
        given = {
            "css_density_spacing": css_density_spacing,
            "css_density_layout": css_density_layout,
            "pathological_score": pathological_score,
        }
        answer = self._answer(_page(content, theme) | given) if self.model else None
        if answer is None:
            return {**FALLBACK, "probabilities": {}}
        each = {name: answer[f"p_{name.lower()}"] for name in NUMBERS if f"p_{name.lower()}" in answer}
        number = NUMBERS[answer["advice"]]
        said = answer["p_advice"]
        return {
            "strategy_id": number,
            "strategy_name": NAMES[number],
            "confidence": round(1 - max(each.values()), 6) if said is None else said,
            "probabilities": {NAMES[NUMBERS[name]]: p for name, p in each.items()},
            "prediction_available": True,
        }

    def get_recommendation(self, risk_score: float) -> dict[str, Any]:
        """Return skip_none_strategy, reason and confidence for a risk."""
        if risk_score >= HIGH:
            return _recommended(True, f"High breakage risk ({risk_score:.0%}): heal before rendering.", risk_score)
        if risk_score >= MODERATE:
            return _recommended(False, f"Moderate risk ({risk_score:.0%}): build, and check the layout.", risk_score)
        return _recommended(False, f"Low risk ({risk_score:.0%}): build.", 1 - risk_score)

    def _answer(self, page: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the model's answer for a page, None (and a warning) where it has none."""
        if self.model is None:
            return None
        asked = {name: page[name] for name in self.model.features if name in page}
        try:
            [answer] = answers.predict(self.model, [asked])
        except GuardError as error:
            log.warning("no prediction: %s", error.problem)
            return None
        return answer


def _page(content: Mapping[str, Any], theme: str) -> dict[str, Any]:
    """Return what is known of a page, its texts counted as the other project counts them."""
    texts = [value for value in content.values() if isinstance(value, str)]
    counts = {"input_char_len": sum(map(len, texts)), "input_word_count": len(" ".join(texts).split())}
    return {**dict.fromkeys(KNOWN[2:5], 0.0), **counts, "theme": theme}


def _recommended(skip: bool, reason: str, confidence: float) -> dict[str, Any]:
    return {"skip_none_strategy": skip, "reason": reason, "confidence": confidence}


def _loaded(folder: str) -> VerifiedModel:
    """Load the newest of our models in a folder. GuardError where there is none, or one that wants to know more."""
    loaded = verified.load(_newest(folder))
    more = [name for name in loaded.features if name not in KNOWN]
    if more or (loaded.target == "is_valid" and not known_strategies(loaded)):
        raise GuardError(
            f"{loaded.path} looks at {', '.join(more)}, which this predictor is not told.",
            "trinity train --set features=contract     # learns from the columns that it is told",
        )
    return loaded


def _newest(folder: str) -> str:
    """Return the model that was made last, by its metadata, of those named as the trainer names them."""
    try:
        names = [n for n in os.listdir(folder) if n.startswith(NAME) and n.endswith(MODEL)]
    except OSError as error:
        raise GuardError(f"{folder} cannot be read: {error.strerror}.", "trinity train     # makes it") from None
    if not names:
        raise GuardError(f"{folder} has no {NAME}_*{MODEL}.", "trinity train     # makes one")
    return max((os.path.join(folder, name) for name in names), key=lambda path: (_created(path), path))


def _created(model: str) -> str:
    """Return when a model was made, "" where nothing beside it says so (as of a pipeline's)."""
    try:
        found = json.loads(git.read(model.removesuffix(MODEL) + METADATA, MAX_METADATA))
    except (OSError, ValueError, RecursionError):
        return ""
    return str(found.get("created") or "") if isinstance(found, dict) else ""
