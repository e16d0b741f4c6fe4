"""Each name on the list of what is known to be harmless can do nothing but build data; so is each use of it."""

from __future__ import annotations

import importlib
import inspect
import types
from typing import Any

import pytest

from trinity_guard.detect.scan import known, rules, verdict
from trinity_guard.detect.scan.record import Name

# Functions that a pickle may call, each read: what it returns is made of its arguments, and of nothing that they name.
# Those with a rule in rules.py are held to what the libraries write.
REVIEWED = {
    "_codecs.encode", "copyreg._reconstructor", "pandas._libs.arrays.__pyx_unpickle_NDArrayBacked",
    "pandas._libs.internals._unpickle_block", "pandas._libs.interval.__pyx_unpickle_IntervalMixin",
    "pandas._libs.tslibs.nattype._nat_unpickle", "pandas._libs.tslibs.timedeltas._timedelta_unpickle",
    "pandas._libs.tslibs.timestamps._unpickle_timestamp", "pandas.core.indexes.base._new_Index",
    "pandas.core.indexes.datetimes._new_DatetimeIndex", "pandas._libs.tslibs.period.__pyx_unpickle_Period",
    "numpy.ma.core._mareconstruct", "numpy._core.multiarray._reconstruct", "numpy.core.multiarray._reconstruct",
    "numpy._core.multiarray.scalar", "numpy.core.multiarray.scalar", "numpy._core.numeric._frombuffer",
    "numpy.core.numeric._frombuffer", "numpy.random._pickle.__bit_generator_ctor",
    "numpy.random._pickle.__generator_ctor", "numpy.random._pickle.__randomstate_ctor",
    "numpy.random.bit_generator.__pyx_unpickle_SeedSequence", "sklearn.metrics._dist_metrics.newObj",
    "sklearn.neighbors._kd_tree.newObj", "sklearn.neighbors._ball_tree.newObj",
    "pandas._libs.tslibs.nattype.__nat_unpickle", "pandas.core.indexes.interval._new_IntervalIndex",
    "pandas.core.indexes.timedeltas._new_TimedeltaIndex", "torch._utils._rebuild_tensor",
    "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor_v3", "torch._utils._rebuild_qtensor",
    "torch._utils._rebuild_sparse_tensor", "torch.serialization._get_layout", "torch.storage._load_from_bytes",
    "torch._utils._rebuild_parameter",
    "pyarrow.lib._restore_array", "pyarrow.lib.py_buffer", "pyarrow.lib.type_for_alias",
}  # fmt: skip
# Classes that a pickle may call without a rule in rules.py, each read: their arguments are what the object holds.
CALLED_CLASSES = {
    "pandas.Interval", "pandas.Period", "pandas.PeriodDtype", "pandas.StringDtype", "pandas._libs.interval.Interval",
    "pandas._libs.sparse.IntIndex", "pandas._libs.tslibs.offsets.YearEnd", "pandas._libs.tslibs.period.Period",
    "pandas.core.arrays.string_.StringDtype", "pandas.core.dtypes.dtypes.PeriodDtype",
    "pandas.core.internals.managers.BlockManager", "sklearn._loss._loss.CyHalfBinomialLoss",
    "sklearn._loss._loss.CyHalfGammaLoss", "sklearn._loss._loss.CyHalfPoissonLoss",
    "sklearn._loss._loss.CyHalfSquaredError", "sklearn._loss._loss.CyHalfTweedieLossIdentity",
    "sklearn.linear_model._sgd_fast.Hinge", "sklearn.tree._tree.Tree", "torch.Size", "torch.device",
}  # fmt: skip
# What BUILD runs, and NEWOBJ, by the class that defines it (its library, its own name), each read: it takes what the
# state holds for attributes, and calls, imports and opens nothing that stands in it.
STATES = {
    "lightgbm.Booster", "numpy.dtype", "numpy.ABCPolyBase", "pandas.CategoricalDtype", "pandas.DatetimeTZDtype",
    "pandas.IntervalDtype", "pandas.StringDtype", "pandas.ArrowExtensionArray", "pandas.SparseArray", "pandas.NDFrame",
    "pandas.SingleBlockManager", "scipy.RBFInterpolator", "scipy.coo_matrix", "scipy.cKDTree", "scipy.Rotation",
    "sklearn.BaseEstimator", "sklearn.TreePredictor", "sklearn.IsotonicRegression", "sklearn.Tree", "sklearn.Bunch",
    "uuid.UUID", "xgboost.Booster", "collections.OrderedDict", "catboost._CatBoostBase", "scipy.BSpline",
    "scipy.PPoly",
}  # fmt: skip
NEW = {
    "builtins.dict", "scipy.cKDTree", "scipy.Rotation", "sklearn.PassiveAggressiveClassifier",
    "sklearn.PassiveAggressiveRegressor",
}  # fmt: skip
EXTENDED = {"builtins.dict", "collections.OrderedDict", "collections.deque"}
# Packages whose functions reach files, processes, code or the network: nothing of them is ever on the list.
NEVER = {
    "os", "posix", "nt", "sys", "subprocess", "socket", "shutil", "importlib", "runpy", "code", "codeop", "ctypes",
    "pickle", "marshal", "types", "inspect", "functools", "operator", "io", "builtins.eval", "builtins.exec", "pty",
    "builtins.getattr", "builtins.open", "builtins.__import__", "builtins.compile", "urllib", "http", "tempfile", "pip",
    "numpy.f2py", "numpy.testing", "numpy.distutils", "pandas.io", "sklearn.datasets", "joblib.memory", "asyncio",
}  # fmt: skip
# Methods that Python calls by itself on what a pickle has made; each of these was read.
FINALIZERS = {"xgboost.core.Booster", "lightgbm.basic.Booster"}


