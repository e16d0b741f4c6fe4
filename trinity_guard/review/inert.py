"""The inert values of a pickle as parameters and arrays: estimators with their steps, trees, state dicts of PyTorch."""

from __future__ import annotations

import hashlib
import math
import os
import zipfile

from trinity_guard.detect.scan import values
from trinity_guard.detect.scan.values import Dict, Global, Object, Persistent, Raw, Set
from trinity_guard.review import arrays, frames
from trinity_guard.review.arrays import Array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

DEEPEST = 12
MAX_VALUES = 20_000
# What holds nothing is no value, and may stand a thousand times in each of a thousand that do so, too.
MAX_VISITS = 10 * MAX_VALUES
MAX_ITEMS = 100
LEFT_OUT = f"of lists {MAX_ITEMS:,} items, of all {MAX_VALUES:,} values and {DEEPEST} levels are looked at"
MAX_TEXT = 200
SHOWN_TEXT = 20
MAX_LISTED = 200
FEWEST_WORDS = 20  # that are told as words with places, and not each by itself
VERSIONS = {"_sklearn_version": "scikit-learn version"}
# Attributes of a library's own that hold the data: of a DataFrame, of XGBoost's and LightGBM's trees.
HIDDEN = {"_mgr": "data", "_pa_array": "values", "_Booster": "booster", "_handle": "handle"}
# What a module of PyTorch keeps its weights and its parts in; they are called as in its state dict.
MODULE = ("_parameters", "_buffers", "_modules")
TENSORS = ("torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor")
STORAGES = {
    "FloatStorage": "<f4", "DoubleStorage": "<f8", "HalfStorage": "<f2", "BFloat16Storage": "<u2", "LongStorage": "<i8",
    "IntStorage": "<i4", "ShortStorage": "<i2", "CharStorage": "|i1", "ByteStorage": "|u1", "BoolStorage": "|b1",
}  # fmt: skip


class Storages:
    """Where a PyTorch archive keeps the numbers of its tensors."""

    def __init__(self, path: bytes) -> None:
        self._path = os.fsdecode(path)
        self._names: dict[str, zipfile.ZipInfo] | None = None

    def read(self, key: str, length: int) -> Callable[[], bytes] | None:
        """Return what reads a storage of so many bytes; None where the file has none such."""
        if self._names is None:
            self._names = {}
            if zipfile.is_zipfile(self._path):
                with zipfile.ZipFile(self._path) as archive:
                    self._names = {i.filename.partition("/")[2]: i for i in archive.infolist()}
        info = self._names.get(f"data/{key}")
        if info is None or length > info.file_size or not arrays.may_unpack(info.file_size, info.compress_size):
            return None

        def data() -> bytes:
            with zipfile.ZipFile(self._path) as archive, archive.open(info) as file:
                return file.read(length)

        return data


