"""Which library a model is of is read from its bytes: two for real, the rest by their formats; nothing is loaded."""

from __future__ import annotations

import collections
import json
import pickle
import zipfile
from pathlib import Path
from typing import Any

import joblib
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

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


@pytest.mark.parametrize(
    ("name", "data", "found"),
    [
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
