"""A model's bytes are loaded only where they name what the trainer's models are made of, and their trees hold together.

The bytes are read first, without loading (detect/scan): every name, how it is called, and the trees' numbers. Then an
unpickler that knows these names alone builds it. scikit-learn's C code follows a tree's children wherever they lead, so
one that leads out of its array is refused before.
"""

from __future__ import annotations

import io
import pickle
from typing import Any

import numpy as np

from trinity_guard.detect.scan import files, rules
from trinity_guard.detect.scan.record import Record
from trinity_guard.errors import GuardError
from trinity_guard.training.model import nodes

CLASSES = frozenset(
    {
        ("sklearn.compose._column_transformer", "ColumnTransformer"),
        ("sklearn.compose._column_transformer", "_RemainderColsList"),
        ("sklearn.ensemble._forest", "RandomForestClassifier"),
        ("sklearn.pipeline", "Pipeline"),
        ("sklearn.preprocessing._encoders", "OneHotEncoder"),
        ("sklearn.preprocessing._encoders", "OrdinalEncoder"),
        ("sklearn.preprocessing._function_transformer", "FunctionTransformer"),
        ("sklearn.tree._classes", "DecisionTreeClassifier"),
    }
)
CALLS = frozenset(
    {
        ("builtins", "slice"),
        ("numpy", "dtype"),
        ("sklearn.tree._tree", "Tree"),
        *((f"numpy.{core}.multiarray", name) for core in ("core", "_core") for name in ("_reconstruct", "scalar")),
        *((f"numpy.{core}.numeric", "_frombuffer") for core in ("core", "_core")),
    }
)
# Types that stand in a model as values.
VALUES = frozenset({("numpy", "ndarray"), ("numpy", "float64"), ("numpy", "int64"), ("numpy", "object_")})
ADMITTED = CLASSES | CALLS | VALUES


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in ADMITTED:
            raise pickle.UnpicklingError(f"{module}.{name} is no part of a model of the trainer")
        return super().find_class(module, name)


def load(data: bytes) -> Any:
    """Return the object of these bytes, which have been looked through by `require`."""
    return _Unpickler(io.BytesIO(data)).load()


def require(data: bytes) -> None:
    """Refuse bytes (GuardError, exit 1) that would do anything but build a model of the trainer's."""
    record = files.read_bytes(data, b"model.pkl", judge=rules.judge)
    why = _strange(record) or nodes.wrong(record.values[0])
    if why:
        raise GuardError(
            f"this is no model of the trainer: {why}. It was not loaded, which would run it.",
            "trinity-guard scan FILE     # says what it names; or make one: trinity train",
        )


def _strange(record: Record) -> str:
    """Return what in a pickle no model of the trainer's has."""
    if record.unread or len(record.values) != 1 or record.pickles != 1:
        return next(iter(record.unread), "it is not one pickle")
    for name, uses in sorted(record.names.items()):
        allowed = {"named", "new", "built"} if name in CLASSES else {"named", "called", "built"}
        if name not in ADMITTED or not uses <= (allowed if name not in VALUES else {"named"}):
            does = "calls" if uses & {"called", "new"} else "names"
            return f"it {does} {'.'.join(name)}, which is no part of one"
    return next(iter(record.doubts), "") or ("it has persistent ids" if record.persistent_ids else "")


def require_shapes(model: Any) -> None:
    """Refuse a loaded pipeline whose trees look at columns that its rows will not have."""
    forest = model.named_steps["forest"]
    width = _width(model.named_steps["columns"])
    sizes = {int(tree.tree_.n_features) for tree in forest.estimators_}
    classes = {int(n) for tree in forest.estimators_ for n in np.ravel(tree.tree_.n_classes)}
    if sizes | {int(forest.n_features_in_)} != {width} or classes != {len(forest.classes_)}:
        raise GuardError(
            "the model was not used: its trees are of other columns or classes than it says.", "trinity train"
        )


def _width(columns: Any) -> int:
    """Return how many columns the forest is given."""
    total = 0
    for _, encoder, names in columns.transformers_:
        if hasattr(encoder, "categories_"):
            one_hot = type(encoder).__name__ == "OneHotEncoder"
            total += sum(len(found) for found in encoder.categories_) if one_hot else len(encoder.categories_)
        else:
            total += len(names)
    return total