class _Walk:
    def __init__(self, parameters: dict[str, Any], found: dict[str, Array], storages: Storages) -> None:
        self.parameters = parameters
        self.arrays = found
        self.storages = storages
        self._open: set[int] = set()
        self._visits = 0
        self.cut = False
        self.wide = False

    def visit(self, value: Any, name: str, depth: int = 0) -> None:
        """Note what a value holds. What holds itself is left out; what is too deep as well, and that is noted."""
        if id(value) in self._open:
            return
        self._visits += 1
        full = len(self.parameters) + len(self.arrays) > MAX_VALUES or self._visits > MAX_VISITS
        if full or depth > DEEPEST:
            self.cut = True
            return
        self._open.add(id(value))
        try:
            self._note(value, name, depth)
        finally:
            self._open.discard(id(value))

    def _note(self, value: Any, name: str, depth: int) -> None:
        if value is None or isinstance(value, (bool, int, float, str, bytes, Raw, Global)):
            self.parameters[name] = _plain(value)
        elif isinstance(value, (list, tuple, Set)):
            self._list(value.items if isinstance(value, Set) else list(value), name, depth)
        elif isinstance(value, Dict):
            words = _vocabulary(value.pairs)
            if words and name:
                self._visits += len(words)
                self.parameters[name] = words
            else:
                self._pairs(value.pairs, name, depth)
        elif isinstance(value, Object):
            self._object(value, name, depth)

    def _list(self, items: list[Any], name: str, depth: int) -> None:
        named = [i for i in items if isinstance(i, tuple) and len(i) > 1 and isinstance(i[0], str)]
        if items and len(named) == len(items) and any(isinstance(part, Object) for i in items for part in i):
            above = name.rpartition("__")[0]
            for step in named:
                self.visit(step[1], _joined(above, step[0]), depth + 1)
                for at, rest in enumerate(step[2:]):
                    self.visit(rest, f"{_joined(above, step[0])}[{at + 2}]", depth + 1)
            return
        scalar = all(i is None or isinstance(i, (bool, int, float, str)) for i in items)
        if scalar and len(items) <= MAX_LISTED:
            self.parameters[name] = [_plain(i) for i in items]
            return
        self.parameters[f"{name} (length)"] = len(items)
        if scalar:
            self.parameters[f"{name} (digest)"] = _md5(repr(items).encode("utf-8", "surrogatepass"))
        self.cut = self.cut or (not scalar and len(items) > MAX_ITEMS)
        for at, item in enumerate(items[:MAX_ITEMS] if not scalar else ()):
            self.visit(item, f"{name}[{at}]", depth + 1)

    def _pairs(self, pairs: list[tuple[Any, Any]], name: str, depth: int) -> None:
        for key, item in pairs:
            if key is None or isinstance(key, (str, int, float, bool)):
                self.visit(item, f"{name}.{key}" if name else str(key), depth + 1)

    def _object(self, value: Object, name: str, depth: int) -> None:
        array, inner, scalar = values.array(value) or _masked(value), _wrapped(value), _scalar(value)
        if array is not None:
            self._array(array, name)
        elif inner is not value:
            self.visit(inner, name, depth + 1)
        elif isinstance(value.by, Global) and value.by.text in TENSORS:
            self._tensor(value, name)
        elif scalar is not None:
            self.parameters[name] = scalar
        elif not self._columns(value, name, depth):
            self._parts(value, name, depth)

    def _parts(self, value: Object, name: str, depth: int) -> None:
        if value.pairs:
            self._pairs(value.pairs, name, depth)
        self._attributes(value, name, depth)
        for state in value.states:
            if isinstance(state, tuple) and not any(isinstance(part, Dict) for part in state):
                self._list(list(state), name, depth)  # of a class that says in its own way what it holds
        if not (value.states or value.pairs) and isinstance(value.args, tuple):
            for at, item in enumerate(value.args[:MAX_ITEMS]):
                self.visit(item, f"{name}({at})", depth + 1)

    def _columns(self, value: Object, name: str, depth: int) -> bool:
        """Note the columns of a DataFrame; whether it is one."""
        found = list(frames.columns(value))
        self.wide = self.wide or any(title == frames.WIDE for title, _ in found)
        for title, cells in found:
            called = _joined(name, title)
            if isinstance(cells, Array):
                self.arrays[called] = cells
            else:
                self.visit(cells, called, depth + 1)
        if found:
            self.parameters[_joined(name, "class")] = values.class_name(value)
        return bool(found)

    def _attributes(self, value: Object, name: str, depth: int) -> None:
        of = values.class_name(value)
        found = values.attributes(value)
        if of and of not in ("collections.OrderedDict", "builtins.dict"):
            self.parameters[_joined(name, "class")] = of
        is_module = found.keys() >= set(MODULE)
        for key, item in found.items():
            if is_module and key in MODULE:
                self._pairs(item.pairs if isinstance(item, (Dict, Object)) else [], name, depth)
            elif key in VERSIONS:
                self.parameters[_joined(name, VERSIONS[key])] = _plain(item)
            elif key == "estimators_":
                self._forest(item, name)
            elif key == "tree_":
                self.parameters[_joined(name, "nodes")] = values.attributes(item).get("node_count")
                self._digest([item], name)
            elif key in HIDDEN:
                self.visit(item, _joined(name, HIDDEN[key]), depth + 1)
            elif not key.startswith("_") and not (key == "estimator_" and "estimators_" in found):
                self.visit(item, _joined(name, key), depth + 1)

    def _forest(self, item: Any, name: str) -> None:
        """Note how many estimators a model is made of, and of trees how many nodes all of them have."""
        item = _wrapped(item) if isinstance(item, Object) else item
        listed = values.array(item)
        every = listed.data if listed is not None and isinstance(listed.data, list) else item
        if not isinstance(every, (list, tuple)):
            return
        trees = [values.attributes(one).get("tree_") for one in every]
        nodes = [values.attributes(tree).get("node_count") for tree in trees if tree is not None]
        self.parameters[_joined(name, "trees" if nodes else "estimators")] = len(every)
        if nodes:
            self.parameters[_joined(name, "nodes")] = sum(n for n in nodes if isinstance(n, int))
            self._digest(trees, name)

    def _digest(self, trees: list[Any], name: str) -> None:
        """Note what tells trees of as many nodes apart: their features, thresholds and values."""
        digest = hashlib.blake2b(digest_size=5)
        for tree in trees:
            found = values.attributes(tree) if tree is not None else {}
            for key in ("nodes", "values"):
                array = values.array(found.get(key))
                if array is not None and not isinstance(array.data, list):
                    digest.update(array.bytes())
        self.parameters[_joined(name, "nodes (digest)")] = digest.hexdigest()

    def _array(self, array: values.Array, name: str) -> None:
        if isinstance(array.data, list):
            if all(isinstance(item, (str, int, float)) for item in array.data) and len(array.data) <= MAX_LISTED:
                self.parameters[name] = [_plain(item) for item in array.data]
            else:
                self.arrays[name] = Array(array.shape, "object", None)
            return

        def read() -> Any:
            import numpy as np

            return np.frombuffer(array.bytes(), dtype=array.dtype)

        self.arrays[name] = Array(array.shape, array.dtype.lstrip("<|="), read if array.dtype else None)

    def _tensor(self, value: Object, name: str) -> None:
        args = value.args if isinstance(value.args, tuple) else ()
        shape = args[2] if len(args) > 2 and isinstance(args[2], tuple) else ()
        id_ = args[0].id if args and isinstance(args[0], Persistent) else None
        if not all(isinstance(n, int) and n >= 0 for n in shape):
            return
        if not isinstance(id_, tuple) or len(id_) < 5 or not isinstance(id_[1], Global):
            self.arrays[name] = Array(shape, "tensor", None)
            return
        dtype = STORAGES.get(id_[1].name, "")
        length = id_[4] * int(dtype[-1]) if dtype and isinstance(id_[4], int) else 0
        data = self.storages.read(str(id_[2]), length) if length else None
        offset = args[1] if isinstance(args[1], int) else 0
        self.arrays[name] = Array(shape, id_[1].name.removesuffix("Storage"), _numbers(data, dtype, offset, shape))


