"""A model's bytes are loaded only where they name what models of their kind are made of, and their trees hold together.

The bytes are read first, without loading (detect/scan): every name, how it is called, and the trees' numbers. Then an
unpickler that knows these names alone builds it. scikit-learn's C code follows a tree's children wherever they lead, so
one that leads out of its array is refused before.
"""

from __future__ import annotations

import io
import pickle
import warnings
from typing import Any

from sklearn.exceptions import InconsistentVersionWarning
from sklearn.pipeline import Pipeline

from trinity_guard.detect.scan import files, rules
from trinity_guard.detect.scan.record import CALLED, NEW, Record
from trinity_guard.dvcrepo import installation
from trinity_guard.errors import GuardError
from trinity_guard.training.model import nodes, shapes
from trinity_guard.training.model.kinds import LAYOUT, Kind


class _Unpickler(pickle.Unpickler):
    def __init__(self, data: bytes, kind: Kind) -> None:
        super().__init__(io.BytesIO(data))
        self._names = kind.names

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self._names:
            raise pickle.UnpicklingError(f"{module}.{name} is no part of a model of the trainer")
        return super().find_class(module, name)


def load(data: bytes, kind: Kind = LAYOUT) -> Any:
    """Return the object of these bytes, which have been looked through by `require`."""
    return _Unpickler(data, kind).load()


def model(data: bytes, kind: Kind = LAYOUT) -> Pipeline:
    """Return the model of these bytes. GuardError (1) where they would do anything but build one of this kind, or are
    another scikit-learn's.
    """
    require(data, kind)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", InconsistentVersionWarning)
            found = load(data, kind)
    except InconsistentVersionWarning as e:
        made, here = e.original_sklearn_version, e.current_sklearn_version
        raise GuardError(
            problem=f"the model was made by scikit-learn {made}; here is {here}.",
            remedy=f"{installation.line(f'scikit-learn=={made}')}     # or train again: trinity train",
        ) from None
    except Exception as e:  # noqa: BLE001  # damaged pickles raise anything
        raise _no_model(f"it cannot be read ({type(e).__name__})") from None
    if not isinstance(found, Pipeline) or not kind.is_made_of(list(found.named_steps)):
        raise _no_model(f"it is a {type(found).__name__} of another make")
    _require_estimator(found.named_steps[kind.steps[-1]], kind)
    shapes.require(found, not kind.estimator)
    return found


def _require_estimator(found: Any, kind: Kind) -> None:
    """Refuse another estimator than the one that is recorded; scikit-learn defines it below where it is public."""
    package, _, name = kind.estimator.rpartition(".")
    made = type(found)
    if package and (made.__name__ != name or not f"{made.__module__}.".startswith(f"{package}.")):
        raise _no_model(f"it is a {made.__name__}, its metadata says {kind.estimator}")


def _no_model(why: str) -> GuardError:
    return GuardError(problem=f"this is no model of the trainer: {why}.", remedy="trinity train")


def require(data: bytes, kind: Kind = LAYOUT) -> None:
    """Refuse bytes (GuardError, exit 1) that would do anything but build a model of this kind."""
    record = files.read_bytes(data, b"model.pkl", judge=rules.judge)
    why = _strange(record, kind) or nodes.wrong(record.values[0])
    if why:
        raise GuardError(
            f"this is no model of the trainer: {why}. It was not loaded, which would run it.",
            "trinity-guard scan FILE     # says what it names; or make one: trinity train",
        )


def _strange(record: Record, kind: Kind) -> str:
    """Return what in a pickle no model of this kind has."""
    if record.unread or len(record.values) != 1 or record.pickles != 1:
        return next(iter(record.unread), "it is not one pickle")
    for name, uses in sorted(record.names.items()):
        if name not in kind.names or not uses <= kind.names[name]:
            does = "calls" if uses & {CALLED, NEW} else "names"
            return f"it {does} {'.'.join(name)}, which is no part of one"
    return next(iter(record.doubts), "") or ("it has persistent ids" if record.persistent_ids else "")
