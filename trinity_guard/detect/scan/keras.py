"""Keras's models: classes that a config names, and the code that a Lambda layer brings; by their JSON alone."""

from __future__ import annotations

import json
import time

from trinity_guard.detect.scan import known
from trinity_guard.detect.scan.record import CALLED, Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

MAX_CONFIG = 64 << 20
# Before the first brace, in whatever encoding JSON may have.
SPACE = b" \t\r\n\0\xef\xbb\xbf\xff\xfe"


def is_config(name: bytes) -> bool:
    """Whether a member of an archive is Keras's description of the model."""
    return name.partition(b"\0")[0] == b"config.json"  # where Python ends it


def read_model(record: Record, data: Any, at: int, end: int) -> bool:
    """Read what describes a model; say whether it does. Its name in a zip does not tell: Python takes that of
    an extra field instead."""
    if data[at : min(at + 64, end)].lstrip(SPACE)[:1] != b"{" or end - at > MAX_CONFIG:
        return False
    try:
        config = json.loads(data[at:end])
    except (ValueError, RecursionError):
        return False
    # Keras makes what is below a dict that is of no class, too.
    if not any({"class_name", "config"} <= part.keys() for part in _dicts(record, config)):
        return False
    _take(record, config)
    return True


def read_json(record: Record, text: bytes) -> None:
    """Take the classes and functions that a config names into the record; what is none of Keras's is left alone."""
    try:
        config = json.loads(text) if len(text) <= MAX_CONFIG else None
    except (ValueError, RecursionError):
        config = None
    if config is None:
        record.cannot_read("its config.json cannot be read")
    elif isinstance(config, dict):
        _take(record, config)


def _take(record: Record, config: Any) -> None:
    """Take what stands at any depth: Keras makes what is in a dict, a list, a config that is of no class itself."""
    before = len(record.names)
    for part in _dicts(record, config):
        _name(record, part)
    record.pickles += len(record.names) > before


def _dicts(record: Record, config: Any) -> Iterator[dict[str, Any]]:
    todo = [config]
    while todo:
        one = todo.pop()
        record.spend(1)
        if isinstance(one, list):
            todo.extend(one)
        elif isinstance(one, dict):
            yield one
            todo.extend(one.values())


def _name(record: Record, part: dict[str, Any]) -> None:
    """Take one class or function. Keras imports `module` and takes `class_name` from it; a function is named by
    `config`, one of its own by a registered name."""
    found = part.get("class_name")
    if not isinstance(found, str):
        return
    module = part.get("module")
    if not isinstance(module, str):
        module, found = known.of_keras(found)  # as in HDF5: Keras looks among its own alone
    if found == "function":
        config = part.get("config")
        name = config if isinstance(config, str) else found
        module = "keras.activations" if module in ("builtins", "keras.layers") else module
        record.names.setdefault((module, name), set()).add(CALLED)
        return
    if found.startswith("__"):
        # __lambda__ brings Python's own code, __typespec__ a class of any module; __tensor__ and __numpy__ numbers.
        if found not in ("__tensor__", "__numpy__", "__bytes__", "__tuple__", "__ellipsis__", "__keras_tensor__"):
            record.names.setdefault(("keras", found), set()).add(CALLED)
        return
    record.names.setdefault((module, found), set()).add(CALLED)


MODEL_CONFIG = b"model_config"


def read_hdf5(record: Record, data: Any, at: int, end: int) -> None:
    """Read Keras's model_config in an HDF5 file: its JSON stands in it as it is. Without it nothing of the file runs.

    HDF5 itself is not read: its C library is not made for strangers' files.
    """
    _pytables(record, data, at, end)
    _packed_attributes(record, data, at, end)
    if data.find(MODEL_CONFIG, at, end) < 0:
        return
    before = record.pickles
    place = _brace(data, at, end)
    while place >= 0:
        record.spend(1, time.monotonic())
        length = _document(data, place, end)
        if length:
            read_json(record, data[place : place + length])
        place = _brace(data, place + max(length, 1), end)
    if record.pickles == before:
        record.cannot_read("its model_config cannot be read")


def _brace(data: Any, at: int, end: int) -> int:
    """Return where the next JSON object may begin: a brace and a quote, with any space between; -1 for none."""
    import re  # noqa: PLC0415  # for HDF5 alone

    found = re.compile(rb'\{[ \t\r\n]*"').search(data, at, end)
    return found.start() if found else -1


def _document(data: Any, at: int, end: int) -> int:
    """Return the length of the JSON object at a place, 0 where none ends."""
    stop = data.find(b"\0", at, min(at + MAX_CONFIG, end))
    text = data[at : stop if stop >= 0 else min(at + MAX_CONFIG, end)]
    try:
        _, length = json.JSONDecoder().raw_decode(text.decode("latin-1"))
    except (ValueError, RecursionError):
        return 0
    return int(length)


HEAP = b"FRHP\0"


def _packed_attributes(record: Record, data: Any, at: int, end: int) -> None:
    """Name attributes that HDF5 keeps in a heap behind a filter: their text does not stand in the file as it is."""
    place = data.find(HEAP, at, end)
    while place >= 0:
        # The length of its filters, behind that of its ids (HDF5's file format, III.G).
        if data[place + 7 : place + 9] != b"\0\0":
            record.cannot_read("it has attributes that are compressed, which are not read here")
            return
        place = data.find(HEAP, place + 1, end)


def _pytables(record: Record, data: Any, at: int, end: int) -> None:
    """Name what PyTables (and pandas by it) would unpickle when it opens a file: attributes that are pickles."""
    if data.find(b"PYTABLES_FORMAT_VERSION", at, end) >= 0:
        record.cannot_read("it is a file of PyTables, which unpickles what it finds in attributes")
