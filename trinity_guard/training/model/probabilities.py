"""A champion's answers to rows, worked out in a process of its own: its model is never loaded in a training's.

Another Python is started and not this one forked: a training has threads, and at hand what a stranger's model must not
have, such as an open connection to MLflow's server. The answer is JSON: a pickle would do here what it could not there.
"""

from __future__ import annotations

import json
import os
import pickle
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from trinity_guard import LIBRARY, git, start_line
from trinity_guard.errors import GuardError, shown
from trinity_guard.training.model import apart

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from trinity_guard.training.model.kinds import Kind
    from trinity_guard.training.model.verified import Checked

MODULE = "trinity_guard.training.model.probabilities"


@dataclass(frozen=True)
class Answered:
    """What a model answers. p: (rows, classes), no column where it gives no probabilities; said: what it predicts, of a
    table of one's own; missing: columns that the rows lack, without which it answers nothing.

    confined: whether the process had given up the network when it loaded the model.
    """

    classes: list[Any]
    p: NDArray[np.float64]
    missing: list[str]
    confined: bool
    said: list[Any] = field(default_factory=list)


def of(checked: Checked, x: pd.DataFrame) -> Answered:
    """Return what a model answers to these rows. GuardError (1) where its bytes are none that are loaded."""
    argv = [sys.executable, "-I", "-c", start_line(MODULE), LIBRARY]
    done = git.spawn(argv, pickle.dumps((checked.data, checked.kind, x), protocol=5))
    if done.code < 0:
        raise apart.ended(done.code)
    try:
        told = json.loads(done.out)
        if "problem" in told:
            raise GuardError(_plain(told["problem"]), _plain(told["remedy"]))
        return _answered(told, len(x))
    except (ValueError, TypeError, KeyError, RecursionError):
        words = _plain(done.err.decode("utf-8", "replace").strip().rpartition("\n")[2]) or f"exit code {done.code}"
        raise GuardError(
            f"the process that loaded the model of {shown(os.fsencode(checked.path))} gave no answer: {words}.",
            "trinity train --no-champion     # compares nothing",
        ) from None


def _plain(text: object) -> str:
    return "\n".join(shown(line.encode("utf-8", "replace")) for line in str(text).splitlines())


def _answered(told: dict[str, Any], rows: int) -> Answered:
    """Return the answer of a process that may say anything; ValueError for what no model answers."""
    classes = _plain_values(told["classes"])
    given = told["p"] is not None
    p = np.array(told["p"] if given else [[]] * rows, dtype=np.float64)
    missing, said = [str(name) for name in told["missing"]], _plain_values(told.get("said", []))
    if not missing and (p.shape != (rows, len(classes) * given) or not ((p >= 0) & (p <= 1)).all()):
        raise ValueError("no probabilities")
    if sorted(set(classes)) != classes or (said and len(said) != rows):
        raise ValueError("no classes")
    return Answered(classes, p, missing, bool(told["confined"]), said)


def _plain_values(told: Any) -> list[Any]:
    """Return numbers or texts; ValueError for anything else."""
    if not isinstance(told, list) or not all(isinstance(one, int | float | str) for one in told):
        raise ValueError("no values")
    return told


def main() -> int:
    """Read a model's bytes and rows from the standard input, and say on the standard output what it answers."""
    target = os.dup(1)
    os.dup2(2, 1)  # where a library may print
    data, kind, x = pickle.load(sys.stdin.buffer)  # noqa: S301  # of the training that has started us
    with open(target, "w", encoding="utf-8") as out:
        json.dump(_answer(data, kind, x), out)
    return 0


def _answer(data: bytes, kind: Kind, x: pd.DataFrame) -> dict[str, Any]:
    from trinity_guard.training.model import admitted, verified  # before the network goes, and for this process alone

    confined = apart.confine()
    try:
        pipeline = admitted.model(data, kind)
    except GuardError as error:
        return {"problem": error.problem, "remedy": error.remedy}
    features = verified.features(pipeline)
    missing = [name for name in features if name not in x]
    told = {"classes": [], "p": None, "said": [], "missing": missing, "confined": confined}
    return told if missing else told | _answers(pipeline, kind, x[features])


def _answers(pipeline: Any, kind: Kind, x: pd.DataFrame) -> dict[str, Any]:
    classes = pipeline.classes_.tolist() if hasattr(pipeline, "classes_") else []
    p = pipeline.predict_proba(x).tolist() if hasattr(pipeline, "predict_proba") else None
    said = np.ravel(pipeline.predict(x)).tolist() if kind.estimator else []
    return {"classes": classes, "p": p, "said": said}
