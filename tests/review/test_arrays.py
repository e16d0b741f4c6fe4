"""Arrays of NumPy and HDF5 files, one version against the other; nothing is unpickled."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from trinity_guard.review import arrays
from trinity_guard.review.dialect import NoTable


def compare(tmp_path: Path, before: dict[str, Any], after: dict[str, Any], suffix: str) -> dict[str, Any]:
    sides = []
    for at, given in enumerate((before, after)):
        file = tmp_path / f"{at}{suffix}"
        if suffix == ".npz":
            np.savez(file, **given)
        elif suffix == ".npy":
            np.save(file, given[""])
        else:
            with h5py.File(file, "w") as made:
                for name, value in given.items():
                    made[name] = value
        sides.append(arrays.of(os.fsencode(file), os.fsencode(file)))
    return arrays.compare(*sides)


@pytest.mark.parametrize("suffix", [".npz", ".h5"])
def test_arrays_that_came_went_and_changed(tmp_path: Path, suffix: str) -> None:
    before = {"w": np.array([[1.0, 2.0], [np.nan, 4.0]]), "gone": np.arange(3), "same": np.arange(5), "r": np.arange(4)}
    after = {"w": np.array([[1.0, 2.5], [np.nan, 4.0]]), "new": np.arange(3.0), "same": np.arange(5), "r": np.arange(6)}
    found = compare(tmp_path, before, after, suffix)
    assert found["added"] == {"new": "float64[3]"}
    assert found["removed"] == {"gone": "int64[3]"}
    assert found["changed"] == {
        "r": {"before": "int64[4]", "after": "int64[6]"},
        "w": {"before": "float64[2, 2]", "after": "float64[2, 2]", "values": 1, "of": 4, "largest": 0.5},
    }


def test_one_array(tmp_path: Path) -> None:
    found = compare(tmp_path, {"": np.array([1, 2])}, {"": np.array([1, 5])}, ".npy")
    assert found["changed"][""]["largest"] == 3


def test_an_array_of_objects_is_not_unpickled(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> Any:
            return (os.mkdir, (str(tmp_path / "ran"),))

    for name in ("0.npy", "1.npy"):
        np.save(tmp_path / name, np.array([Bomb()], dtype=object), allow_pickle=True)
    sides = [arrays.of(os.fsencode(tmp_path / name), b"x.npy") for name in ("0.npy", "1.npy")]
    assert arrays.compare(*sides)["changed"][""]["values"] == "not looked at"
    assert not (tmp_path / "ran").exists()


def test_a_member_that_unpacks_to_more_than_its_array_or_memory_is_not_read(tmp_path: Path) -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (1 << 40,)})
    with zipfile.ZipFile(tmp_path / "b.npz", "w") as archive:
        archive.writestr("w.npy", header.getvalue() + b"\0" * 1000)
    found = arrays.of(os.fsencode(tmp_path / "b.npz"), b"b.npz")
    assert (found["w"].shape, found["w"].read) == ((1 << 40,), None)


@pytest.mark.parametrize("name", [b"x.npy", b"x.npz", b"x.h5"])
def test_what_is_no_such_file_is_said(tmp_path: Path, name: bytes) -> None:
    (tmp_path / "x").write_bytes(b"nothing of the kind")
    with pytest.raises(NoTable, match="it cannot be read as"):
        arrays.of(os.fsencode(tmp_path / "x"), name)


TEXTS = (np.array(["a", "b"]), np.array(["a", "c"]))
RECORDS = tuple(np.array([(1, 2.5), (2, x)], dtype=[("i", "i4"), ("x", "f8")]) for x in (3.5, 4.5))


@pytest.mark.parametrize(
    ("before", "after", "largest"),
    [(*TEXTS, None), (*RECORDS, None), (np.array([1 + 2j, 3]), np.array([1 + 2j, 3 + 4j]), 4.0),
     (np.array([True, False]), np.array([True, True]), None),
     (np.array(["2024-01-01", "NaT"], "M8[D]"), np.array(["2024-01-02", "NaT"], "M8[D]"), None)],
)  # fmt: skip
def test_values_of_every_type_are_counted(tmp_path: Path, before: Any, after: Any, largest: float | None) -> None:
    [found] = compare(tmp_path, {"": before}, {"": after}, ".npy")["changed"].values()
    assert (found["values"], found["of"], found["largest"]) == (1, 2, largest)
    assert compare(tmp_path, {"": after}, {"": after}, ".npy")["changed"] == {}


@pytest.mark.parametrize("texts", [[b"a", b"b"], ["ä", "longer than that"]])
def test_texts_and_records_of_hdf5_are_compared(tmp_path: Path, texts: list[Any]) -> None:
    found = compare(tmp_path, {"t": texts, "r": RECORDS[0]}, {"t": [texts[0], texts[0]], "r": RECORDS[1]}, ".h5")
    assert {name: one["values"] for name, one in found["changed"].items()} == {"t": 1, "r": 1}
    assert compare(tmp_path, {"t": texts}, {"t": texts}, ".h5")["changed"] == {}


def test_attributes_of_groups_are_told(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.attrs["title"] = "one"
        file.create_group("g").attrs["unit"] = "m"
    assert arrays.attributes(os.fsencode(tmp_path / "a.h5")) == {"title": "one", "g unit": "m"}


def test_what_unpacks_to_far_more_than_it_is_is_not_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "MAX_SMALL", 1000)
    np.savez_compressed(tmp_path / "bomb.npz", x=np.zeros(1_000_000), y=np.zeros(10))
    with h5py.File(tmp_path / "bomb.h5", "w") as file:
        file.create_dataset("x", shape=(1_000_000,), dtype="f8", chunks=(1000,), compression="gzip")
        file["y"] = np.zeros(10)
    for name in ("bomb.npz", "bomb.h5"):
        found = arrays.of(os.fsencode(tmp_path / name), name.encode())
        assert {key: array.read is None for key, array in found.items()} == {"x": True, "y": False}
