"""The inert values of a pickle: what is in them, each once; their arrays; how long Python would hash."""

from __future__ import annotations

import pickle
from collections import OrderedDict
from typing import Any

import numpy as np
import pytest

from trinity_guard.detect.scan import files, values
from trinity_guard.detect.scan.values import Dict, Global, Object, Raw, Set


def read(value: object, protocol: int = 4) -> Any:
    return files.read_bytes(pickle.dumps(value, protocol), b"x.pkl").values[-1]


def test_a_value_is_walked_each_object_once() -> None:
    inner = [1, "text"]
    value = [inner, inner, Dict([("k", inner)]), Set([(1, 2)])]
    assert [type(one) for one in values.walk(value)] == [list, list, Dict, Set, tuple]
    assert len(list(values.walk(value, limit=2))) == 2


def test_what_holds_itself_ends() -> None:
    value: list[Any] = []
    value.append(value)
    assert list(values.walk(value)) == [value]


def test_an_object_is_walked_with_all_that_it_is_made_of() -> None:
    made = Object(Global("a", "b"), ([1],), "called")
    made.states.append([2])
    made.items.append([3])
    made.pairs.append(("k", [4]))
    assert [one for one in values.walk(made) if isinstance(one, list) and len(one) == 1] == [[1], [2], [3], [4]]


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
@pytest.mark.parametrize(
    "array",
    [np.arange(6, dtype="<f8").reshape(2, 3), np.arange(4, dtype=">i2"), np.array([True, False])],
    ids=lambda a: f"{a.dtype}{a.shape}",
)
def test_an_array_has_its_shape_kind_and_bytes(array: np.ndarray, protocol: int) -> None:
    found = values.array(read(array, protocol))
    assert found is not None
    assert (found.shape, np.dtype(found.dtype), found.bytes()) == (array.shape, array.dtype, array.tobytes())


def test_an_array_of_objects_has_a_list() -> None:
    found = values.array(read(np.array(["a", None], dtype=object)))
    assert found is not None
    assert list(found.data) == ["a", None]


@pytest.mark.parametrize("value", [1, [1], "x", None, OrderedDict(a=1)])
def test_what_is_none_is_no_array(value: object) -> None:
    assert values.array(read(value)) is None


def test_an_object_has_its_class_and_attributes() -> None:
    found = read(OrderedDict(a=1))
    assert values.class_name(found) == "collections.OrderedDict"
    assert found.pairs == [("a", 1)]
    of_state = Object(Global("a", "B"), (), "new")
    of_state.states.append(Dict([("x", 1), (2, "left out")]))
    assert values.attributes(of_state) == {"x": 1}


@pytest.mark.parametrize("value", [Global("a", "b"), 3, None])
def test_what_is_no_object_has_none(value: object) -> None:
    assert values.attributes(value) == {}


def test_long_bytes_are_copied_only_when_asked_for() -> None:
    assert Raw(b"0123456789", 2, 3).bytes() == b"234"


def test_hashing_a_tuple_goes_past_its_items_each_time_anew() -> None:
    inner = (1, 2)
    outer = (inner, inner)
    sizes: dict[int, int] = {}
    assert values.hashing([outer], sizes) == 2 + 2 * 2
    assert values.hashing([inner], sizes) == 2
    assert values.hashing(["text", 5], sizes) == 0