# Whose names are found in the environment of the tests; of others, and of other versions, a part is.
INSTALLED = {"numpy", "pandas", "sklearn", "scipy", "joblib"}


def resolved(name: Name) -> Any:
    """Return what a name stands for, None where these versions have no such name."""
    try:
        found: Any = importlib.import_module(name[0])
        for part in name[1].split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError):
        return None
    return found


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("imblearn.pipeline", "Pipeline"),
        ("imblearn.over_sampling._smote.base", "SMOTE"),
        ("catboost.core", "CatBoostClassifier"),
    ],
)
def test_what_churn_and_fraud_are_modelled_with_is_known(module: str, name: str) -> None:
    head = b"\x80\x04\x8c%c%s\x8c%c%s\x93)\x81}b." % (len(module), module.encode(), len(name), name.encode())
    assert verdict.of_bytes(head, b"m.pkl", ()).kind == "harmless"


def test_nothing_on_the_list_reaches_out() -> None:
    names = {".".join(name) for name in known.KNOWN}
    assert not {n for n in names for one in NEVER if n == one or n.startswith(one + ".")}


def test_each_entry_can_only_build_data() -> None:
    looked_at: dict[str, int] = {}
    for name in sorted(known.KNOWN):
        library = name[0].split(".")[0]
        found = resolved(name) if library not in ("keras", "torch") else None
        if found is not None:
            looked_at[library] = looked_at.get(library, 0) + 1
            assert not (reason := reaching(name, found)), f"{'.'.join(name)} {reason}"
    assert looked_at.keys() >= INSTALLED
    assert looked_at["sklearn"] > 200


def reaching(name: Name, found: Any) -> str:
    """Return why a name may do more than build data, "" where it cannot."""
    text, uses = ".".join(name), known.uses(name)
    if isinstance(found, type):
        if not known.is_class(name):
            return "is a class, and the list has it for a function"
        if (defined := unread(found, uses)) is not None:
            return f"runs what {defined} defines, which was not reviewed"
        return "runs code when it goes" if hasattr(found, "__del__") and text not in FINALIZERS else ""
    if isinstance(found, types.ModuleType):
        return "is a module"
    # A function that is a value in a model (a ufunc, say) is called by no opcode; one that is called was read.
    if uses & {"called", "new", "built", "extended"} and text not in REVIEWED:
        return "is called, and was not reviewed"
    return "is no class" if known.is_class(name) and name[0] != "numpy.random._pickle" else ""


# What an opcode runs of a class -> who was found to define it harmlessly.
RUN = {
    "built": (("__setstate__", "__setstate_cython__"), STATES),
    "new": (("__new__",), NEW),
    "extended": (("__setitem__", "append", "extend", "add"), EXTENDED),
}


def unread(found: type, uses: frozenset[str]) -> str | None:
    """Return the class that defines what a use of this one would run, where nobody has read it."""
    for use in uses & RUN.keys():
        methods, reviewed = RUN[use]
        for method in methods:
            by = next((c for c in found.__mro__ if method in vars(c)), object)
            text = f"{by.__module__.partition('.')[0]}.{by.__qualname__}"
            if by is not object and text not in reviewed:
                return f"{text}.{method}"
    return None


def test_whatever_may_be_called_was_reviewed_or_has_a_rule() -> None:
    """By its name alone, so for every version that the list was made of."""
    called = {name for name, uses in known.KNOWN.items() if "called" in uses and not name[0].startswith("keras")}
    texts = {".".join(name): known.is_class(name) for name in called}
    strange = {t for t, is_class in texts.items() if t not in (CALLED_CLASSES if is_class else REVIEWED)}
    assert strange - rules._CALLS.keys() == set()


def test_what_was_reviewed_is_on_the_list() -> None:
    """A name that went from the list is not found reviewed when it comes back as something else."""
    texts = {".".join(name) for name in known.KNOWN}
    assert texts >= CALLED_CLASSES
    assert rules._CALLS.keys() <= texts
    assert {text for text in rules._STATES if not known.uses(tuple(text.rsplit(".", 1))) >= {"built"}} == set()  # type: ignore[arg-type]


def test_what_an_import_would_do_is_not_asked() -> None:
    """The list is text: reading it imports nothing that it names."""
    source = inspect.getsource(known)
    assert "import_module" not in source
    assert "__import__" not in source


@pytest.mark.parametrize(
    ("name", "allow", "expected"),
    [
        (("mine.models", "Net"), ["mine.*"], True),
        (("mine", "Net"), ["mine.*"], True),
        (("mine", "Net"), ["mine.Net"], True),
        (("mines", "Net"), ["mine.*"], False),
        (("mine", "os.system"), ["mine.*"], False),
        (("mine", "Net.Inner"), ["mine.Net.Inner"], True),
        (("os", "system"), ["mine.*"], False),
        (("os", "system"), [], False),
        (("os", "system"), ["*"], False),
    ],
)
def test_names_that_a_user_adds(name: Name, allow: list[str], expected: bool) -> None:
    assert known.is_allowed(name, allow) is expected
