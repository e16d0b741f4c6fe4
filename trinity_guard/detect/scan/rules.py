"""Calls whose arguments decide what they do: what of them is known to build data, and nothing else.

A name on the list of known.py may be called; the functions and classes here may be called like this alone.
"""

from __future__ import annotations

from trinity_guard.detect.scan import dtypes, known
from trinity_guard.detect.scan.record import LOADS, NAMED, NEW
from trinity_guard.detect.scan.values import Dict, Global, Object, Raw, class_of, is_attribute, made_by

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
BIT_GENERATORS = frozenset({"MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64"})
# Classes of Python that are dicts.
DICTS = frozenset({"collections.Counter", "collections.OrderedDict", "collections.defaultdict"})
# Whose state is a pair: a dict, and attributes that are set one by one, as their class has them.
SLOTTED = "scipy.interpolate."
# The longest range that stands in a model.
MAX_RANGE = 10_000_000
# What a library hands on in the class's place: the pickle makes an object of it.
MAKES_CLASS = "copyreg._reconstructor"


def judge(made: Object, state: Any) -> str:
    """Return why a call, or what a state would do to what it returned, is not known to be harmless; "" where it is.

    state: None at the call. A call of a name that is not on the list is the list's business, not said here.
    """
    if not isinstance(made.by, Global):
        return ""
    if state is not None:
        return _state(made, made.by.text, state)
    name = made.by.text
    if _unfinished(made.args):
        return f"it hands a dtype to {name} before that is made"
    rule = _CALLS.get(name)
    if (rule is not None and not rule(made.args, None)) or (made.how == NEW and not _as_new(made)):
        return f"it calls {name} with arguments that no library writes"
    return "" if name in TAKES_FUNCTIONS else _functions_in(made)


def _state(made: Object, name: str, state: Any) -> str:
    """Judge a state by the class of what gets it, whatever function made that."""
    if _unfinished(state) or (name == "numpy.dtype" and len(made.states) > 1):
        return f"it changes a dtype that {name} has already"
    of = class_of(made)
    rule = _STATES.get(of.text if of is not None else name)
    slots = type(state) is tuple and len(state) == 2 and _is_dict(state[1])
    if (rule is not None and (_cut(state) or not rule(made.args, state))) or (slots and not name.startswith(SLOTTED)):
        return f"it gives {name} a state that no library writes"
    if not all(map(_are_attributes, state if slots else (state,))):
        return f"it gives {name} attributes whose names no library writes"
    return ""


def _is_dict(value: Any) -> bool:
    """Whether a value is a dict, or an object that is one as well and has items."""
    made = class_of(value)
    return isinstance(value, Dict) or (made is not None and (bool(value.pairs) or made.text in DICTS))


def _are_attributes(state: Any) -> bool:
    """Whether a state has names of attributes for its keys, if it is a dict."""
    if isinstance(state, Dict):
        return not state.odd and all(is_attribute(key) for key, _ in state.pairs)
    return not _is_dict(state)


def _unfinished(value: Any) -> bool:
    """Whether a dtype is handed on that has no state yet: who takes it keeps the very dtype, which a state changes."""
    return isinstance(value, tuple) and any(made_by(part, "numpy.dtype") and not part.states for part in value)


def _cut(value: Any) -> bool:
    """Whether a dict in what a rule is to judge has more pairs than were kept."""
    return any(isinstance(part, Dict) and part.cut for part in (value if isinstance(value, tuple) else (value,)))


def _as_new(made: Object) -> bool:
    """Whether a class makes an object of nothing, as all that is on the list do: what they need is in the state."""
    plain = made.args == () and (made.kwargs is None or (isinstance(made.kwargs, Dict) and not made.kwargs.pairs))
    return plain or not known.uses((made.by.module, made.by.name))


# ---- functions that are values in a model (a ufunc, say) are called by nothing that the pickle itself calls

# Their rules below look at each function that they are given.
TAKES_FUNCTIONS = frozenset(
    f"numpy.random._pickle.{name}" for name in ("__bit_generator_ctor", "__generator_ctor", "__randomstate_ctor")
)


def _functions_in(made: Object) -> str:
    arguments = made.args if isinstance(made.args, tuple) else ()
    # What the class is used for is in the record, under its own name.
    for value in arguments[1:] if made.by.text == MAKES_CLASS else arguments:
        if isinstance(value, Global) and not _is_inert(value):
            return f"it hands {value.text} to {made.by.text}"
    return ""


