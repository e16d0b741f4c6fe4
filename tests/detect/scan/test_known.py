"""Each name on the list of what is known to be harmless can do nothing but build data; so is each use of it."""

from __future__ import annotations

import importlib
import inspect
import types
from typing import Any

import pytest

from trinity_guard.detect.scan import known
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
    "sklearn.neighbors._kd_tree.newObj", "sklearn.neighbors._ball_tree.newObj", "numpy._core._ufunc_reconstruct",
    "numpy.core._ufunc_reconstruct", "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2",
    "torch._utils._rebuild_parameter",
    "pyarrow.lib._restore_array", "pyarrow.lib.py_buffer", "pyarrow.lib.type_for_alias",
}  # fmt: skip
# Packages whose functions reach files, processes, code or the network: nothing of them is ever on the list.
NEVER = {
    "os", "posix", "nt", "sys", "subprocess", "socket", "shutil", "importlib", "runpy", "code", "codeop", "ctypes",
    "pickle", "marshal", "types", "inspect", "functools", "operator", "io", "builtins.eval", "builtins.exec", "pty",
    "builtins.getattr", "builtins.open", "builtins.__import__", "builtins.compile", "urllib", "http", "tempfile", "pip",
    "numpy.f2py", "numpy.testing", "numpy.distutils", "pandas.io", "sklearn.datasets", "joblib.memory", "asyncio",
}  # fmt: skip
# Methods that Python calls by itself on what a pickle has made; each of these was read.
FINALIZERS = {"xgboost.core.Booster", "lightgbm.basic.Booster"}


def resolved(name: Name) -> Any:
    try:
        found: Any = importlib.import_module(name[0])
        for part in name[1].split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError):
        pytest.skip("not in these versions")
    return found


@pytest.mark.parametrize("name", sorted(known.KNOWN), ids=".".join)
def test_nothing_on_the_list_reaches_out(name: Name) -> None:
    text = ".".join(name)
    assert not [one for one in NEVER if text == one or text.startswith(one + ".")]


@pytest.mark.parametrize(
    "name", sorted(n for n in known.KNOWN if n[0].split(".")[0] not in ("keras", "torch")), ids=".".join
)
def test_each_entry_can_only_build_data(name: Name) -> None:
    text, uses, found = ".".join(name), known.uses(name), resolved(name)
    if isinstance(found, type):
        assert known.is_class(name)
        assert not hasattr(found, "__del__") or text in FINALIZERS
        return
    called = uses & {"called", "new", "built", "extended"}
    assert not isinstance(found, types.ModuleType)
    # A function that is a value in a model (a ufunc, say) is called by no opcode; one that is called was read.
    assert not called or text in REVIEWED
    assert not known.is_class(name) or name[0] == "numpy.random._pickle"


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