def _numbers(data: Callable[[], bytes] | None, dtype: str, offset: int, shape: tuple[int, ...]) -> Any:
    """Return what reads a tensor's numbers, in the order in which its storage has them."""
    if data is None:
        return None

    def read() -> Any:
        import numpy as np

        every = np.frombuffer(data(), dtype=dtype)[offset : offset + math.prod(shape)]
        return arrays.of_bfloat(every) if dtype == "<u2" else every

    return read


def describe(
    value: Any, name: str, parameters: dict[str, Any], found: dict[str, Array], storages: Storages
) -> list[str]:
    """Add what a pickle's value holds to parameters and arrays, under names as scikit-learn has them (`step__C`).

    Returns what a reader must know of how far that went.
    """
    walk = _Walk(parameters, found, storages)
    walk.visit(value, name)
    return [LEFT_OUT] * walk.cut + [frames.TOO_WIDE] * walk.wide


def _wrapped(value: Object) -> Any:
    """Return what an object stands around that is no more than a wrapper; else the object itself."""
    by = value.by.text if isinstance(value.by, Global) else ""
    if by.endswith(".NumpyArrayWrapper"):  # joblib's, of objects
        return value.items[0] if value.items else None
    if not by.startswith((frames.BLOCK, "torch._utils._rebuild_parameter")):
        return value
    return value.args[0] if isinstance(value.args, tuple) and value.args else None


