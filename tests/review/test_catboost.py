"""Models of CatBoost: a FlatBuffer of which each place may lead anywhere."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trinity_guard.review import arrays, catboost, models
from trinity_guard.review.dialect import NoTable

PARAMS = '{"boosting_options": {"iterations": 2, "learning_rate": 0.1}, "flat_params": {"iterations": 2}}'
TRAINING = '{"metrics": {"learn_best_error": {"Logloss": 0.5}, "learn_metrics_history": [{"Logloss": 0.7}]}}'


class Numbers:
    """A list of plain numbers. kind: as `struct` names it."""

    def __init__(self, kind: str, values: list[float]) -> None:
        self.kind = kind
        self.values = values


def add(buffer: bytearray, value: Any) -> int:
    """Append a table (a dictionary of its fields), a text, or a list; return where it begins."""
    if isinstance(value, dict):
        return _table(buffer, value)
    at = len(buffer)
    if isinstance(value, str):
        buffer += struct.pack("<I", len(value)) + value.encode()
    elif isinstance(value, Numbers):
        buffer += struct.pack(f"<I{len(value.values)}{value.kind}", len(value.values), *value.values)
    else:
        buffer += struct.pack("<I", len(value)) + bytes(4 * len(value))
        for number, item in enumerate(value):
            _refer(buffer, at + 4 + 4 * number, item)
    return at


def _table(buffer: bytearray, fields: dict[int, Any]) -> int:
    count = max(fields, default=-1) + 1
    places = [8 + 4 * number if number in fields else 0 for number in range(count)]
    buffer += struct.pack(f"<HH{count}H", 4 + 2 * count, 8 + 4 * count, *places)
    at = len(buffer)
    buffer += struct.pack("<i", 4 + 2 * count) + bytes(4 + 4 * count)
    for number, value in fields.items():
        place = at + places[number]
        if isinstance(value, int):
            struct.pack_into("<i", buffer, place, value)
        else:
            _refer(buffer, place, value)
    return at


def _refer(buffer: bytearray, place: int, value: Any) -> None:
    struct.pack_into("<I", buffer, place, add(buffer, value) - place)


def model(**told: Any) -> bytes:
    """Return a model of two trees over a named and an unnamed number and a category."""
    trees = {
        catboost.DIMENSION: 1,
        catboost.SPLITS: Numbers("i", [0, 1, 2]),
        catboost.SIZES: Numbers("i", [1, 2]),
        catboost.CATEGORIES: [{1: 1, 2: "city"}],
        catboost.FLOATS: [{2: 2}, {2: 0, 4: "rent"}],
        catboost.VALUES: Numbers("d", told.get("values", [0.5, -0.5, 1.0, 2.0, 3.0, 4.0])),
    }
    texts = {
        "params": told.get("params", PARAMS),
        "training": told.get("training", TRAINING),
        "model_guid": "1-2",
        "class_params": '{"class_names": [0, 1]}',
        "catboost_version_info": "Git info:\n    Branch: tags/v1.2.10\n",
        "note": "by hand",
    }
    core = bytearray(4)
    root = _table(core, {catboost.TREES: trees, catboost.INFO: [{0: n, 1: text} for n, text in texts.items()]})
    struct.pack_into("<I", core, 0, root)
    return catboost.MAGIC + struct.pack("<I", len(core)) + bytes(core) + b"parts that follow"


def read(folder: Path, data: bytes) -> models.Model:
    path = folder / "m.cbm"
    path.write_bytes(data)
    return models.read(os.fsencode(path), b"models/m.cbm")


def test_a_model_has_features_trees_parameters_and_metrics(tmp_path: Path) -> None:
    found = read(tmp_path, model())
    assert models.is_other_model(os.fsencode(tmp_path / "m.cbm"))
    assert found.parameters == {
        "catboost version": "1.2.10",
        "note": "by hand",
        "features": ["rent", "city", "2"],
        "outputs": 1,
        "trees": 2,
        "depth": 2,
        "boosting_options.iterations": 2,
        "boosting_options.learning_rate": 0.1,
        "class_params.class_names": [0, 1],
        "metrics.learn_best_error.Logloss": 0.5,
    }
    assert {name: array.words for name, array in found.arrays.items()} == {
        "splits": "int32[3]", "leaf values": "float64[6]",
    }  # fmt: skip


def test_what_changed_are_parameters_and_leaves(tmp_path: Path) -> None:
    (tmp_path / "before.cbm").write_bytes(model())
    before = models.read(os.fsencode(tmp_path / "before.cbm"), b"m.cbm")
    after = read(tmp_path, model(params=PARAMS.replace("0.1", "0.2"), values=[0.5, -0.5, 1.0, 2.0, 3.0, 6.0]))
    assert models.compare(before, after) == {"boosting_options.learning_rate": (0.1, 0.2)}
    changed = arrays.compare(before.arrays, after.arrays)["changed"]
    assert (list(changed), changed["leaf values"]["largest"]) == (["leaf values"], 2.0)


@pytest.mark.parametrize("told", [{"training": '{"metrics": []}'}, {"params": '{"flat_params": 1}'}, {"params": "{}"}])
def test_documents_of_another_shape_say_less(tmp_path: Path, told: dict[str, str]) -> None:
    assert read(tmp_path, model(**told)).parameters["trees"] == 2


@pytest.mark.parametrize(
    "data",
    [
        catboost.MAGIC,
        catboost.MAGIC + struct.pack("<I", 1 << 30) + b"\xff" * 8,
        model(params="{" + "[" * 100_000),
        model(params='{"a": "' + "b" * catboost.MAX_TEXT + '"}'),
    ],
    ids=["nothing", "leads out of it", "deep", "long"],
)
def test_what_is_no_model_is_said_to_be_none(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(NoTable, match="cannot be read as a model of CatBoost"):
        read(tmp_path, data)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)
@given(at=st.integers(8, len(model()) - 1), bits=st.integers(1, 255), end=st.integers(4, len(model())))
def test_a_damaged_model_is_told_or_refused(tmp_path: Path, at: int, bits: int, end: int) -> None:
    data = bytearray(model())
    data[at] ^= bits
    for each in (data, data[:end]):
        try:
            found = read(tmp_path, bytes(each))
        except NoTable:
            continue
        arrays.compare(found.arrays, found.arrays)
