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
        return "runs code when it goes" if hasattr(found, "__del__") and text not in FINALIZERS else ""
    if isinstance(found, types.ModuleType):
        return "is a module"
    # A function that is a value in a model (a ufunc, say) is called by no opcode; one that is called was read.
    if uses & {"called", "new", "built", "extended"} and text not in REVIEWED:
        return "is called, and was not reviewed"
    return "is no class" if known.is_class(name) and name[0] != "numpy.random._pickle" else ""


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
