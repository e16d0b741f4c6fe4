"""What a model is made of, read and never loaded: class, version, parameters, sizes, weights."""

from __future__ import annotations

import json
import math
import os
import zipfile

from trinity_guard import git
from trinity_guard.detect.scan import files as pickles
from trinity_guard.review import arrays, boosters, catboost, inert, keras, onnx
from trinity_guard.review.arrays import Array
from trinity_guard.review.dialect import NoTable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

PICKLES = (b".pkl", b".pickle", b".joblib", b".pt", b".pth", b".ckpt")
SUFFIXES = (*PICKLES, b".safetensors", b".keras", b".onnx")
MAX_HEADER = 100 << 20
MAX_MEMBER = 1 << 30
MAX_PARAMETERS = 20_000
# safetensors' names of types, and NumPy's; those that NumPy has not are read as bytes.
TYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "|i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "|u1", "BOOL": "|b1",
}  # fmt: skip
SIZES = {"BF16": 2, "F8_E4M3": 1, "F8_E5M2": 1}


class Model:
    """parameters: name -> a plain value; arrays: name -> its weights; notes: what could not be read."""

    __slots__ = ("arrays", "notes", "parameters")

    def __init__(self) -> None:
        self.parameters: dict[str, Any] = {}
        self.arrays: dict[str, Array] = {}
        self.notes: list[str] = []


def is_model(path: bytes) -> bool:
    """Whether a file of this name is a model."""
    return os.path.splitext(path)[1].lower() in SUFFIXES


def is_other_model(path: bytes) -> bool:
    """Whether a file that has no model's name is one by its first bytes."""
    return boosters.is_one(path) or catboost.is_one(path)


def read(path: bytes, named: bytes) -> Model:
    """Read a model. named: its name in the repository. NoTable where it is none that can be read."""
    suffix = os.path.splitext(named)[1].lower()
    try:
        if suffix == b".safetensors":
            return _safetensors(path)
        if suffix == b".keras":
            return _keras(path)
        if suffix in PICKLES:
            return _pickled(path)
        if suffix == b".onnx":
            found = Model()
            found.parameters, found.arrays, found.notes = onnx.read(path)
            return found
        if boosters.is_one(path):
            found = Model()
            found.parameters, found.arrays = boosters.read(path)
            return found
        if catboost.is_one(path):
            return _catboost(path)
    except (OSError, ValueError, KeyError, TypeError, EOFError, RecursionError, zipfile.BadZipFile) as error:
        raise NoTable(f"it cannot be read as {suffix.decode('ascii', 'replace').lstrip('.')}: {error}") from None
    raise NoTable(f"models of the kind {suffix.decode('ascii', 'replace')} are not looked into")


def compare(before: Model, after: Model) -> dict[str, tuple[Any, Any]]:
    """Return the parameters that are not the same, with both values; None where a side has it not."""
    names = [*before.parameters, *(n for n in after.parameters if n not in before.parameters)]
    pairs = {n: (before.parameters.get(n), after.parameters.get(n)) for n in names}
    return {n: (a, b) for n, (a, b) in pairs.items() if not _alike(a, b)}


def _alike(one: Any, other: Any) -> bool:
    return type(one) is type(other) and (one == other or (one != one and other != other))


def _pickled(path: bytes) -> Model:
    record = pickles.read(path)
    if not record.values:
        raise NoTable(f"it holds no pickle that can be read{': ' if record.unread else ''}{'; '.join(record.unread)}")
    found = Model()
    storages = inert.Storages(path)
    for at, value in enumerate(record.values):
        prefix = "" if len(record.values) == 1 else f"[{at}]"
        notes = inert.describe(value, prefix, found.parameters, found.arrays, storages)
        found.notes += [note for note in notes if note not in found.notes]
    found.notes += [f"not read: {what}" for what in record.unread]
    return found


def _catboost(path: bytes) -> Model:
    found = Model()
    found.parameters, documents, found.arrays = catboost.read(path)
    metrics = documents.pop("training", {}).get("metrics")
    best = {n: v for n, v in metrics.items() if n.endswith("best_error")} if isinstance(metrics, dict) else {}
    given = documents.pop("params", {})
    given.pop("flat_params", None)  # what was asked for stands among what was used
    for document in (given, documents, {"metrics": best} if best else {}):
        found.parameters.update(flat(document, ""))
    return found