def _is_inert(value: Global) -> bool:
    """Whether a name is a class, a marker, or one of PyTorch's dtypes: no function."""
    name = (value.module, value.name)
    dtype = value.module == "torch" and known.uses(name) == {NAMED}
    return value.text in MARKERS or dtype or known.is_class(name)


# ---- the rules


def _reconstructor(args: Any, _: Any) -> bool:
    """Whether copyreg makes a plain object, or one that holds what a built-in type is made of."""
    if not isinstance(args, tuple) or len(args) != 3 or not isinstance(args[1], Global):
        return False
    base, state = args[1].text, args[2]
    if base == "builtins.object":
        return state is None
    return isinstance(args[0], Global) and type(state) in _BASES.get(base, ())


# A base class of copyreg's -> what it may be given.
_BASES: dict[str, tuple[type, ...]] = {
    "builtins.dict": (Dict,), "builtins.list": (list,), "builtins.tuple": (tuple, list), "builtins.str": (str,),
    "builtins.int": (int,), "builtins.float": (float, int),
}  # fmt: skip


def _array(args: Any, _: Any) -> bool:
    return (
        isinstance(args, tuple)
        and len(args) == 3
        and isinstance(args[0], Global)
        and args[0].text in ARRAYS
        and args[1] in ((0,), 0)
    )


def _masked(args: Any, _: Any) -> bool:
    named = isinstance(args, tuple) and len(args) == 4 and all(isinstance(a, Global) for a in args[:2])
    # An array of objects, or of any shape, would be made before there is a state.
    return named and {args[0].text, args[1].text} <= ARRAYS and args[2] in ((0,), 0) and _is_plain(args[3])


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


def _metadata_of_weights(_: Any, state: Any) -> bool:
    """Whether an OrderedDict is given what PyTorch's state_dict has beside its weights, and no method's name."""
    return isinstance(state, Dict) and all(key == "_metadata" for key, _ in state.pairs)


def _lightgbm(_: Any, state: Any) -> bool:
    """Whether LightGBM's booster has the text of its model, and no address of one."""
    if not isinstance(state, Dict):
        return False
    handles = [value for key, value in state.pairs if key == "_handle"]
    return all(key != "handle" for key, _ in state.pairs) and all(
        h is None or isinstance(h, str | Raw) for h in handles
    )


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
        and not args[1].cut
        and all(type(key) is str for key, _ in args[1].pairs)
        and all(_is_no_zone(value) for key, value in args[1].pairs if key in ("dtype", "tz"))
    )


def _is_no_zone(value: Any) -> bool:
    """Whether a value names no time zone, as a dtype's name or none: pandas opens the file of "dateutil/…"."""
    if isinstance(value, str):
        return value.isascii() and value.isalnum()
    # NumPy's texts are Python's.
    return not isinstance(value, Raw) and not any(made_by(value, scalar) for scalar in dtypes.SCALARS)


def _no_zones(args: Any, _: Any) -> bool:
    return isinstance(args, tuple) and all(map(_is_no_zone, args))


def _zone(_: Any, state: Any) -> bool:
    return isinstance(state, Dict) and all(_is_no_zone(value) for key, value in state.pairs if key == "tz")


def _of_own_module(module: str) -> Rule:
    """Return the rule for a function that makes an object of a class of its own library."""

    def rule(args: Any, _: Any) -> bool:
        first = args[0] if isinstance(args, tuple) and args else None
        return isinstance(first, Global) and f"{first.module}.".startswith(f"{module}.")

    return rule


# ---- what Python brings: of plain values, as it writes them itself


def _is_plain(value: Any) -> bool:
    return value is None or type(value) in (bool, int, float, str, bytes, Raw) or made_by(value, "_codecs.encode")


def _plain(args: Any, _: Any) -> bool:
    return isinstance(args, tuple) and all(map(_is_plain, args))


def _time(args: Any, _: Any) -> bool:
    parts = ("datetime.timezone", "datetime.timedelta")
    return isinstance(args, tuple) and all(_is_plain(a) or any(made_by(a, part) for part in parts) for a in args)


def _bytes(args: Any, _: Any) -> bool:
    """Whether bytes are made of bytes, and not of a number of them."""
    if not isinstance(args, tuple) or len(args) > 2:
        return False
    if len(args) == 2:
        return isinstance(args[0], str | Raw) and args[1] in ("latin1", "latin-1")
    return all(isinstance(a, bytes | Raw) or made_by(a, "_codecs.encode") for a in args)


