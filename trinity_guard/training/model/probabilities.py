"""A champion's probabilities for rows, worked out in a process of its own: its model is never loaded in a training's.

Another Python is started and not this one forked: a training has threads, and at hand what a stranger's model must not
have, such as an open connection to MLflow's server. The answer is JSON: a pickle would do here what it could not there.
"""

from __future__ import annotations

import json
import os
import pickle
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from trinity_guard import LIBRARY, git, start_line
from trinity_guard.errors import GuardError, shown
from trinity_guard.training.model import apart

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from trinity_guard.training.model.verified import Checked

MODULE = "trinity_guard.training.model.probabilities"


@dataclass(frozen=True)
class Answered:
    """What a model answers. p: (rows, classes); missing: columns that the rows lack, without which it answers nothing.

    confined: whether the process had given up the network when it loaded the model.
    """

    classes: list[int]
    p: NDArray[np.float64]
    missing: list[str]
    confined: bool


def of(checked: Checked, x: pd.DataFrame) -> Answered:
    """Return what a model answers to these rows. GuardError (1) where its bytes are none that are loaded."""
    argv = [sys.executable, "-I", "-c", start_line(MODULE), LIBRARY]
    done = git.spawn(argv, pickle.dumps((checked.data, x), protocol=5))
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
    classes, p = [int(one) for one in told["classes"]], np.array(told["p"], dtype=np.float64)
    missing = [str(name) for name in told["missing"]]
    if not missing and (p.shape != (rows, len(classes)) or not ((p >= 0) & (p <= 1)).all()):
        raise ValueError("no probabilities")
    if sorted(set(classes)) != classes:
        raise ValueError("no classes")
    return Answered(classes, p, missing, bool(told["confined"]))


def main() -> int:
    """Read a model's bytes and rows from the standard input, and say on the standard output what it answers."""
    target = os.dup(1)
    os.dup2(2, 1)  # where a library may print
    data, x = pickle.load(sys.stdin.buffer)  # noqa: S301  # of the training that has started us
    with open(target, "w", encoding="utf-8") as out:
        json.dump(_answer(data, x), out)
    return 0


def _answer(data: bytes, x: pd.DataFrame) -> dict[str, Any]:
    from trinity_guard.training.model import forest, verified  # before the network goes, and for this process alone

    confined = apart.confine()
    try:
        pipeline = forest.load(data)
    except GuardError as error:
        return {"problem": error.problem, "remedy": error.remedy}
    features = verified.features(pipeline)
    missing = [name for name in features if name not in x]
    p = [] if missing else pipeline.predict_proba(x[features]).tolist()
    return {"classes": pipeline.classes_.tolist(), "p": p, "missing": missing, "confined": confined}
