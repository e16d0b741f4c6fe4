"""A file's verdict: models as the libraries save them are harmless, and what others would do is said."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.detect.scan import bypasses
from tests.detect.scan.bypasses import Raw, call, name, pickled
from trinity_guard.detect.scan import verdict

X, Y = np.arange(40.0).reshape(20, 2), np.arange(20) % 2
DAYS = pd.date_range("2024-01-01", periods=3)
VALUES = {
    "a forest": RandomForestClassifier(3).fit(X, Y),
    "a pipeline": make_pipeline(StandardScaler(), LogisticRegression()).fit(X, Y),
    "a table": pd.DataFrame({"a": [1, 2], "b": ["x", None]}),
    "records": np.zeros(2, dtype=[("a", "f8"), ("b", "O")]),
    "a generator": np.random.default_rng(1),
    "functions of NumPy": [np.log1p, np.float64],
    "days": DAYS,
    "business days": pd.date_range("2024-01-01", periods=3, freq="B"),
    "quarters": pd.DataFrame({"a": range(3)}, index=pd.date_range("2024-01-01", periods=3, freq="QE")),
    "weeks of a month": pd.date_range("2024-01-01", periods=3, freq="WOM-1MON"),
    "periods": pd.period_range("2024-01", periods=3, freq="M"),
    "time deltas": DAYS - DAYS[0],
    "every hour": pd.timedelta_range("1h", periods=3, freq="h"),
    "intervals": pd.IntervalIndex.from_breaks([0, 1, 2]),
    "categories": pd.CategoricalIndex(["a", "b"]),
}


@pytest.mark.parametrize("what", VALUES)
@pytest.mark.parametrize("protocol", [0, 1, 2, 5])
def test_what_the_libraries_save_is_harmless(what: str, protocol: int) -> None:
    found = verdict.of_bytes(pickle.dumps(VALUES[what], protocol), b"m.pkl")
    assert (found.kind, found.why) == ("harmless", "")


def weights(storage: Raw, beside: object = None) -> dict[str, bytes]:
    """Return what is in a state_dict's archive as torch.save writes it, its tensor in this storage."""
    there = Raw(bypasses._value(("storage", storage, "0", "cpu", 4)) + b"Q")
    empty = call(name("collections", "OrderedDict"))
    tensor = call(name("torch._utils", "_rebuild_tensor_v2"), there, 0, (2, 2), (2, 1), False, empty)
    state = Raw(call(name("collections", "OrderedDict")).code + b"(" + bypasses._value("weight") + tensor.code + b"u")
    said = bypasses.built(state, {"_metadata": {"": {"version": 1}}} if beside is None else beside)
    return {"a/data.pkl": pickled(said, 2), "a/data/0": bytes(16), "a/version": b"3\n"}


class Forward(io.RawIOBase):
    """What nobody can seek in: sizes are written behind each member, as PyTorch does it anywhere."""

    def __init__(self) -> None:
        self.data = b""

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.data += bytes(data)
        return len(data)


def streamed(members: dict[str, bytes]) -> bytes:
    out = Forward()
    with zipfile.ZipFile(out, "w") as made:
        for member, data in members.items():
            made.writestr(member, data)
    assert out.data[6] & 8
    return out.data


@pytest.mark.parametrize("zipped", [bypasses._zip, streamed])
def test_pytorchs_weights_are_harmless_and_other_storages_are_not(zipped: Any) -> None:
    good = verdict.of_bytes(zipped(weights(name("torch", "FloatStorage"))), b"m.pt")
    assert (good.kind, good.why) == ("harmless", "")
    found = verdict.of_bytes(zipped(weights(name("os", "system"))), b"m.pt")
    assert found.kind == "unknown"
    assert "os.system" in found.names
    other = verdict.of_bytes(zipped(weights(name("torch", "FloatStorage"), {"items": 1})), b"m.pt")
    assert other.why == "gives collections.OrderedDict a state that no library writes"


LEGACY = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}."


def legacy(value: Raw, *storages: bytes) -> bytes:
    """Return a file of torch.save before 1.6: the value, the storages' keys, and each one's count and bytes."""
    behind = b"".join(len(data).to_bytes(8, "little") + data for data in storages)
    return LEGACY + pickled(value, 2) + pickled(Raw(bypasses._value(["0"] * len(storages))), 2) + behind


