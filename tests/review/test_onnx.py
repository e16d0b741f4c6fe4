"""ONNX models by their wire format: two that the package `onnx` wrote (tests/data/onnx.json), and what is none."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.helpers.support import PROJECT
from trinity_guard.review import arrays, models, onnx
from trinity_guard.review.dialect import NoTable

WRITTEN = {n: base64.b64decode(d) for n, d in json.loads((PROJECT / "tests/data/onnx.json").read_text()).items()}


def read(folder: Path, data: bytes) -> models.Model:
    file = folder / "m.onnx"
    file.write_bytes(data)
    return models.read(os.fsencode(file), b"m.onnx")


def test_a_model_has_producer_opsets_inputs_operators_attributes_and_metadata(tmp_path: Path) -> None:
    found = read(tmp_path, WRITTEN["one"]).parameters
    assert {name: found[name] for name in found if not name.startswith(("if.", "trees.", "dense."))} == {
        "ir version": 8, "producer": "made", "producer version": "1", "opset ai.onnx": 17, "opset ai.onnx.ml": 3,
        "metadata.accuracy": "1", "input x": "float32[batch, 2]", "output y": "float32[?, 3]", "nodes": 4,
        "nodes Gemm": 1, "nodes MaxPool": 1, "nodes If": 1, "nodes TreeEnsembleClassifier": 1,
        "MaxPool[1].auto_pad": "SAME_UPPER", "MaxPool[1].kernel_shape": [2, 2],
    }  # fmt: skip
    assert (found["dense.alpha"], found["dense.transB"], found["if.then_branch.nodes"]) == (1.0, 0, 1)
    assert found["trees.nodes_modes"].startswith("20 texts (md5 ")


def test_weights_are_read_whatever_field_they_stand_in(tmp_path: Path) -> None:
    found = read(tmp_path, WRITTEN["one"]).arrays
    values = {name: list(array.read()) for name, array in found.items() if array.read and array.shape[0] < 20}
    assert values == {
        "w": [0, 1, 2, 3, 4, 5], "b": [0.5, 1.5, 1], "shape": [-1, 3], "half": [1, 2],
        "if.then_branch.k.value.v": [1], "if.else_branch.k.value.v": [1],
    }  # fmt: skip
    assert found["w"].words == "float32[2, 3]"
    assert found["trees.nodes_values"].words == "float32[20]"


def test_two_versions_are_told_apart_by_attributes_and_by_each_tensor(tmp_path: Path) -> None:
    (tmp_path / "before").mkdir()
    one, other = read(tmp_path / "before", WRITTEN["one"]), read(tmp_path, WRITTEN["other"])
    changed = models.compare(one, other)
    assert changed.pop("trees.nodes_modes")[1].startswith("24 texts")
    assert changed == {
        "dense.alpha": (1.0, 2.0), "MaxPool[1].kernel_shape": ([2, 2], [3, 3]), "metadata.accuracy": ("1", "2"),
    }  # fmt: skip
    difference = arrays.compare(one.arrays, other.arrays)["changed"]
    assert difference["w"] == {
        "before": "float32[2, 3]", "after": "float32[2, 3]", "values": 5, "of": 6, "largest": 5.0,
    }  # fmt: skip
    assert difference["trees.nodes_values"] == {"before": "float32[20]", "after": "float32[24]"}
    assert set(difference) == {"w", "b", "if.else_branch.k.value.v", "trees.nodes_values", "trees.nodes_treeids"}


def field(number: int, data: bytes) -> bytes:
    assert len(data) < 128
    return bytes([number << 3 | 2, len(data)]) + data


def test_weights_elsewhere_and_weights_that_do_not_fit_are_told_by_their_shape(tmp_path: Path) -> None:
    float32 = bytes([2 << 3, 1])
    outside = bytes([1 << 3, 4]) + float32 + field(8, b"far") + bytes([14 << 3, 1])
    short = bytes([1 << 3, 4]) + float32 + field(8, b"short") + field(9, b"1234")
    found = read(tmp_path, field(7, field(5, outside) + field(5, short)))
    assert {n: (a.words, a.read) for n, a in found.arrays.items()} == {
        "far": ("float32[4]", None), "short": ("float32[4]", None),
    }  # fmt: skip
    assert found.notes == ["weights in other files (external data) are told by their shapes alone"]


def nested(depth: int) -> bytes:
    graph = b""
    for _ in range(depth):
        inner = long_field(5, field(1, b"g") + long_field(6, graph))
        graph = long_field(1, inner)
    return long_field(7, graph)


def long_field(number: int, data: bytes) -> bytes:
    length, size = b"", len(data)
    while size > 127:
        length, size = length + bytes([size & 127 | 128]), size >> 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + data


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "it is empty"),
        (b"no model at all", "wire type|longer|end"),
        (bytes([8, 8]), "no graph"),
        (b"\x3a\xff\xff\xff\xff\x0f", "longer"),
        (b"\xff" * 40, "does not end"),
        (nested(30), "nested"),
    ],
)
def test_what_is_none_is_refused_with_the_reason(tmp_path: Path, data: bytes, why: str) -> None:
    with pytest.raises(NoTable, match=f"cannot be read as onnx: .*({why})"):
        read(tmp_path, data)


def test_more_parts_than_anybody_waits_for_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx, "MAX_ITEMS", 50)
    with pytest.raises(NoTable, match="more than 50 parts"):
        read(tmp_path, WRITTEN["one"])


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(at=st.integers(0, 891), byte=st.integers(0, 255), cut=st.integers(0, 891))
def test_a_damaged_model_is_read_or_refused_and_nothing_else(tmp_path: Path, at: int, byte: int, cut: int) -> None:
    data = bytearray(WRITTEN["one"])
    data[at] = byte
    try:
        found = read(tmp_path, bytes(data[cut:]) if cut % 2 else bytes(data))
        arrays.compare(found.arrays, found.arrays)
    except NoTable:
        return
