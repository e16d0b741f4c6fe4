"""Models of each kind, read and never loaded."""

from __future__ import annotations

import json
import os
import pickle
import struct
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import h5py
import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from trinity_guard.review import arrays, models
from trinity_guard.review.dialect import NoTable


def read(path: Path) -> models.Model:
    return models.read(os.fsencode(path), os.fsencode(path))


def pickled(folder: Path, value: object) -> models.Model:
    (folder / "m.pkl").write_bytes(pickle.dumps(value))
    return read(folder / "m.pkl")


def fitted(model: Any) -> Any:
    pages = pd.DataFrame(np.random.default_rng(0).random((60, 3)), columns=["a", "b", "c"])
    return model.fit(pages, (pages["a"] > 0.5).astype(int))


@pytest.mark.parametrize("dump", [pickle.dump, joblib.dump])
def test_a_forest_has_class_version_parameters_features_trees_and_nodes(tmp_path: Path, dump: Any) -> None:
    sides = []
    for trees in (3, 5):
        file = tmp_path / f"{trees}.pkl"
        model = fitted(RandomForestClassifier(n_estimators=trees, max_depth=2, random_state=0))
        with file.open("wb") as out:
            dump(model, out)
        sides.append(read(file))
        assert sides[-1].parameters["nodes"] == sum(t.tree_.node_count for t in model.estimators_)
    first = sides[0].parameters
    assert first["class"] == "sklearn.ensemble._forest.RandomForestClassifier"
    assert (first["trees"], first["max_depth"], first["feature_names_in_"]) == (3, 2, ["a", "b", "c"])
    assert first["scikit-learn version"]
    changed = models.compare(*sides)
    assert changed["n_estimators"] == (3, 5)
    assert "max_depth" not in changed


@pytest.mark.parametrize("dump", [pickle.dump, joblib.dump])
@pytest.mark.parametrize("kind", [RandomForestClassifier, GradientBoostingClassifier])
def test_trees_of_as_many_nodes_that_split_elsewhere_are_told_apart(tmp_path: Path, dump: Any, kind: Any) -> None:
    sides = []
    for at, shift in enumerate((0.0, 0.0, 1.0)):
        model = fitted(kind(n_estimators=2, max_depth=1, random_state=0))
        trees = [tree.tree_ for tree in np.ravel(model.estimators_)]
        assert any(tree.node_count > 1 for tree in trees)
        for tree in trees:
            tree.threshold[:] += shift
        with (tmp_path / f"{at}.pkl").open("wb") as out:
            dump(model, out)
        sides.append(read(tmp_path / f"{at}.pkl"))
    assert models.compare(*sides[:2]) == {}
    assert models.compare(*sides[1:]).keys() == {"nodes (digest)"}


def test_the_steps_of_a_pipeline_have_the_names_that_scikit_learn_gives_them(tmp_path: Path) -> None:
    sides = []
    for c in (0.5, 2.0):
        file = tmp_path / f"{c}.pkl"
        steps = [("scale", StandardScaler()), ("model", LogisticRegression(C=c))]
        file.write_bytes(pickle.dumps(fitted(Pipeline(steps))))
        sides.append(read(file))
    assert models.compare(*sides)["model__C"] == (0.5, 2.0)
    weights = arrays.compare(sides[0].arrays, sides[1].arrays)["changed"]
    assert weights["model__coef_"]["values"] == 3
    assert weights["model__coef_"]["largest"] > 0


def test_any_other_pickle_is_a_tree_of_names(tmp_path: Path) -> None:
    file = tmp_path / "m.pkl"
    file.write_bytes(pickle.dumps({"rate": 0.1, "layers": [1, 2], "deep": {"n": np.float64(2.5)}, "w": np.arange(3)}))
    found = read(file)
    assert found.parameters == {"rate": 0.1, "layers": [1, 2], "deep.n": 2.5}
    assert list(found.arrays) == ["w"]


def test_a_hostile_pickle_runs_nothing(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> Any:
            return (os.mkdir, (str(tmp_path / "ran"),))

    file = tmp_path / "m.pkl"
    file.write_bytes(pickle.dumps({"x": Bomb(), "y": 1}))
    assert read(file).parameters["y"] == 1
    assert not (tmp_path / "ran").exists()


def test_a_pickle_that_holds_itself_has_an_end(tmp_path: Path) -> None:
    knot: list[Any] = []
    knot.append({"again": knot, "n": 1})
    file = tmp_path / "m.pkl"
    file.write_bytes(pickle.dumps(knot))
    assert read(file).parameters == {" (length)": 1, "[0].n": 1}


def safetensors(path: Path, tensors: dict[str, tuple[str, list[int], bytes]]) -> models.Model:
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name, (kind, shape, raw) in tensors.items():
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [len(data), len(data) + len(raw)]}  # type: ignore[dict-item]
        data += raw
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return read(path)


