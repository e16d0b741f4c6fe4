"""A pickled DataFrame or Series by its columns' names, out of the blocks in which pandas holds columns of one type."""

from __future__ import annotations

import itertools
import math

from trinity_guard.detect.scan import values
from trinity_guard.detect.scan.values import Global, Object, Raw
from trinity_guard.review.arrays import Array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    Block = tuple[Any, Any]  # what holds the cells, and which columns these are

BLOCK = "pandas._libs.internals._unpickle_block"
BACKED = "pandas._libs.arrays.__pyx_unpickle_NDArrayBacked"
OFFSETS = {"string": "<i4", "large_string": "<i8"}  # Arrow's types of texts, and what says where each ends
MAX_COUNTED = 1_000_000
MAX_COLUMNS = 20_000  # more are not told of one by one
WIDE = "columns"
TOO_WIDE = f"of a pickled table of more than {MAX_COLUMNS:,} columns these are told as one"


def columns(value: Object) -> Iterator[tuple[str, Any]]:
    """Yield of a DataFrame or a Series how many rows it has, how its columns are called, and their cells, then its
    index: Arrays, or, where they are held in another way, values to be looked into. Nothing for what is neither.
    """
    said = values.attributes(value)
    if not values.class_name(value).startswith("pandas.") or "_mgr" not in said:
        return
    axes, blocks = _held(said["_mgr"])
    names: Sequence[Any] | None = _labels(axes[0]) if len(axes) == 2 else [said.get("_name")]
    if not axes or names is None:
        return
    count = _count(axes[-1])
    if count is not None:
        yield "rows", count
    if len(names) > MAX_COLUMNS:
        yield from ((f"{WIDE}, part {at}" if at else WIDE, cells) for at, (cells, _) in enumerate(blocks))
        blocks = []
    for cells, places in blocks:
        rows = _rows(cells)
        of_these = itertools.islice(_places(places) if len(axes) == 2 else (0,), len(names))
        for at, place in enumerate(of_these):
            known = isinstance(place, int) and 0 <= place < len(names) and names[place] is not None
            name = str(names[place] if known else place)
            yield f"column {name}", rows[at] if len(rows) > at else cells
    said = values.texts_of(_index(axes[-1]))
    if (said.get("start"), said.get("step")) != (0, 1):  # rows that are only counted have no names
        yield "index", _names_of_rows(axes[-1]) or axes[-1]


def _held(manager: Any) -> tuple[list[Any], list[Block]]:
    """Return the axes and blocks of what holds the data, as pandas 1.3 and later write them, or as earlier ones did."""
    args, states = (manager.args, manager.states) if isinstance(manager, Object) else ((), [])
    if isinstance(args, tuple) and len(args) == 2 and all(isinstance(part, (list, tuple)) for part in args):
        blocks = [
            b.args[:2] for b in args[0] if isinstance(b, Object) and isinstance(b.args, tuple) and len(b.args) > 1
        ]
        return list(args[1]), blocks
    state = states[-1] if states else ()
    told = (
        values.texts_of(values.texts_of(state[3]).get("0.14.1")) if isinstance(state, tuple) and len(state) > 3 else {}
    )
    listed = [values.texts_of(block) for block in told.get("blocks") or []]
    return list(told.get("axes") or []), [
        (b["values"], b["mgr_locs"]) for b in listed if {"values", "mgr_locs"} <= b.keys()
    ]


def _places(said: Any) -> Sequence[int]:
    if isinstance(said, Object) and isinstance(said.by, Global) and said.by.text == "builtins.slice":
        return _counted(*said.args) if isinstance(said.args, tuple) and len(said.args) == 3 else range(0)
    array = values.array(said)
    return _numbers(array).tolist() if array is not None and array.dtype else ()


def _index(axis: Any) -> Any:
    """Return what an index is made of."""
    return axis.args[1] if isinstance(axis, Object) and isinstance(axis.args, tuple) and len(axis.args) == 2 else None


def _labels(axis: Any) -> list[Any] | None:
    """Return the names of columns; None where they are held in a way that is not known."""
    rows = _names_of_rows(axis)
    if rows is None or rows.read is None:
        return None
    found: list[Any] = rows.read().tolist()
    return found


def _names_of_rows(axis: Any) -> Array | None:
    """Return what an index says of each row; None where it is held in a way that is not known."""
    said = values.texts_of(_index(axis))
    if "start" in said:
        counted = _counted(said["start"], said.get("stop"), said.get("step"))
        return Array((len(counted),), "int64", (lambda: _array_of(counted)) if len(counted) <= MAX_COUNTED else None)
    if "levels" in said:
        return _of_levels(said["levels"], said.get("codes"))
    return next(iter(_rows(said.get("data"))), None)


def _count(axis: Any) -> int | None:
    """Return how many rows an index has; None where it is held in a way that is not known."""
    rows = _names_of_rows(axis)
    return rows.shape[0] if rows is not None and rows.shape else None


