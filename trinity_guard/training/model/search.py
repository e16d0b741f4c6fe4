"""Randomised search: on all cores, or on a Dask cluster; what is finished is kept and not done again."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from itertools import chain, islice
from typing import Any

import sklearn
from sklearn.model_selection import ParameterSampler

from trinity_guard.training.model import forest, trials, workers
from trinity_guard.training.model.forest import Examples, Settings
from trinity_guard.training.model.trials import SPACE, Trial

__all__ = ["How", "SearchResult", "Trial", "candidates", "require", "search"]
require = workers.require


@dataclass(frozen=True)
class How:
    """How a search goes about what it is given. part: (data, settings) -> the training part; candidates: (settings, n)
    -> n settings, the given ones first; attempt: (part, settings) -> a trial, in whatever process; facts: (part,
    settings) -> what a trial's result follows from."""

    part: Callable[[Any, Any], Any]
    candidates: Callable[[Any, int], list[Any]]
    attempt: Callable[[Any, Any], Trial]
    facts: Callable[[Any, Any], list[object]]


OnResult = Callable[[Trial, Trial, int, int], None]


@dataclass(frozen=True)
class SearchResult:
    """best: the settings of the highest mean (of equals the first drawn). trials: in the order drawn."""

    best: Any
    trials: list[Trial]


def candidates(settings: Settings, n: int) -> list[Settings]:
    """Return n different settings (fewer where there are no more), the given ones first; a longer search begins alike.

    scikit-learn draws all of the grid, in an order that the seed alone decides: a permutation, of which n are taken.
    """
    size = math.prod(map(len, SPACE.values()))
    drawn = (settings.changed(**values) for values in ParameterSampler(SPACE, size, random_state=settings.seed))
    return list(islice(dict.fromkeys(chain([settings], islice(drawn, n))), n))


def search(
    data: Any,
    settings: Any,
    n: int,
    scheduler: str | None,
    state: str,
    on_result: OnResult | None = None,
    how: How | None = None,
) -> SearchResult:
    """Try n settings and return the best by the headline metric's mean over grouped folds of the training part.

    The test part is never looked at: what is chosen on it would flatter. 3 folds at most, `settings.folds` if fewer.
    scheduler: tcp://host:port of a Dask scheduler, None for this machine's cores. state: a file of JSON lines, one a
    finished trial; a search that was stopped goes on from it. on_result(trial, best so far, done, n) as each ends, and
    for each that the file held. Raises GuardError for a cluster that does not answer or loses its work.
    """
    how = how or LAYOUT
    part, wanted = how.part(data, settings), how.candidates(settings, n)
    keys = [_key(how.facts(part, one)) for one in wanted]
    found: dict[int, Trial] = {}

    def add(index: int, trial: Trial) -> None:
        found[index] = trial
        if on_result:
            on_result(trial, found[_best(found)], len(found), len(wanted))

    with trials.opened(state) as kept:
        for index, key in enumerate(keys):
            if key in kept.found:
                add(index, kept.found[key])
        rest = [(index, one) for index, one in enumerate(wanted) if index not in found]
        if rest:
            results = (
                workers.on_cluster(scheduler, part, rest, how.attempt)
                if scheduler
                else workers.on_cores(part, rest, how.attempt)
            )
            with closing(results):
                for index, trial in results:
                    kept.add(keys[index], trial)
                    add(index, trial)
    return SearchResult(wanted[_best(found)], [found[index] for index in sorted(found)])


def _best(found: Mapping[int, Trial]) -> int:
    return min(found, key=lambda index: (-found[index].mean, index))


def _part(data: Examples, settings: Settings) -> Examples:
    return data.only(forest.split(data, settings)[0])


def _facts(part: Examples, settings: Settings) -> list[object]:
    rows = hashlib.md5(part.groups.tobytes() + part.y.tobytes(), usedforsecurity=False).hexdigest()
    return [part.md5, rows, part.target, part.features, asdict(settings)]


def _key(facts: list[object]) -> str:
    """Return what a trial's result follows from: data, rows, settings, and scikit-learn's version."""
    return hashlib.md5(json.dumps([*facts, sklearn.__version__]).encode(), usedforsecurity=False).hexdigest()


LAYOUT = How(_part, candidates, trials.attempt, _facts)
