"""The trainer: measured text, checked tables, an honest evaluation, MLflow, versions and their lineage.

`from trinity_guard.training import predict, evaluate, verified` serves a program, LayoutRiskPredictor one that
was written for another project's; scikit-learn is loaded only then.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trinity_guard.training.answers import evaluate, predict
    from trinity_guard.training.model import verified
    from trinity_guard.training.predictor import LayoutRiskPredictor

__all__ = ["LayoutRiskPredictor", "evaluate", "predict", "verified"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from trinity_guard.training import answers, predictor  # half a second of scikit-learn
    from trinity_guard.training.model import verified

    return verified if name == "verified" else getattr(predictor if name == "LayoutRiskPredictor" else answers, name)