def _joined(name: str, part: str) -> str:
    return f"{name}__{part}" if name else part


def _plain(value: Any) -> Any:
    if isinstance(value, Global):
        return value.text
    if isinstance(value, (bytes, Raw)):
        data = value if isinstance(value, bytes) else value.bytes()
        return f"{len(data):,} bytes (md5 {_md5(data)})"
    if isinstance(value, str) and len(value) > MAX_TEXT:
        return f"{value[:SHOWN_TEXT]}… ({len(value):,} letters, md5 {_md5(value.encode('utf-8', 'surrogatepass'))})"
    return value


def _vocabulary(pairs: list[tuple[Any, Any]]) -> list[str]:
    """Return words in their order, of what has the place of each; nothing for anything else.

    One word more moves the places of all behind it.
    """
    if not FEWEST_WORDS <= len(pairs) <= MAX_VALUES or not all(isinstance(key, str) for key, _ in pairs):
        return []
    places = {_scalar(item) if isinstance(item, Object) else item: key for key, item in pairs if _is_place(item)}
    ordered = [places.get(at) for at in range(len(pairs))]
    return [word for word in ordered if word is not None] if None not in ordered else []


def _is_place(value: Any) -> bool:
    return isinstance(_scalar(value) if isinstance(value, Object) else value, int)


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()[:10]


def _scalar(value: Object) -> Any:
    """Return the number that NumPy's scalar of one would be, or a slice in words; None where it is neither."""
    if isinstance(value.by, Global) and value.by.text == "builtins.slice" and isinstance(value.args, tuple):
        return ":".join("" if part is None else str(part) for part in value.args[:2])
    if not isinstance(value.by, Global) or not isinstance(value.args, tuple):
        return None
    if value.by.text in ("datetime.datetime", "datetime.date", "decimal.Decimal") and value.args:
        return _told(value.by.name, value.args[0])
    if value.by.name != "scalar":
        return None
    dtype = values.dtype_text(value.args[0]) if value.args else ""
    data = value.args[1] if len(value.args) > 1 else None
    if not dtype or not isinstance(data, bytes):
        return None
    import numpy as np

    try:
        return np.frombuffer(data, dtype=dtype)[0].item()
    except (ValueError, IndexError, TypeError):
        return None


def _told(kind: str, said: Any) -> str | None:
    """Return a date, a time or a decimal as a text; None for what is none."""
    import datetime

    try:
        if kind == "Decimal":
            return said if isinstance(said, str) else None
        return str(getattr(datetime, kind)(said)) if isinstance(said, bytes) else None
    except (TypeError, ValueError):
        return None


def _masked(value: Object) -> values.Array | None:
    """Return the values of a NumPy array of which some are masked; None for what is none."""
    state = value.states[-1] if value.states else None
    if not (isinstance(value.by, Global) and value.by.name == "_mareconstruct" and isinstance(state, tuple)):
        return None
    if len(state) != 7 or not (isinstance(state[1], tuple) and all(isinstance(n, int) and n >= 0 for n in state[1])):
        return None
    data = state[4]
    return values.Array(state[2], state[1], data, bool(state[3])) if isinstance(data, (bytes, list, Raw)) else None
