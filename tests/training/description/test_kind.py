"""Which library a model is of is read from its bytes: two for real, the rest by their formats; nothing is loaded."""

from __future__ import annotations

import collections
import json
import pickle
import zipfile
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from tests.training.samples import library
from trinity_guard.detect.scan import verdict
from trinity_guard.training.description import kind
from trinity_guard.training.description.kind import Kind


class Marks:
    """What would leave a mark if anybody loaded it."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (Path("loaded"),))


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
def test_a_pickle_of_scikit_learn_names_its_class(tmp_path: Path, protocol: int) -> None:
    model = Pipeline([("scale", StandardScaler()), ("line", LogisticRegression())])
    (tmp_path / "m.pkl").write_bytes(pickle.dumps(model, protocol))
    found = kind.of_file(str(tmp_path / "m.pkl"))
    assert (found.library, found.name) == ("scikit-learn", "Pipeline")


def test_a_model_of_joblib_names_its_class(tmp_path: Path) -> None:
    joblib.dump(LogisticRegression(), tmp_path / "m.joblib")
    assert str(kind.of_file(str(tmp_path / "m.joblib"))) == "scikit-learn LogisticRegression"
    joblib.dump(LogisticRegression(), tmp_path / "packed.joblib", compress=3)
    assert str(kind.of_file(str(tmp_path / "packed.joblib"))) == "scikit-learn LogisticRegression"


def test_nothing_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.pkl").write_bytes(pickle.dumps(Marks()))
    assert kind.of_file("m.pkl").library == "pathlib"
    assert not (tmp_path / "loaded").exists()


def zipped(path: Path, **members: bytes) -> None:
    with zipfile.ZipFile(path, "w") as file:
        for name, data in members.items():
            file.writestr(name.replace("__", "/").replace("_dot_", "."), data)


def test_pytorch_and_keras_are_told_by_what_is_in_their_zips(tmp_path: Path) -> None:
    zipped(tmp_path / "m.pt", m__data_dot_pkl=pickle.dumps(collections.OrderedDict(), 2), m__version=b"3\n")
    found = kind.of_file(str(tmp_path / "m.pt"))
    assert (found.library, found.name) == ("torch", "OrderedDict")
    config = json.dumps({"class_name": "Sequential"}).encode()
    zipped(tmp_path / "m.keras", config_dot_json=config, metadata_dot_json=b"{}", model_dot_weights_dot_h5=b"")
    assert kind.of_file(str(tmp_path / "m.keras")) == Kind("Keras", "keras", "Sequential")


X, Y = np.arange(40.0).reshape(20, 2), np.arange(20) % 2


@pytest.mark.parametrize("end", ["json", "ubj", "pkl", "joblib"])
def test_models_of_xgboost_are_told_as_it_saves_them(tmp_path: Path, end: str) -> None:
    path = str(tmp_path / f"m.{end}")
    model = library("xgboost").XGBClassifier(n_estimators=2).fit(X, Y)
    joblib.dump(model, path) if end in ("pkl", "joblib") else model.save_model(path)
    name = "XGBClassifier" if end in ("pkl", "joblib") else "Booster"
    assert (kind.of_file(path).library, kind.of_file(path).name) == ("xgboost", name)
    found = verdict.of_file(path.encode())
    assert (found.kind, found.why) == ("harmless" if end in ("pkl", "joblib") else "no pickle", "")


@pytest.mark.parametrize("end", ["txt", "pkl"])
def test_models_of_lightgbm_are_told_as_it_saves_them(tmp_path: Path, end: str) -> None:
    path = str(tmp_path / f"m.{end}")
    model = library("lightgbm").LGBMClassifier(n_estimators=2, verbose=-1).fit(X, Y)
    joblib.dump(model, path) if end == "pkl" else model.booster_.save_model(path)
    name = "LGBMClassifier" if end == "pkl" else "Booster"
    assert (kind.of_file(path).library, kind.of_file(path).name) == ("lightgbm", name)
    found = verdict.of_file(path.encode())
    assert (found.kind, found.why) == ("harmless" if end == "pkl" else "no pickle", "")


@pytest.mark.parametrize(("maker", "name"), [("_rebuild_tensor_v2", "Tensor"), ("_rebuild_parameter", "Parameter")])
def test_a_tensor_of_pytorchs_is_called_what_it_is(tmp_path: Path, maker: str, name: str) -> None:
    zipped(tmp_path / "m.pt", m__data_dot_pkl=b"\x80\x02ctorch._utils\n" + maker.encode() + b"\n)R.", m__version=b"3\n")
    assert (kind.of_file(str(tmp_path / "m.pt")).library, kind.of_file(str(tmp_path / "m.pt")).name) == ("torch", name)


@pytest.mark.parametrize(
    ("name", "data", "found"),
    [
        ("m.cbm", b"CBM1\x90\x26\0\0", ("catboost", "CatBoost")),
        ("m.txt", b"tree\nversion=v4\nnum_class=1\n", ("lightgbm", "Booster")),
        ("m.json", b'{"learner":{"attributes":{}}}', ("xgboost", "Booster")),
        ("m.ubj", b"{L\0\0\0\0\0\0\0\x07learner{", ("xgboost", "Booster")),
        ("m.safetensors", b"\x08\0\0\0\0\0\0\0{}      ", ("safetensors", "")),
        ("m.onnx", b"\x08\x08\x12\x07pytorch", ("onnx", "")),
        ("m.pkl", b"", ("", "")),
        ("m.pkl", b"\x80\x05\x95\xff", ("", "")),
        ("m.bin", b"anything", ("", "")),
    ],
)
def test_other_formats_are_told_by_their_first_bytes(
    tmp_path: Path, name: str, data: bytes, found: tuple[str, str]
) -> None:
    (tmp_path / name).write_bytes(data)
    said = kind.of_file(str(tmp_path / name))
    assert (said.library, said.name) == found


def test_a_folder_is_told_by_the_files_that_its_library_keeps_there(tmp_path: Path) -> None:
    (tmp_path / "config.cfg").write_text("[nlp]\n")
    (tmp_path / "meta.json").write_text('{"lang": "en", "name": "small"}')
    assert kind.of_folder(str(tmp_path)) == Kind("folder", "spacy", "en_small")
    (tmp_path / "MLmodel").write_text("")
    assert kind.of_folder(str(tmp_path)).library == "mlflow"
    (tmp_path / "empty").mkdir()
    assert kind.of_folder(str(tmp_path / "empty")) == Kind("folder")
