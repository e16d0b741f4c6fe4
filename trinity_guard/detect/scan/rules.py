"""Calls whose arguments decide what they do: what of them is known to build data, and nothing else.

A name on the list of known.py may be called; the functions and classes here may be called like this alone.
"""

from __future__ import annotations

from trinity_guard.detect.scan import known
from trinity_guard.detect.scan.values import Dict, Global, Object

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Rule = Callable[[Any, Any], bool]

ARRAYS = frozenset(
    {
        "numpy.ndarray",
        "numpy.matrix",
        "numpy.recarray",
        "numpy.rec.recarray",
        "numpy.ma.MaskedArray",
        "numpy.ma.core.MaskedArray",
    }
)
FACTORIES = frozenset(
    {f"builtins.{name}" for name in ("dict", "float", "int", "list", "set", "str", "tuple")}
    | {"collections.OrderedDict"}
)
# What a library hands to its own classes, and is neither class nor function.
MARKERS = frozenset({"pandas.NA", "pandas._libs.missing.NA"})
RECORD = "numpy.record"
BIT_GENERATORS = frozenset({"MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64"})


def judge(made: Object, state: Any) -> str:
    """Return why a call, or what a state would do to what it returned, is not known to be harmless; "" where it is.

    state: None at the call. A call of a name that is not on the list is the list's business, not said here.
    """
    if not isinstance(made.by, Global):
        return ""
    rule = _STATES.get(made.by.text) if state is not None else _CALLS.get(made.by.text)
    if rule is not None and not rule(made.args, state):
        what = "gives" if state is not None else "calls"
        return f"it {what} {made.by.text} {'a state' if state is not None else 'with arguments'} that no library writes"
    if state is None and made.by.text not in TAKES_FUNCTIONS:
        return _functions_in(made)
    return ""


# ---- functions that are values in a model (a ufunc, say) are called by nothing that the pickle itself calls

# Their rules below look at each function that they are given.
TAKES_FUNCTIONS = frozenset(
    f"numpy.random._pickle.{name}" for name in ("__bit_generator_ctor", "__generator_ctor", "__randomstate_ctor")
)


def _functions_in(made: Object) -> str:
    arguments = made.args if isinstance(made.args, tuple) else ()
    for value in arguments:
        if isinstance(value, Global) and not (value.text in MARKERS or known.is_class((value.module, value.name))):
            return f"it hands {value.text} to {made.by.text}"
    return ""


# ---- the rules


def _reconstructor(args: Any, _: Any) -> bool:
    """Whether copyreg makes a plain object, or one that holds what a built-in type is made of."""
    if not isinstance(args, tuple) or len(args) != 3 or not isinstance(args[1], Global):
        return False
    base, state = args[1].text, args[2]
    if base == "builtins.object":
        return state is None
    return base in (
        "builtins.dict",
        "builtins.list",
        "builtins.tuple",
        "builtins.str",
        "builtins.int",
        "builtins.float",
    )


def _array(args: Any, _: Any) -> bool:
    return (
        isinstance(args, tuple)
        and len(args) == 3
        and isinstance(args[0], Global)
        and args[0].text in ARRAYS
        and args[1] in ((0,), 0)
    )


def _masked(args: Any, _: Any) -> bool:
    known = isinstance(args, tuple) and len(args) == 4 and all(isinstance(a, Global) for a in args[:2])
    return known and {args[0].text, args[1].text} <= ARRAYS


def _encode(args: Any, _: Any) -> bool:
    return isinstance(args, tuple) and len(args) == 2 and args[1] in ("latin1", "latin-1")


def _bit_generator(args: Any, _: Any) -> bool:
    """Whether NumPy's generators are made of their own parts: another function there would be called."""
    if not isinstance(args, tuple) or len(args) > 2:
        return False
    return all(_is_generator(part) for part in args)


def _is_generator(part: Any) -> bool:
    if isinstance(part, Global):
        return part.module.startswith("numpy.random.") and (
            part.name in BIT_GENERATORS or part.text == "numpy.random._pickle.__bit_generator_ctor"
        )
    if isinstance(part, Object) and isinstance(part.by, Global):
        return part.by.text == "numpy.random._pickle.__bit_generator_ctor"
    return part in BIT_GENERATORS


