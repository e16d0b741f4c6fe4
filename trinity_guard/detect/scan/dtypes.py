"""NumPy's dtypes and scalars, as NumPy writes them: one that is made up has objects made of its bytes."""

from __future__ import annotations

import math

from trinity_guard.detect.scan.values import Dict, Global, Object, Raw, made_by

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

RECORD = "numpy.record"
SCALARS = ("numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar")
# The longest name of a dtype that stands in a model.
MAX_DIGITS = 9
_FLAGS = {"O": {63}, "S": {0}, "U": {0, 8}, "V": None}


def state_is_written(args: Any, state: Any) -> bool:
    """Whether a dtype is as NumPy writes it: flags that deny that it holds objects make memory of its bytes."""
    if not isinstance(state, tuple) or not 8 <= len(state) <= 9 or not isinstance(args, tuple) or not args:
        return False
    letter = args[0][:1] if isinstance(args[0], str) else "V"
    if letter == "V":
        return _fields_agree(state)
    plain = state[2] is None and state[3] is None and state[4] is None
    return plain and type(state[7]) is int and state[7] in (_FLAGS.get(letter) or {0})


def _fields_agree(state: tuple[Any, ...]) -> bool:
    """Whether a record's flags say that it holds objects just where a field does, and all fields lie within it."""
    if not (state[4] is None or (isinstance(state[4], Dict) and not state[4].cut)):
        return False
    parts = _parts(state)
    size = state[5] if type(state[5]) is int else -1
    if any(count < 0 or at < 0 or at + count * _bytes_of(part) > size for part, at, count in parts):
        return False  # the bytes of others
    objects = any(_holds_objects(part) for part, _, _ in parts)
    return type(state[7]) is int and bool(state[7] & 1) == objects


def _parts(state: tuple[Any, ...]) -> list[tuple[Any, int, int]]:
    """Return the dtypes that a dtype is made of, where each begins, and how many of it there are: -1 for no number."""
    parts: list[tuple[Any, int, int]] = []
    if state[4] is not None:
        state[4].given = True
        parts += [(field[0], field[1], 1) if _is_field(field) else (None, 0, 0) for _, field in state[4].pairs]
    if state[2] is not None:
        within = state[2] if isinstance(state[2], tuple) and len(state[2]) == 2 else (None, 0)
        shape = within[1] if isinstance(within[1], tuple) else (within[1],)
        parts.append((within[0], 0, math.prod(shape) if all(type(n) is int and n >= 0 for n in shape) else -1))
    return parts


def _is_field(field: Any) -> bool:
    return isinstance(field, tuple) and len(field) > 1 and type(field[1]) is int


def _bytes_of(part: Any) -> int:
    """Return how many bytes a dtype's value takes; more than any has where it cannot be told, or is not made yet."""
    state = part.states[-1] if made_by(part, "numpy.dtype") and part.states else None
    if not isinstance(state, tuple) or len(state) < 6 or type(state[5]) is not int:
        return 1 << 62
    if state[5] >= 0:
        return state[5]
    digits = str(part.args[0])[1:] if isinstance(part.args, tuple) and part.args else ""
    return int(digits) if digits.isdecimal() and len(digits) <= MAX_DIGITS else 1 << 62


def _holds_objects(dtype: Any) -> bool:
    if not isinstance(dtype, Object) or not isinstance(dtype.args, tuple) or not dtype.args:
        return True
    if str(dtype.args[0])[:1] == "V" and dtype.states:
        return isinstance(dtype.states[-1], tuple) and len(dtype.states[-1]) > 7 and bool(dtype.states[-1][7] & 1)
    return str(dtype.args[0])[:1] == "O"


def call_is_written(args: Any, _: Any) -> bool:
    """Whether a dtype is spelled as NumPy writes it, a letter and its bytes: what "i4,O" holds, no rule knows."""
    if not isinstance(args, tuple) or not args or not all(type(flag) in (bool, int) for flag in args[1:]):
        return False
    name = args[0]
    if isinstance(name, Global):
        return name.text == RECORD
    letter, digits = (name[:1], name[1:]) if isinstance(name, str) else ("", "")
    spelled = digits.isdecimal() and digits.isascii() and len(digits) <= MAX_DIGITS
    return letter in _LETTERS and spelled


_LETTERS = frozenset("biufcOSUVMm")


def scalar_is_written(args: Any, _: Any) -> bool:
    """Whether a scalar is made of its bytes: of nothing NumPy makes as many as the dtype says."""
    if not isinstance(args, tuple) or len(args) != 2 or not made_by(args[0], "numpy.dtype"):
        return False
    made = any(made_by(args[1], bytes_of) for bytes_of in ("_codecs.encode", "builtins.bytes"))
    return made or isinstance(args[1], bytes | str | Raw) or _holds_objects(args[0])
