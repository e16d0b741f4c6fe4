"""A model is built of the trainer's own parts alone, and of trees that hold together; anything else is never loaded."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.pipeline import Pipeline
from sklearn.tree._tree import Tree

from tests.training import samples
from trinity_guard.errors import GuardError
from trinity_guard.training.model import admitted, forest


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    settings = forest.Settings(n_estimators=2, max_depth=3, folds=2)
    data = samples.sample(tmp_path_factory.mktemp("admitted"), settings)
    return forest.fit(data, settings, np.arange(len(data.y)), jobs=1)


def test_the_trainers_own_models_load(model: Pipeline) -> None:
    for data in (forest.dump(model), *(pickle.dumps(model, protocol) for protocol in (4, 5))):
        assert isinstance(admitted.model(data), Pipeline)


class Planted:
    """A part of a model that calls something when it is loaded."""

    def __init__(self, how: Any, *args: Any) -> None:
        self.made = (how, args)

    def __reduce__(self) -> Any:
        return self.made


def test_a_model_with_something_in_it_is_not_loaded(model: Pipeline, tmp_path: Path) -> None:
    import os

    spoilt = copy.deepcopy(model)
    spoilt.named_steps["forest"].oob_score = Planted(os.mkdir, str(tmp_path / "ran"))
    with pytest.raises(GuardError, match=r"calls (posix|os)\.mkdir"):
        admitted.model(pickle.dumps(spoilt))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "data",
    [
        pickle.dumps(1) + pickle.dumps(2),
        b"\x80\x04N",
        b"cnumpy\nndarray\n(I3\ntR.",
        b"csklearn.pipeline\nPipeline\n(tR.",
        b"\x80\x02\x82\x01.",
        b"P1\n.",
    ],
)
def test_what_no_model_has_is_refused(data: bytes) -> None:
    with pytest.raises(GuardError, match="no model of the trainer"):
        admitted.require(data)


def test_the_unpickler_itself_admits_nothing_else(tmp_path: Path) -> None:
    with pytest.raises(pickle.UnpicklingError, match="no part of a model"):
        admitted.load(f"cposix\nsystem\n(S'touch {tmp_path}/ran'\ntR.".encode())
    assert not (tmp_path / "ran").exists()


class Crafted:
    """A tree whose state was changed, as a stranger would write it."""

    def __init__(self, tree: Any, change: Callable[[dict[str, Any]], None]) -> None:
        made, args, state = tree.__reduce__()
        self.made = (made, args, {k: copy.deepcopy(v) for k, v in state.items()})
        change(self.made[2])

    def __reduce__(self) -> Any:
        return self.made


def _far_child(state: dict[str, Any]) -> None:
    state["nodes"]["left_child"][0] = 10**6


def _circle(state: dict[str, Any]) -> None:
    state["nodes"]["right_child"][0] = 0


def _negative(state: dict[str, Any]) -> None:
    state["nodes"]["right_child"][0] = -7


def _column(state: dict[str, Any]) -> None:
    state["nodes"]["feature"][0] = 5000


def _count(state: dict[str, Any]) -> None:
    state["node_count"] += 4000


def _leaves(state: dict[str, Any]) -> None:
    state["values"] = state["values"][:1]


def _other_nodes(state: dict[str, Any]) -> None:
    state["nodes"] = np.zeros(3, dtype=[("left_child", "<i8"), ("feature", "O")])


@pytest.mark.parametrize("change", [_far_child, _circle, _negative, _column, _count, _leaves, _other_nodes])
@pytest.mark.parametrize("protocol", [4, 5])
def test_a_crafted_tree_is_refused_before_it_is_loaded(
    model: Pipeline, change: Callable[[dict[str, Any]], None], protocol: int
) -> None:
    spoilt = copy.deepcopy(model)
    first = spoilt.named_steps["forest"].estimators_[0]
    first.tree_ = Crafted(first.tree_, change)
    with pytest.raises(GuardError, match="a tree in it"):
        admitted.model(pickle.dumps(spoilt, protocol))


def test_trees_of_more_columns_than_the_rows_have_are_refused(model: Pipeline) -> None:
    spoilt = copy.deepcopy(model)
    first = spoilt.named_steps["forest"].estimators_[0]
    _, (_, classes, outputs), state = first.tree_.__reduce__()
    state["nodes"]["feature"][0] = 40
    wide = Tree(50, classes, outputs)
    wide.__setstate__(state)
    first.tree_ = wide
    with pytest.raises(GuardError, match="other columns"):
        admitted.model(pickle.dumps(spoilt))