def test_safetensors_have_shapes_types_and_the_largest_change(tmp_path: Path) -> None:
    one = np.array([[1, 2], [3, 4]], "<f4")
    before = safetensors(
        tmp_path / "a.safetensors", {"w": ("F32", [2, 2], one.tobytes()), "b": ("BF16", [1], b"\x80?")}
    )
    one[1, 1] = 4.5
    after = safetensors(tmp_path / "b.safetensors", {"w": ("F32", [2, 2], one.tobytes()), "b": ("BF16", [1], b"\x00@")})
    assert before.parameters == {"metadata.format": "pt"}
    changed = arrays.compare(before.arrays, after.arrays)["changed"]
    assert changed["w"] == {"before": "F32[2, 2]", "after": "F32[2, 2]", "values": 1, "of": 4, "largest": 0.5}
    assert changed["b"]["largest"] == 1


def test_a_tensor_that_lies_outside_of_its_file_is_not_read(tmp_path: Path) -> None:
    found = safetensors(tmp_path / "a.safetensors", {"w": ("F32", [1 << 40], b"1234")})
    assert found.arrays["w"].read is None


def torch_archive(path: Path, tensors: dict[str, Any]) -> models.Model:
    """Write what torch.save writes: a zip with a pickle of rebuilt tensors, and their numbers beside it."""
    head = b"\x80\x02ccollections\nOrderedDict\n)R("
    body = b""
    for at, (name, numbers) in enumerate(tensors.items()):
        shape = b"(" + b"".join(b"K" + bytes([n]) for n in numbers.shape) + b"t"
        body += b"X" + struct.pack("<I", len(name)) + name.encode() + b"ctorch._utils\n_rebuild_tensor_v2\n("
        body += b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x00" + str(at).encode()
        body += b"X\x03\x00\x00\x00cpuK" + bytes([numbers.size]) + b"tQ"
        body += b"K\x00" + shape + shape + b"\x89ccollections\nOrderedDict\n)RtR"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", head + body + b"u.")
        for at, numbers in enumerate(tensors.values()):
            archive.writestr(f"archive/data/{at}", numbers.tobytes())
        archive.writestr("archive/version", "3\n")
    return read(path)


def test_an_archive_of_pytorch_has_the_shapes_and_changes_of_its_tensors(tmp_path: Path) -> None:
    weights = OrderedDict(w=np.arange(6, dtype="<f4").reshape(2, 3), b=np.zeros(2, "<f4"))
    before = torch_archive(tmp_path / "a.pt", weights)
    weights["w"] = weights["w"] + np.float32(0.25)
    after = torch_archive(tmp_path / "b.pt", weights)
    assert {name: a.words for name, a in before.arrays.items()} == {"w": "Float[2, 3]", "b": "Float[2]"}
    changed = arrays.compare(before.arrays, after.arrays)["changed"]
    assert changed == {"w": {"before": "Float[2, 3]", "after": "Float[2, 3]", "values": 6, "of": 6, "largest": 0.25}}


def test_a_keras_archive_has_its_layers_and_weights(tmp_path: Path) -> None:
    sides = []
    for units in (8, 16):
        file = tmp_path / f"{units}.keras"
        layer = {"class_name": "Dense", "config": {"name": "dense", "units": units}}
        with h5py.File(tmp_path / "w.h5", "w") as weights:
            weights["layers/dense/vars/0"] = np.zeros((2, units))
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("config.json", json.dumps({"class_name": "Sequential", "config": {"layers": [layer]}}))
            archive.write(tmp_path / "w.h5", "model.weights.h5")
        sides.append(read(file))
    assert models.compare(*sides) == {"config.layers.dense.config.units": (8, 16)}
    assert arrays.compare(sides[0].arrays, sides[1].arrays)["changed"] == {
        "layers/dense/vars/0": {"before": "float64[2, 8]", "after": "float64[2, 16]"}
    }


@pytest.mark.parametrize("name", ["m.pkl", "m.pt", "m.safetensors", "m.keras", "m.onnx"])
def test_what_cannot_be_read_is_said(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\xff" * 100)
    with pytest.raises(NoTable):
        read(tmp_path / name)


def test_long_bytes_and_texts_are_told_apart_by_a_digest(tmp_path: Path) -> None:
    before, after = {"b": b"x" * 300, "t": "y" * 300}, {"b": b"x" * 299 + b"z", "t": "y" * 299 + "z"}
    found = models.compare(*(pickled(tmp_path, side) for side in (before, after)))
    assert set(found) == {"b", "t"}
    assert found["b"][0].startswith("300 bytes (md5 ")
    assert found["t"][0].startswith("y" * 20 + "… (300 letters, md5 ")


def test_a_frame_has_its_columns_as_arrays(tmp_path: Path) -> None:
    frames = [pd.DataFrame({"x": [1.0, last], "n": [1, 2]}) for last in (2.0, 2.5)]
    before, after = (pickled(tmp_path, frame) for frame in frames)
    assert models.compare(before, after) == {}
    [changed] = arrays.compare(before.arrays, after.arrays)["changed"].values()
    assert (changed["values"], changed["of"], changed["largest"]) == (1, 2, 0.5)