def test_pytorchs_older_files_name_classes_by_ids() -> None:
    def model(kind: Raw) -> Raw:
        known_by = Raw(bypasses._value(("module", kind, "linear.py", "class Linear: ...")) + b"Q")
        return bypasses.built(Raw(known_by.code + b")\x81"), {"in_features": 4})

    assert verdict.of_bytes(legacy(model(name("torch.nn.modules.linear", "Linear"))), b"m.pt").kind == "harmless"
    assert verdict.of_bytes(legacy(model(name("mine", "Net"))), b"m.pt").why == "makes objects of mine.Net"
    assert verdict.of_bytes(legacy(model(name("mine", "Net")))[len(LEGACY) :], b"m.pt").kind == "unknown"


def test_pytorchs_storages_without_a_type_are_gone_past() -> None:
    id_ = ("storage", name("torch.storage", "UntypedStorage"), "0", "cpu", 4, None)
    tensor = call(
        name("torch._utils", "_rebuild_tensor_v3"), Raw(bypasses._value(id_) + b"Q"), 0, (4,), (1,), False,
        call(name("collections", "OrderedDict")), name("torch", "uint16"),
    )  # fmt: skip
    found = verdict.of_bytes(legacy(tensor, bytes(4)), b"m.pt")
    assert (found.kind, found.why) == ("harmless", "")


def test_a_storage_in_another_librarys_pickle_is_read_as_the_file_that_it_is() -> None:
    id_ = ("storage", name("torch", "FloatStorage"), "0", "cpu", 1, None)
    inner = legacy(Raw(bypasses._value(id_) + b"Q"), bytes(4))
    inner = inner[:-12] + (1).to_bytes(8, "little") + bytes(4)  # a count of items, not of bytes
    data = pickled(call(name("torch.storage", "_load_from_bytes"), inner))
    found = verdict.of_bytes(data, b"m.pkl")
    assert (found.kind, found.why) == ("harmless", "")


def test_keras_says_no_module_of_its_own_optimizers_in_hdf5() -> None:
    said = {"optimizer_config": {"class_name": "AdamW", "config": {}}, "loss": {"class_name": "Huber", "config": {}}}
    layers = {"class_name": "Sequential", "config": {"layers": [{"class_name": "Dense", "config": {}}]}}
    data = b"\x89HDF\r\n\x1a\n" + b"model_config\0" + json.dumps(layers).encode() + bytes(4) + json.dumps(said).encode()
    assert verdict.of_bytes(data + bytes(4), b"m.h5").kind == "harmless"


def test_a_member_whose_size_stands_behind_it_is_read_without_that() -> None:
    """The sixteen bytes of its description are no part of the pickle, and hide none of it."""
    data = streamed({"m.pkl": pickled(name("os", "system"))})
    cut = data[: data.index(b"PK\1\2")]  # no directory says where it ends
    for one in (data, cut):
        found = verdict.of_bytes(one, b"m.zip")
        assert (found.kind, found.names, found.why) == ("unknown", ["os.system"], "names os.system")
    assert verdict.of_bytes(streamed({"m.pkl": pickled(Raw(b"N"))}), b"m.zip").kind == "harmless"


def test_a_keras_model_of_its_own_layers_is_harmless() -> None:
    layers: list[object] = [
        {"module": "keras.layers", "class_name": kind, "config": {}} for kind in ("InputLayer", "Dense", "Dropout")
    ]
    config = {"module": "keras", "class_name": "Sequential", "config": {"layers": layers}}
    data = bypasses._zip({"metadata.json": b'{"keras_version": "3"}', "config.json": json.dumps(config).encode()})
    assert verdict.of_bytes(data, b"m.keras").kind == "harmless"


def test_the_sentence_names_the_first_few_by_what_is_done_with_them() -> None:
    many = b"".join(f"cos\nf{n}\n(tR0".encode() for n in range(5)) + b"cmine\nNet\n."
    found = verdict.of_bytes(many, b"m.pkl")
    assert found.why == "calls os.f0, os.f1, os.f2 and 2 more; names mine.Net"
    assert len(found.names) == 6
    assert verdict.of_bytes(many, b"m.pkl", ["os.f0", "os.*", "mine.*"]).kind == "harmless"


@pytest.mark.parametrize("args", [b"cos\nsystem\n", b"]", b"S'a'\nd"], ids=["a function", "a list", "no argument"])
def test_a_frequency_is_made_of_plain_values_alone(args: bytes) -> None:
    assert not verdict.of_bytes(b"cpandas._libs.tslibs.offsets\nDay\n(" + args + b"tR.", b"m.pkl").is_fine
