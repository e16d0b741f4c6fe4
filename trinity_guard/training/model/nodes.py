"""Trees of scikit-learn that were read and not loaded: whether their arrays hold together."""

from __future__ import annotations

from typing import Any

import numpy as np

from trinity_guard.detect.scan import values

TREE = "sklearn.tree._tree.Tree"
LEAF = -1


def wrong(model: Any) -> str:
    """Return what is wrong with a tree of a model, "" where all hold together."""
    found = (one for one in values.walk(model, limit=50_000_000) if values.class_name(one) == TREE)
    return next((why for tree in found if (why := _wrong(tree))), "")


def _wrong(tree: values.Object) -> str:
    sizes = tree.args
    state = values.texts_of(tree.states[0]) if len(tree.states) == 1 else {}
    if not isinstance(sizes, tuple) or len(sizes) != 3 or not all(type(sizes[at]) is int for at in (0, 2)):
        return "a tree in it is made of what no tree is made of"
    count, nodes, leaves = state.get("node_count"), _nodes(state.get("nodes")), values.array(state.get("values"))
    classes = _numbers(sizes[1])
    if type(count) is not int or nodes is None or leaves is None or leaves.dtype != "<f8" or classes is None:
        return "a tree in it has no nodes that scikit-learn would write"
    if not (len(classes) == sizes[2] and classes.size and classes.min() > 0):
        return "a tree in it has classes that are none"
    if count != len(nodes) or leaves.shape != (count, sizes[2], int(classes.max())):
        return "a tree in it has another number of nodes than it says"
    return _leads_out(nodes, sizes[0])


def _leads_out(nodes: Any, features: int) -> str:
    here = np.arange(len(nodes))
    inner = nodes["left_child"] != LEAF
    for side in ("left_child", "right_child"):
        child = nodes[side][inner]
        if ((child <= here[inner]) | (child >= len(nodes))).any():
            return "a tree in it leads out of its own nodes"
    looked_at = nodes["feature"][inner]
    if ((looked_at < 0) | (looked_at >= features)).any():
        return "a tree in it looks at columns that it does not have"
    return "" if len(nodes) else "a tree in it has no nodes"


def _nodes(value: Any) -> Any:
    """Return a tree's nodes, None where they are not laid out as this scikit-learn lays them out."""
    from sklearn.tree._tree import NODE_DTYPE

    array = values.array(value)
    state = array.descr.states[-1] if array is not None and getattr(array.descr, "states", None) else None
    if array is None or not isinstance(state, tuple) or len(state) < 6 or state[3] != NODE_DTYPE.names:
        return None
    offsets = {name: field[1] for name, field in values.texts_of(state[4]).items() if isinstance(field, tuple)}
    if state[5] != NODE_DTYPE.itemsize or offsets != {n: f[1] for n, f in NODE_DTYPE.fields.items()}:
        return None
    kinds = {name: values.dtype_text(field[0]) for name, field in values.texts_of(state[4]).items()}
    if any(np.dtype(kinds[name]) != NODE_DTYPE.fields[name][0] for name in kinds):
        return None
    data = array.bytes()
    rows = array.shape[0] if len(array.shape) == 1 else -1
    return np.frombuffer(data, NODE_DTYPE) if len(data) == rows * NODE_DTYPE.itemsize else None


def _numbers(value: Any) -> Any:
    """Return a small array of whole numbers."""
    array = values.array(value)
    if array is None or array.dtype not in ("<i8", "<i4") or isinstance(array.data, list):
        return None
    data = array.bytes()
    fits = len(array.shape) == 1 and len(data) == array.shape[0] * int(array.dtype[2:])
    return np.frombuffer(data, array.dtype) if fits else None
