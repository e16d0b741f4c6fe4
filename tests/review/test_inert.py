"""The inert values of a pickle as parameters and arrays, under the names that their libraries use."""

from __future__ import annotations

import datetime
import decimal
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from trinity_guard.detect.scan import files
from trinity_guard.detect.scan.values import Dict, Global, Object
from trinity_guard.review import inert
from trinity_guard.review.arrays import Array


def described(value: Any, name: str = "") -> tuple[dict[str, Any], dict[str, Array]]:
    parameters: dict[str, Any] = {}
    arrays: dict[str, Array] = {}
    inert.describe(value, name, parameters, arrays, inert.Storages(os.fsencode(__file__)))
    return parameters, arrays


def of(value: object, name: str = "") -> tuple[dict[str, Any], dict[str, Array]]:
    return described(files.read_bytes(pickle.dumps(value), b"m.pkl").values[-1], name)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": 1, "b": {"c": "x"}}, {"a": 1, "b.c": "x"}),
        ({"a": [1, 2]}, {"a": [1, 2]}),
        ({"a": (1, [2])}, {"a (length)": 2, "a[0]": 1, "a[1]": [2]}),
        ({"a": None, 5: True}, {"a": None, "5": True}),
        ({"a": len}, {"a": "builtins.len"}),
        ({"a": slice(1, 5)}, {"a": "1:5"}),
        ({"a": np.float64(1.5)}, {"a": 1.5}),
        ({"a": b"xy"}, {"a": "2 bytes (md5 3e44107170)"}),
        ({"a": list(range(300))}, {"a (length)": 300, "a (digest)": "ada9d1c6c3"}),
        ({"a": datetime.datetime(2024, 5, 1, 7)}, {"a": "2024-05-01 07:00:00"}),
        ({"a": datetime.date(2024, 5, 1)}, {"a": "2024-05-01"}),
        ({"a": decimal.Decimal("1.10")}, {"a": "1.10"}),
    ],
)
def test_plain_values_stand_under_their_path(value: object, expected: dict[str, object]) -> None:
    assert of(value)[0] == expected


def test_a_long_text_is_told_by_its_beginning_and_its_hash() -> None:
    (said,) = of({"a": "x" * 500})[0].values()
    assert said.startswith("x" * inert.SHOWN_TEXT + "… (500 letters, md5 ")


def test_an_array_has_shape_kind_and_numbers() -> None:
    _, arrays = of({"w": np.arange(6.0).reshape(2, 3)})
    assert arrays["w"].shape == (2, 3)
    read = arrays["w"].read
    assert read is not None
    assert (arrays["w"].dtype, list(read())) == ("f8", [0, 1, 2, 3, 4, 5])


def test_the_steps_of_a_pipeline_have_the_names_that_scikit_learn_gives() -> None:
    parameters, _ = of(Pipeline([("scale", StandardScaler()), ("model", LogisticRegression(C=0.5))]))
    assert parameters["model__C"] == 0.5
    assert parameters["scale__class"].endswith("StandardScaler")
    assert parameters["scale__with_mean"] is True


def test_what_holds_itself_or_is_too_deep_ends() -> None:
    inner: list[Any] = []
    inner.append(inner)
    described(inner, "a")
    deep: Any = 1
    for _ in range(50):
        deep = Dict([("k", deep)])
    assert described(deep)[0] == {}


DEEP: list[Any] = [1]
for _ in range(7):
    DEEP = [[DEEP]]


@pytest.mark.parametrize("value", [[[0]] * 101, DEEP])
def test_what_is_left_out_is_known(value: object) -> None:
    parameters: dict[str, Any] = {}
    notes = [
        inert.describe(
            files.read_bytes(pickle.dumps(one), b"m.pkl").values[-1], "", parameters, {}, inert.Storages(b"")
        )
        for one in (value, [[1], 2])
    ]
    assert notes == [[inert.LEFT_OUT], []]


def test_an_array_of_which_some_are_masked_is_one() -> None:
    arrays = of({"a": np.ma.masked_array([1, 2, 3], mask=[False, True, False])})[1]
    assert arrays["a"].shape == (3,)
    assert arrays["a"].read is not None
    assert arrays["a"].read().tolist() == [1, 2, 3]


def test_there_is_an_end_to_what_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inert, "MAX_VALUES", 5)
    assert len(described(Dict([(str(n), n) for n in range(99)]))[0]) <= 6


def test_there_is_an_end_to_what_holds_nothing() -> None:
    """A hundred times in each of a hundred, of 3 kB of a pickle: it would take days."""
    value: dict[str, Any] = {}
    for _ in range(6):
        value = {str(n): value for n in range(100)}
    assert of(value) == ({}, {})


def test_an_object_without_attributes_tells_its_arguments() -> None:
    assert described(Object(Global("a", "b"), (1, "x"), "called"), "v")[0].items() >= {"v(0)": 1, "v(1)": "x"}.items()


def test_no_file_has_no_storages(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"no archive")
    assert inert.Storages(os.fsencode(tmp_path / "x")).read("0", 4) is None


class Module:
    """What PyTorch pickles of a module, in as many fields as matter."""

    def __init__(self, weight: object = None, **parts: Module) -> None:
        self._parameters = {"weight": weight} if weight is not None else {}
        self._buffers: dict[str, object] = {}
        self._modules = parts
        self._hooks = {"private": 1}
        self.width = 3


def test_a_module_of_pytorch_has_the_weights_of_its_parts_as_its_state_dict_calls_them() -> None:
    parameters, found = of(Module(np.zeros(3), layers=Module(attention=Module(np.zeros((2, 2))))))
    assert {name: array.shape for name, array in found.items()} == {"weight": (3,), "layers.attention.weight": (2, 2)}
    assert parameters["width"] == parameters["layers.attention__width"] == 3
    assert not any("private" in name for name in parameters)


@pytest.mark.parametrize("index", [None, ["x", "y", "z"], [5, 7, 9]])
def test_a_pickled_dataframe_says_how_many_rows_it_has(index: list[object] | None) -> None:
    assert of(pd.DataFrame({"a": [1, 2, 3]}, index=index))[0]["rows"] == 3


@pytest.mark.parametrize("place", [int, np.int64])
def test_a_vocabulary_is_its_words_in_their_order(place: type) -> None:
    held: dict[Any, Any] = {f"w{n}": place(n) for n in reversed(range(inert.FEWEST_WORDS))}
    assert of({"vocabulary_": held}, "model")[0] == {"model.vocabulary_": [f"w{n}" for n in range(inert.FEWEST_WORDS)]}
    for other in ({**held, "w0": place(1)}, {**held, "w0": 0.5}, {**held, 7: place(99)}, dict(list(held.items())[1:])):
        assert "model.vocabulary_.w9" in of({"vocabulary_": other}, "model")[0]
