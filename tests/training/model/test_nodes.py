"""Trees that were read and not loaded: whether their arrays hold together, whatever a stranger changed in them."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from trinity_guard.detect.scan import files
from trinity_guard.training.model import nodes

X = np.random.RandomState(0).rand(60, 3)
Y = (X[:, 0] > 0.5).astype(int)


def read(data: bytes) -> str:
    return nodes.wrong(files.read_bytes(data, b"m.pkl", 10_000_000).values[-1])


@pytest.mark.parametrize(
    "model", [DecisionTreeClassifier(max_depth=3), DecisionTreeRegressor(), RandomForestClassifier(3, max_depth=2)]
)
@pytest.mark.parametrize("protocol", [4, 5])
def test_what_scikit_learn_makes_holds_together(model: Any, protocol: int) -> None:
    assert read(pickle.dumps(model.fit(X, Y), protocol)) == ""


def test_what_has_no_tree_has_none_that_is_wrong() -> None:
    assert read(pickle.dumps({"a": np.arange(3)})) == ""


class Spoilt:
    """A tree whose state says something else."""

    def __init__(self, spoil: Callable[[dict[str, Any]], None], sizes: tuple[Any, ...] = ()) -> None:
        self.tree = DecisionTreeClassifier(max_depth=3, random_state=0).fit(X, Y).tree_
        self.spoil, self.sizes = spoil, sizes

    def __reduce__(self) -> Any:
        made, arguments, state = self.tree.__reduce__()
        self.spoil(state)
        return made, self.sizes or arguments, state


def _set(column: str, value: int) -> Callable[[dict[str, Any]], None]:
    def spoil(state: dict[str, Any]) -> None:
        state["nodes"] = state["nodes"].copy()
        state["nodes"][column][0] = value

    return spoil


def _put(**values: Any) -> Callable[[dict[str, Any]], None]:
    return lambda state: state.update(values)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_set("left_child", 10**6), "leads out of its own nodes"),
        (_set("right_child", 0), "leads out of its own nodes"),
        (_set("left_child", -7), "leads out of its own nodes"),
        (_set("feature", 3), "looks at columns that it does not have"),
        (_set("feature", -2), "looks at columns that it does not have"),
        (_put(node_count=1), "another number of nodes"),
        (_put(node_count="1"), "no nodes that scikit-learn would write"),
        (_put(nodes=np.zeros(3)), "no nodes that scikit-learn would write"),
        (_put(values=np.zeros((1, 1, 2))), "another number of nodes"),
        (_put(values=np.zeros((1, 1, 2), "f4")), "no nodes that scikit-learn would write"),
        (lambda state: state.pop("values"), "no nodes that scikit-learn would write"),
    ],
)
def test_what_does_not_hold_together_is_said(spoil: Callable[[dict[str, Any]], None], words: str) -> None:
    assert words in read(pickle.dumps(Spoilt(spoil)))


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        ((3, np.array([2]), "1"), "made of what no tree is made of"),
        ((3, np.array([2]), 2), "has classes that are none"),
        ((3, np.array([0]), 1), "has classes that are none"),
        ((0, np.array([2]), 1), "looks at columns that it does not have"),
    ],
)
def test_sizes_that_are_none_are_said(sizes: tuple[Any, ...], words: str) -> None:
    assert words in read(pickle.dumps(Spoilt(lambda _: None, sizes)))
