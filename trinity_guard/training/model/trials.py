"""One trial of a search, and the file that keeps what is finished: JSON lines, of which a torn one is dropped."""

from __future__ import annotations

import fcntl
import json
import math
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from trinity_guard import git
from trinity_guard.errors import UNUSABLE, GuardError
from trinity_guard.training.model import evaluation, measures
from trinity_guard.training.model.forest import Examples, Settings

# What a search draws from. The number of trees stays: more is hardly ever worse, and a search would only buy more.
SPACE: dict[str, tuple[object, ...]] = {
    "max_depth": (6, 8, 10, 12, 14, 17, 20, 25, None),
    "min_samples_split": (2, 3, 5, 8, 12, 20),
    "min_samples_leaf": (1, 2, 3, 5, 8, 13),
    "max_features": ("sqrt", "log2", "all"),
    "class_weight": (None, "balanced", "balanced_subsample"),
}
FOLDS = 3


@dataclass(frozen=True)
class Trial:
    """params: of SPACE. mean, sd: of the headline metric over folds. seconds: on one core of the worker that had it."""

    params: dict[str, Any]
    mean: float
    sd: float
    seconds: float


def state_file(root: str) -> str:
    """Return where a search keeps what is finished: in the Git directory, where no commit finds it."""
    found = git.attempt("rev-parse", "--git-common-dir", at=os.fsencode(root))
    folder = os.path.join(root, os.fsdecode(found.out.rstrip(b"\n"))) if not found.code else ""
    return os.path.join(folder, "trinity-guard", "search.jsonl") if folder else os.path.join(root, ".trinity-search")


def attempt(part: Examples, settings: Settings) -> Trial:
    """Try one. Runs in a worker, on one core; the score does not depend on where or when."""
    begun = time.monotonic()
    folds = settings.changed(folds=min(settings.folds or FOLDS, FOLDS))
    mean, sd = evaluation.cross_validate(part, folds, jobs=1)[measures.headline(part.target)]
    params = {key: getattr(settings, key) for key in SPACE}
    return Trial(params, mean, sd, round(time.monotonic() - begun, 3))


class StateFile:
    """An open state file. found: key -> trial of every whole line."""

    def __init__(self, descriptor: int, found: dict[str, Trial]) -> None:
        self.descriptor = descriptor
        self.found = found

    def add(self, key: str, trial: Trial) -> None:
        """Append a trial, in one write: a kill leaves a whole line, a torn last one, or none."""
        line = json.dumps({"key": key} | asdict(trial)).encode() + b"\n"
        os.write(self.descriptor, line)


@contextmanager
def opened(path: str) -> Iterator[StateFile]:
    """Open (or make) the state file, alone: a second search on the same file is refused."""
    try:
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(path, flags, 0o666)
    except OSError as e:
        raise GuardError(
            problem=f"{path} cannot keep the search's state: {e.strerror}.",
            remedy="trinity train --search N     # where you may write",
            exit_code=UNUSABLE,
        ) from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise GuardError(
                problem=f"another search is at work on {path}.", remedy="wait for it, or end it", exit_code=UNUSABLE
            ) from None
        yield StateFile(descriptor, _read(descriptor))
    finally:
        os.close(descriptor)


def _read(descriptor: int) -> dict[str, Trial]:
    """Return the trials of all whole lines, and cut a torn last line off, so that the next does not go on in it."""
    with open(descriptor, "rb", closefd=False) as file:
        data = file.read()
    whole = data[: data.rfind(b"\n") + 1]
    if len(whole) < len(data):
        os.ftruncate(descriptor, len(whole))
    found = {}
    for line in whole.splitlines():
        entry = _entry(line)
        if entry:
            found[entry[0]] = entry[1]
    return found


def _entry(line: bytes) -> tuple[str, Trial] | None:
    """Return a line's key and trial; None for what is no line of ours, which is then tried again."""
    try:
        entry = json.loads(line)
        key, trial = entry["key"], Trial(*(entry[name] for name in ("params", "mean", "sd", "seconds")))
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    numbers = (trial.mean, trial.sd, trial.seconds)
    if not all(isinstance(n, float | int) and not isinstance(n, bool) and math.isfinite(n) for n in numbers):
        return None
    return (key, trial) if isinstance(key, str) and isinstance(trial.params, dict) else None