# ---- safetensors


def _safetensors(path: bytes) -> Model:
    with open(git.opened(path, links=True), "rb") as file:
        size = os.fstat(file.fileno()).st_size
        length = int.from_bytes(file.read(8), "little")
        if length > min(MAX_HEADER, size):
            raise ValueError("its header is longer than the file")
        header = json.loads(file.read(length))
    found = Model()
    for name, entry in header.items():
        if name == "__metadata__":
            found.parameters.update(flat(entry, "metadata"))
        else:
            found.arrays[name] = _tensor(path, 8 + length, size, entry)
    return found


def _tensor(path: bytes, base: int, size: int, entry: dict[str, Any]) -> Array:
    shape, kind = tuple(int(n) for n in entry["shape"]), str(entry["dtype"])
    start, end = (base + int(n) for n in entry["data_offsets"])
    item = int(TYPES[kind][-1]) if kind in TYPES else SIZES.get(kind, 0)
    fits = base <= start <= end <= size and math.prod(shape) * item == end - start

    def values() -> Any:
        import numpy as np

        with open(git.opened(path, links=True), "rb") as file:
            file.seek(start)
            data = np.frombuffer(file.read(end - start), dtype=TYPES.get(kind, f"<u{item}"))
        return arrays.of_bfloat(data) if kind == "BF16" else data

    return Array(shape, kind, values if fits and item and end - start <= arrays.MAX_BYTES else None)


# ---- Keras


def _keras(path: bytes) -> Model:
    found = Model()
    with zipfile.ZipFile(os.fsdecode(path)) as archive:
        for name in ("metadata.json", "config.json"):
            if name in archive.namelist():
                found.parameters.update(flat(json.loads(_member(archive, name, MAX_HEADER)), ""))
        weights = "model.weights.h5"
        if weights in archive.namelist():
            found.arrays = arrays.of_hdf5(_member(archive, weights, MAX_MEMBER))
    found.parameters = keras.without_addresses(found.parameters)
    return found


def _member(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    """Return a member's bytes; ValueError for one that unpacks to more than is taken."""
    info = archive.getinfo(name)
    if info.file_size > most or not arrays.may_unpack(info.file_size, info.compress_size):
        raise ValueError(f"{name} is larger than {most:,} bytes, or unpacks to far more than it is")
    with archive.open(name) as file:
        return file.read(most)


def of_attributes(attributes: dict[str, Any]) -> Model:
    """Return what the attributes of an HDF5 file say: of Keras's the configuration, layer by layer."""
    found = Model()
    for name, value in attributes.items():
        try:
            told = json.loads(value) if isinstance(value, str) and value.startswith("{") else value
        except (ValueError, RecursionError):
            told = value
        found.parameters.update(flat(told, name))
    found.parameters = keras.without_addresses(found.parameters)
    return found


# ---- JSON


def flat(value: Any, prefix: str) -> dict[str, Any]:
    """Return the plain values of a JSON document by their paths: `metrics.accuracy`, `layers.dense.units`."""
    found: dict[str, Any] = {}
    for name, item in _leaves(value, prefix, 0):
        if len(found) >= MAX_PARAMETERS:
            break
        found[name] = item
    return found


def _leaves(value: Any, prefix: str, depth: int) -> Iterator[tuple[str, Any]]:
    parts: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        parts = list(value.items())
    elif isinstance(value, list):
        plain = all(v is None or isinstance(v, (str, int, float, bool)) for v in value)
        parts = [] if plain else [(_own_name(item, at), item) for at, item in enumerate(value)]
    if not parts or depth > inert.DEEPEST:
        yield prefix, value if not isinstance(value, (dict, list)) or not parts else "…"
        return
    for name, item in parts:
        yield from _leaves(item, f"{prefix}.{name}" if prefix else str(name), depth + 1)


def _own_name(item: Any, at: int) -> str:
    """Return how an item of a list is called: a layer by its name, else by its place."""
    if isinstance(item, dict):
        config = item.get("config")
        for source in (item, config if isinstance(config, dict) else {}):
            if isinstance(source.get("name"), str):
                return str(source["name"])
    return str(at)