def _ufunc(args: Any, _: Any) -> bool:
    """Whether a function of NumPy's or SciPy's is fetched: it imports whatever module stands there."""
    return isinstance(args, tuple) and len(args) == 2 and args[0] in ("numpy", "scipy.special") and _is_word(args[1])


def _is_word(text: Any) -> bool:
    return isinstance(text, str) and text.isidentifier() and not text.startswith("_")


_FLAGS = {"O": {63}, "S": {0}, "U": {0, 8}, "V": None}


def _dtype_state(args: Any, state: Any) -> bool:
    """Whether a dtype is as NumPy writes it: flags that deny that it holds objects make memory of its bytes."""
    if not isinstance(state, tuple) or not 8 <= len(state) <= 9 or not isinstance(args, tuple) or not args:
        return False
    letter = args[0][:1] if isinstance(args[0], str) else "V"
    if letter == "V":
        return _fields_agree(state)
    plain = state[2] is None and state[3] is None and state[4] is None
    return plain and type(state[7]) is int and state[7] in (_FLAGS.get(letter) or {0})


def _fields_agree(state: tuple[Any, ...]) -> bool:
    """Whether a record's flags say that it holds objects just where a field does."""
    parts = [field[0] for _, field in state[4].pairs if isinstance(field, tuple)] if isinstance(state[4], Dict) else []
    if isinstance(state[2], tuple) and state[2]:
        parts.append(state[2][0])
    objects = any(_holds_objects(part) for part in parts)
    return type(state[7]) is int and bool(state[7] & 1) == objects


def _holds_objects(dtype: Any) -> bool:
    if not isinstance(dtype, Object) or not isinstance(dtype.args, tuple) or not dtype.args:
        return True
    if str(dtype.args[0])[:1] == "V" and dtype.states:
        return isinstance(dtype.states[-1], tuple) and len(dtype.states[-1]) > 7 and bool(dtype.states[-1][7] & 1)
    return str(dtype.args[0])[:1] == "O"


def _dtype(args: Any, _: Any) -> bool:
    if not isinstance(args, tuple) or not args:
        return False
    return (isinstance(args[0], str) and len(args[0]) < 40) or (isinstance(args[0], Global) and args[0].text == RECORD)


def _lightgbm(_: Any, state: Any) -> bool:
    """Whether LightGBM's booster has the text of its model, and no address of one."""
    if not isinstance(state, Dict):
        return False
    handles = [value for key, value in state.pairs if key in ("handle", "_handle")]
    return all(key != "handle" for key, _ in state.pairs) and all(not isinstance(h, int | float) for h in handles)


def _xgboost(_: Any, state: Any) -> bool:
    return isinstance(state, Dict) and not any(k == "handle" and isinstance(v, int | float) for k, v in state.pairs)


def _new_index(args: Any, _: Any) -> bool:
    """Whether pandas makes an index of an index's class."""
    return (
        isinstance(args, tuple)
        and len(args) == 2
        and isinstance(args[0], Global)
        and (args[0].module == "pandas" or args[0].module.startswith("pandas.core.indexes."))
        and args[0].name.endswith("Index")
        and isinstance(args[1], Dict)
    )


def _factory(args: Any, _: Any) -> bool:
    """Whether a defaultdict makes what is missing of a class that is known, and of nothing else."""
    if not isinstance(args, tuple) or len(args) > 1:
        return False
    return all(part is None or (isinstance(part, Global) and part.text in FACTORIES) for part in args)


_CALLS: dict[str, Rule] = {
    "copyreg._reconstructor": _reconstructor,
    "numpy.core.multiarray._reconstruct": _array,
    "numpy._core.multiarray._reconstruct": _array,
    "numpy.ma.core._mareconstruct": _masked,
    "_codecs.encode": _encode,
    "numpy.dtype": _dtype,
    "numpy.random._pickle.__bit_generator_ctor": _bit_generator,
    "numpy.random._pickle.__generator_ctor": _bit_generator,
    "numpy.random._pickle.__randomstate_ctor": _bit_generator,
    "numpy.core._ufunc_reconstruct": _ufunc,
    "numpy._core._ufunc_reconstruct": _ufunc,
    "pandas.core.indexes.base._new_Index": _new_index,
    "collections.defaultdict": _factory,
}
_STATES: dict[str, Rule] = {
    "numpy.dtype": _dtype_state,
    "lightgbm.basic.Booster": _lightgbm,
    "xgboost.core.Booster": _xgboost,
}
