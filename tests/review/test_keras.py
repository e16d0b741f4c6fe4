"""Layers that Keras has numbered anew are the same layers."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from tests.review.test_examine import looked_into
from trinity_guard.review import keras, models


def layer(kind: str, name: str, above: str = "", **said: Any) -> dict[str, Any]:
    nodes = [{"args": [{"config": {"keras_history": [above, 0, 0]}}]}] if above else []
    return {
        "class_name": kind,
        "config": {"name": name, "dtype": {"class_name": "DTypePolicy", "shared_object_id": id(said)}, **said},
        "inbound_nodes": nodes,
    }


def document(model: str, *layers: dict[str, Any]) -> dict[str, Any]:
    ends = {"input_layers": [layers[0]["config"]["name"], 0, 0], "output_layers": [layers[-1]["config"]["name"], 0, 0]}
    return {"class_name": "Functional", "config": {"name": model, "layers": list(layers), **ends}}


ONE = document(
    "functional",
    layer("InputLayer", "input_layer", batch_shape=[None, 3]),
    layer("Dense", "dense", "input_layer", units=8, activation="relu"),
    layer("Dense", "dense_1", "dense", units=1, activation="linear"),
)
AGAIN = document(
    "functional_1",
    layer("InputLayer", "input_layer_1", batch_shape=[None, 3]),
    layer("Dense", "dense_2", "input_layer_1", units=8, activation="relu"),
    layer("Dense", "dense_3", "dense_2", units=1, activation="linear"),
)


def archive(file: Path, said: dict[str, Any]) -> bytes:
    with h5py.File(file.with_suffix(".h5"), "w") as weights:
        weights["layers/dense/vars/0"] = np.zeros(3)
    with zipfile.ZipFile(file, "w") as out:
        out.writestr("config.json", json.dumps(said))
        out.write(file.with_suffix(".h5"), "model.weights.h5")
    return file.read_bytes()


def legacy(file: Path, said: dict[str, Any], *names: str) -> bytes:
    with h5py.File(file, "w") as out:
        out.attrs["model_config"] = json.dumps(said)
        for name in names:
            out[f"model_weights/{name}/{said['config']['name']}/{name}/kernel"] = np.ones(3)
            out[f"optimizer_weights/adam/{said['config']['name']}_{name}_kernel_momentum"] = np.ones(3)
    return file.read_bytes()


def test_the_same_model_made_later_in_a_process_differs_in_nothing(tmp_path: Path) -> None:
    found = looked_into(tmp_path, "m.keras", archive(tmp_path / "a", ONE), archive(tmp_path / "b", AGAIN))
    assert (found.parameters, found.arrays["changed"]) == ({}, {})
    assert "dense → dense_2, dense_1 → dense_3" in found.notes[0]


def test_its_weights_have_the_same_names_in_the_older_format(tmp_path: Path) -> None:
    sides = [legacy(tmp_path / "a", ONE, "dense", "dense_1"), legacy(tmp_path / "b", AGAIN, "dense_2", "dense_3")]
    found = looked_into(tmp_path, "m.h5", *sides)
    assert not any(found.arrays[what] for what in ("added", "removed", "changed"))
    assert found.parameters == {}


def named(*layers: dict[str, Any]) -> dict[str, Any]:
    return keras.without_addresses(models.flat(document("m", *layers), ""))


@pytest.mark.parametrize(
    ("before", "after", "names"),
    [
        ([("dense", 1)], [("dense", 1)], {}),
        ([("dense", 1)], [("dense", 2)], {}),
        ([("dense", 1)], [("dense_4", 2)], {"dense_4": "dense"}),
        ([("dense", 8), ("dense_1", 1)], [("dense_1", 1)], {}),
        ([("dense", 8), ("dense_1", 1)], [("dense_5", 4), ("dense_6", 8), ("dense_7", 1)],
         {"dense_6": "dense", "dense_7": "dense_1"}),
        # One that came must not have the name that another has before.
        ([("dense_1", 8)], [("dense", 8), ("dense_1", 1)], {"dense": "dense_1", "dense_1": "dense_2"}),
        ([("head", 1)], [("tail", 1)], {}),
        ([("dense", 1)], [("head", 1)], {}),
    ],
)  # fmt: skip
def test_layers_of_the_same_settings_are_the_same(
    before: list[tuple[str, int]], after: list[tuple[str, int]], names: dict[str, str]
) -> None:
    sides = [named(*(layer("Dense", name, units=units) for name, units in side)) for side in (before, after)]
    assert keras.other_names(*sides) == names


@pytest.mark.parametrize(
    ("kind", "name", "other"),
    [
        ("InputLayer", "input_1", "input_9"),
        ("Conv2D", "conv2d", "conv2d_7"),
        ("BatchNormalization", "batch_normalization_2", "batch_normalization"),
    ],
)
def test_a_class_is_known_in_its_layers_names(kind: str, name: str, other: str) -> None:
    assert keras.other_names(named(layer(kind, name)), named(layer(kind, other))) == {other: name}


def test_a_setting_that_is_called_as_a_layer_is_no_layer() -> None:
    rename = keras.renamed({"activation_1": "activation", "activation": "activation_2"})
    path = "config.layers.activation_1.config.activation"
    assert rename(path, "activation_1") == ("config.layers.activation.config.activation", "activation_1")
    assert rename("config.output_layers", ["activation", 0]) == ("config.output_layers", ["activation_2", 0])


def test_of_many_layers_each_has_its_own() -> None:
    sides = [named(*(layer("Dense", f"dense_{n + shift}", units=n) for n in range(1, 1001))) for shift in (0, 5)]
    rename = keras.renamed(keras.other_names(*sides))
    after = models.Model()
    before = models.Model()
    before.parameters, after.parameters = sides[0], dict(rename(*one) for one in sides[1].items())
    assert models.compare(before, after) == {}


def test_where_two_layers_would_have_one_name_each_keeps_its_own(tmp_path: Path) -> None:
    """As a file given a layer by its owner has one that Keras gave before: the weights of one would be left out."""
    sides = []
    for at, (dense, mine) in enumerate((("dense_1", "mine"), ("dense_2", "dense_1"))):
        said = {"class_name": "Sequential", "config": {"name": "sequential", "layers": [
            layer("Dense", dense, units=8), layer("Conv1D", mine, filters=2)]}}  # fmt: skip
        file = tmp_path / f"{at}.h5"
        with h5py.File(file, "w") as out:
            out.attrs["model_config"] = json.dumps(said)
            for name in (dense, mine):
                out[f"model_weights/{name}/{name}/kernel:0"] = np.full(3, at + len(name))
        sides.append(file.read_bytes())
    found = looked_into(tmp_path, "m.h5", *sides)
    assert not any("numbered anew" in note for note in found.notes)
    assert len(found.arrays["added"]) == 1
    assert len(found.arrays["changed"]) == 1