def _one_file(args: Any, _: Any) -> bool:
    """Whether what PyTorch would load stands in the pickle: it has been read there, as a file of its own."""
    return isinstance(args, tuple) and len(args) == 1 and isinstance(args[0], bytes | Raw)


def _range(args: Any, _: Any) -> bool:
    numbers = isinstance(args, tuple) and 0 < len(args) < 4 and all(type(a) is int for a in args)
    return numbers and (len(args) < 3 or args[2] != 0) and _is_short(range(*args))


def _is_short(items: range) -> bool:
    # len() of a longer one than a machine's word is an error.
    return not items or abs(items[-1] - items[0]) // abs(items.step) < MAX_RANGE


def _items(args: Any, _: Any) -> bool:
    """Whether a container is made of a list that stands in the pickle: another call may return one without an end."""
    return isinstance(args, tuple) and len(args) < 2 and all(isinstance(a, list | tuple | Dict) for a in args)


def _deque(args: Any, _: Any) -> bool:
    return isinstance(args, tuple) and _items(args[:1], None) and all(a is None or type(a) is int for a in args[1:])


def _fraction(args: Any, _: Any) -> bool:
    """Whether a fraction is of whole numbers: "1e999999999" is one whose digits fill the memory."""
    if not isinstance(args, tuple) or not 0 < len(args) < 3:
        return False
    return all(type(a) is int or (isinstance(a, str) and not a.strip("-0123456789/")) for a in args)


def _factory(args: Any, _: Any) -> bool:
    """Whether a defaultdict makes what is missing of a class that is known, and of nothing else."""
    if not isinstance(args, tuple) or len(args) > 1:
        return False
    return all(part is None or (isinstance(part, Global) and part.text in FACTORIES) for part in args)


_CALLS: dict[str, Rule] = {
    MAKES_CLASS: _reconstructor,
    "_codecs.encode": _encode,
    "collections.Counter": _items,
    "collections.OrderedDict": _items,
    "collections.defaultdict": _factory,
    "collections.deque": _deque,
    "decimal.Decimal": _plain,
    "fractions.Fraction": _fraction,
    "numpy.dtype": dtypes.call_is_written,
    "numpy.ma.core._mareconstruct": _masked,
    "numpy.random._pickle.__bit_generator_ctor": _bit_generator,
    "numpy.random._pickle.__generator_ctor": _bit_generator,
    "numpy.random._pickle.__randomstate_ctor": _bit_generator,
    "pandas.core.indexes.base._new_Index": _new_index,
    "pandas.core.indexes.datetimes._new_DatetimeIndex": _new_index,
    "pandas.core.indexes.interval._new_IntervalIndex": _new_index,
    "pandas.core.indexes.timedeltas._new_TimedeltaIndex": _new_index,
    "pathlib.PurePosixPath": _plain,
    "pathlib._local.PurePosixPath": _plain,  # as Python 3.13 writes it
    LOADS: _one_file,
    **{f"builtins.{name}": _bytes for name in ("bytearray", "bytes")},
    **{f"builtins.{name}": _items for name in ("frozenset", "set")},
    **{f"builtins.{name}": _plain for name in ("complex", "slice")},
    "builtins.range": _range,
    **{f"datetime.{name}": _time for name in ("date", "datetime", "time", "timedelta", "timezone")},
    **{f"numpy.{core}.multiarray._reconstruct": _array for core in ("core", "_core")},
    **dict.fromkeys(dtypes.SCALARS, dtypes.scalar_is_written),
    "pandas._libs.tslibs.timestamps._unpickle_timestamp": _no_zones,
    # Frequencies of dates, of whole numbers and a timedelta.
    **{f"{module}.{name}": _time for module, name in known.KNOWN if module == "pandas._libs.tslibs.offsets"},
    # Cython's, which make an object of whatever class they are given.
    **{
        f"{module}.{name}": _of_own_module(module if name == "newObj" else module.partition(".")[0])
        for module, name in known.KNOWN
        if name == "newObj" or name.startswith("__pyx_unpickle_")
    },
}
_STATES: dict[str, Rule] = {
    "collections.OrderedDict": _metadata_of_weights,
    "numpy.dtype": dtypes.state_is_written,
    "lightgbm.basic.Booster": _lightgbm,
    "pandas.DatetimeTZDtype": _zone,
    "pandas.core.dtypes.dtypes.DatetimeTZDtype": _zone,
    "xgboost.core.Booster": _xgboost,
}
