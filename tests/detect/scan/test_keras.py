"""What a Keras config names, at any depth; and what of HDF5 is not read."""

from __future__ import annotations

import json

import pytest

from trinity_guard.detect.scan import keras
from trinity_guard.detect.scan.record import CALLED, Record

DENSE = {"module": "keras.layers", "class_name": "Dense"}


def read(config: object) -> Record:
    record = Record()
    keras.read_json(record, json.dumps(config).encode())
    return record


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (DENSE, {"keras.layers.Dense"}),
        ({"a": [{"b": [DENSE]}]}, {"keras.layers.Dense"}),
        ({"class_name": "Adam"}, {"keras.optimizers.Adam"}),
        ({"class_name": "Nowhere"}, {"keras.layers.Nowhere"}),
        # As Keras 2 writes HDF5, with no module: it looks among its own, wherever those stand.
        ({"class_name": "L2"}, {"keras.regularizers.L2"}),
        ({"class_name": "MaxNorm"}, {"keras.constraints.MaxNorm"}),
        ({"class_name": "ExponentialDecay"}, {"keras.optimizers.schedules.ExponentialDecay"}),
        ({"class_name": "MeanMetricWrapper"}, {"keras.metrics.MeanMetricWrapper"}),
        # Its optimizers of 2.11 to 2.15 stand in its register, under a name that says they were somebody's own.
        ({"class_name": "Custom>Adam"}, {"keras.optimizers.Adam"}),
        ({"class_name": "Custom>Mine"}, {"keras.layers.Custom>Mine"}),
        ({"class_name": "Custom>Lambda"}, {"keras.layers.Custom>Lambda"}),
        ({"class_name": "Custom>Adam", "module": "mine"}, {"mine.Custom>Adam"}),
        ({"module": "os", "class_name": "system"}, {"os.system"}),
        ({"class_name": "function", "config": "relu", "module": "builtins"}, {"keras.activations.relu"}),
        ({"class_name": "function", "config": "f", "module": "mine"}, {"mine.f"}),
        ({"class_name": "__lambda__"}, {"keras.__lambda__"}),
        ({"class_name": "__tensor__"}, set()),
        ({"class_name": 5}, set()),
        ({"version": "3"}, set()),
    ],
)
def test_what_is_named_is_called(config: object, expected: set[str]) -> None:
    record = read(config)
    assert {".".join(name) for name in record.names} == expected
    assert all(how == {CALLED} for how in record.names.values())
    assert (record.pickles, record.unread) == (int(bool(expected)), {})


@pytest.mark.parametrize("text", [b"{broken", b"\xff", b"[" * 100_000])
def test_a_config_that_cannot_be_read_is_said(text: bytes) -> None:
    record = Record()
    keras.read_json(record, text)
    assert list(record.unread) == ["its config.json cannot be read"]


def test_a_config_without_end_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keras, "MAX_CONFIG", 5)
    assert read(DENSE).unread


HDF5 = b"\x89HDF\r\n\x1a\n"


@pytest.mark.parametrize(
    ("data", "names", "unread"),
    [
        (HDF5 + b"no model", set(), []),
        (HDF5 + b"model_config\0" + json.dumps(DENSE).encode() + b"\0", {"keras.layers.Dense"}, []),
        (HDF5 + b"model_config\0{ \n" + json.dumps(DENSE).encode()[1:], {"keras.layers.Dense"}, []),
        (HDF5 + b"model_config\0 nothing", set(), ["its model_config cannot be read"]),
        (HDF5 + b"FRHP\0" + bytes(20), set(), []),
        (HDF5 + b"FRHP\0\0\0\5\0", set(), ["it has attributes that are compressed, which are not read here"]),
        (
            HDF5 + b"PYTABLES_FORMAT_VERSION",
            set(),
            ["it is a file of PyTables, which unpickles what it finds in attributes"],
        ),
    ],
)
def test_of_hdf5_the_config_is_read_and_nothing_else(data: bytes, names: set[str], unread: list[str]) -> None:
    record = Record()
    keras.read_hdf5(record, data, 0, len(data))
    assert {".".join(name) for name in record.names} == names
    assert list(record.unread) == unread


def test_a_member_of_an_archive_is_a_config_by_its_name() -> None:
    assert keras.is_config(b"config.json")
    assert not keras.is_config(b"a/config.json")