def _of_levels(levels: Any, codes: Any) -> Array | None:
    """Return the names of an index of several levels, each the texts of its levels."""
    if not (isinstance(levels, (list, tuple)) and isinstance(codes, (list, tuple))):
        return None
    parts = [_categories(row, kinds) for kinds, held in zip(levels, codes, strict=False) for row in _rows(held)[:1]]
    reads = [part.read for part in parts if part.read]
    if not parts or len(reads) < len(parts):
        return None

    def read() -> Any:
        return _array_of([", ".join(map(str, row)) for row in zip(*(one().tolist() for one in reads), strict=False)])

    return Array(parts[0].shape, "text", read)


def _counted(*ends: Any) -> range:
    usual = all(isinstance(n, int) and abs(n) < 1 << 48 for n in ends)
    return range(*ends) if usual and ends[-1] else range(0)


def _array_of(cells: Sequence[Any]) -> Any:
    import numpy as np

    return np.array(cells, dtype=None if isinstance(cells, range) else object)


def _rows(cells: Any) -> list[Array]:
    """Return the columns of a block, one after the other; nothing where it is held in another way."""
    array = values.array(cells)
    if array is not None:
        return _split(array)
    if not isinstance(cells, Object):
        return []
    said = values.attributes(cells)
    if "_pa_array" in said:
        return _texts(said["_pa_array"])
    if {"_data", "_mask"} <= said.keys():
        return _masked(values.array(said["_data"]), values.array(said["_mask"]))
    state = cells.states[-1] if cells.states else ()
    if not (isinstance(cells.by, Global) and cells.by.text == BACKED and isinstance(state, tuple) and len(state) > 1):
        return []
    rows = _split(values.array(state[1]))
    kinds = values.attributes(state[0]).get("categories")
    return [_categories(rows[0], kinds)] if kinds is not None and rows else rows


def _split(array: values.Array | None) -> list[Array]:
    if array is None or not array.shape:
        return []
    count, length = (array.shape[0], math.prod(array.shape[1:])) if len(array.shape) > 1 else (1, array.shape[0])

    def row(at: int) -> Callable[[], Any]:
        return lambda: _numbers(array)[at::count] if array.fortran else _numbers(array)[at * length : (at + 1) * length]

    readable = bool(_type(array)) or isinstance(array.data, list)
    if count > MAX_COLUMNS:
        return []
    return [Array((length,), _word(array), row(at) if readable else None) for at in range(count)]


def _type(array: values.Array) -> str:
    """Return what NumPy reads an array's values as, "" for what is none of its own: of times the count."""
    first = array.descr.args[0] if isinstance(array.descr, Object) and isinstance(array.descr.args, tuple) else ""
    return array.dtype or ("<M8[us]" if first == "M8" else "<m8[us]" if first == "m8" else "")


def _word(array: values.Array) -> str:
    names = {"M": "datetime64", "m": "timedelta64", "": "object"}
    kind = _type(array).lstrip("<|=")
    return names.get(kind[:1], kind)


def _numbers(array: values.Array) -> Any:
    import numpy as np

    if isinstance(array.data, list):
        return _array_of([str(item) if item is not None else None for item in array.data])
    return np.frombuffer(array.bytes(), dtype=_type(array))


def _masked(data: values.Array | None, mask: values.Array | None) -> list[Array]:
    if data is None or mask is None or not (data.dtype and mask.dtype):
        return []

    def read() -> Any:
        import numpy as np

        return np.where(_numbers(mask).astype(bool), np.nan, _numbers(data))

    return [Array(data.shape, data.dtype.lstrip("<|="), read)]


def _categories(codes: Array, kinds: Any) -> Array:
    labels = _labels(kinds)

    def read() -> Any:
        return _array_of([*(labels or ()), None])[codes.read() if codes.read else 0]

    return Array(codes.shape, "category", read if labels is not None else None)


def _texts(held: Any) -> list[Array]:
    """Return a column of texts as Arrow has it: all of them in one buffer, and where each ends in another."""
    args = held.args[0] if isinstance(held, Object) and isinstance(held.args, tuple) and held.args else ()
    if not (
        isinstance(args, tuple) and len(args) > 4 and isinstance(args[1], int) and isinstance(args[4], (list, tuple))
    ):
        return []
    kind = args[0].args[0] if isinstance(args[0], Object) and isinstance(args[0].args, tuple) and args[0].args else ""
    buffers = [_buffer(part) for part in args[4]]
    if kind not in OFFSETS or len(buffers) != 3 or args[3] != 0 or buffers[1] is None:
        return []

    def read() -> Any:
        import numpy as np

        ends = np.frombuffer(buffers[1] or b"", dtype=OFFSETS[kind])[: args[1] + 1].tolist()
        if any(a > b for a, b in itertools.pairwise(ends)):
            raise ValueError("texts that overlap")
        there = np.unpackbits(np.frombuffer(buffers[0] or b"", np.uint8), bitorder="little").tolist()
        text = buffers[2] or b""
        cells = [text[a:b].decode("utf-8", "replace") for a, b in itertools.pairwise(ends)]
        return _array_of([c if not there or there[at] else None for at, c in enumerate(cells)])

    return [Array((args[1],), "text", read)]


def _buffer(held: Any) -> bytes | None:
    """Return the bytes in a call of a call: py_buffer(bytearray(bytes))."""
    while isinstance(held, Object):
        held = held.args[0] if isinstance(held.args, tuple) and held.args else None
    return held.bytes() if isinstance(held, Raw) else held if isinstance(held, bytes) else None
