"""The opcodes of containers, names, calls and states: those that import and run something in Python's unpickler."""

from __future__ import annotations

import math

from trinity_guard.detect.scan.machine import LONGEST_NAME, Machine
from trinity_guard.detect.scan.opcodes import TABLE, op
from trinity_guard.detect.scan.record import Broken
from trinity_guard.detect.scan.values import (
    Dict,
    Global,
    Object,
    Opaque,
    Persistent,
    Raw,
    Set,
    class_name,
    is_attribute,
    made_by,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["TABLE"]
# How protocols before 3 write bytes: of a text, and none at all.
MAKE_BYTES = ("_codecs.encode", "builtins.bytes")


@op(b"t")
def _tuple(m: Machine) -> None:
    items = m.marked()
    m.stack.append(tuple(items))


@op(b"\x85")
def _tuple1(m: Machine) -> None:
    m.stack[-1] = (m.stack[-1],)


@op(b"\x86")
def _tuple2(m: Machine) -> None:
    last = m.stack.pop()
    m.stack[-1] = (m.stack[-1], last)


@op(b"\x87")
def _tuple3(m: Machine) -> None:
    last, middle = m.stack.pop(), m.stack.pop()
    m.stack[-1] = (m.stack[-1], middle, last)


@op(b"]")
def _empty_list(m: Machine) -> None:
    m.stack.append([])


@op(b"}")
def _empty_dict(m: Machine) -> None:
    m.stack.append(Dict())


@op(b"\x8f")
def _empty_set(m: Machine) -> None:
    m.stack.append(Set())


@op(b"l")
def _list(m: Machine) -> None:
    items = m.marked()
    m.stack.append(items)


@op(b"\x91")
def _frozenset(m: Machine) -> None:
    items = m.marked()
    m.keys(items)
    m.stack.append(Set(items))


@op(b"d")
def _dict(m: Machine) -> None:
    items = m.marked()
    m.keys(items[::2])
    m.stack.append(Dict(_pairs(items)))


def _pairs(items: list[Any]) -> list[tuple[Any, Any]]:
    if len(items) % 2:
        raise Broken("a dict has a key without a value")
    return list(zip(items[::2], items[1::2], strict=True))


def _extend(m: Machine, items: list[Any]) -> None:
    target = m.stack[-1]
    if isinstance(target, list):
        room = max(m.keep - len(target), 0)
        if room < len(items):
            m.drop(target, items[room:])
        target.extend(items if room >= len(items) else items[:room])
    elif isinstance(target, Object):
        m.record.extended(target)
        target.items.extend(items[: max(m.keep - len(target.items), 0)])
    else:
        m.record.doubt(f"it appends to {_described(target)}")


@op(b"a")
def _append(m: Machine) -> None:
    item = m.stack.pop()
    _extend(m, [item])


@op(b"e")
def _appends(m: Machine) -> None:
    items = m.marked()
    _extend(m, items)


@op(b"\x90")
def _additems(m: Machine) -> None:
    items = m.marked()
    target = m.stack[-1]
    m.keys(items)
    if isinstance(target, Set):
        target.items.extend(items[: max(m.keep - len(target.items), 0)])
    else:
        _extend(m, items)


def _set_pairs(m: Machine, items: list[Any]) -> None:
    target = m.stack[-1]
    m.keys(items[::2])
    if not isinstance(target, Dict | Object):
        m.record.doubt(f"it sets items of {_described(target)}")
        return
    if isinstance(target, Dict) and target.given:
        m.record.doubt("it changes the fields of a dtype that is made already")
    if isinstance(target, Object):
        m.record.extended(target)
    room = m.keep - len(target.pairs)
    if isinstance(target, Dict) and len(items) // 2 > room:
        if _are_fields(items):
            target.pairs.extend(_pairs(items))
            return
        target.cut = True
        target.odd |= not all(map(is_attribute, items[2 * max(room, 0) :: 2]))
    if room > 0:
        target.pairs.extend(_pairs(items)[:room])


def _are_fields(items: list[Any]) -> bool:
    """Whether a dict's pairs are fields of a dtype, all of which decide what that is."""
    fields = items[1::2]
    return all(type(field) is tuple and len(field) > 1 and made_by(field[0], "numpy.dtype") for field in fields)


@op(b"s")
def _setitem(m: Machine) -> None:
    value, key = m.stack.pop(), m.stack.pop()
    _set_pairs(m, [key, value])


@op(b"u")
def _setitems(m: Machine) -> None:
    items = m.marked()
    _set_pairs(m, items)


# ---- names and calls


def _names(m: Machine) -> tuple[str, str]:
    """Return a module and a name in it; what is longer nobody imports."""
    return m.line(LONGEST_NAME).decode(), m.line(LONGEST_NAME).decode()


@op(b"c")
def _global(m: Machine) -> None:
    module, name = _names(m)
    m.named(module, name)


@op(b"\x93")
def _stack_global(m: Machine) -> None:
    name, module = m.stack.pop(), m.stack.pop()
    m.named(module, name)


@op(b"\x82", b"\x83", b"\x84")
def _extension(m: Machine) -> None:
    size = {0x82: 1, 0x83: 2, 0x84: 4}[m.data[m.at - 1]]
    what = f"extension {m.number(size)} of copyreg"
    m.record.doubt(f"it names {what}", acts=False)
    m.stack.append(Opaque(what))


@op(b"R")
def _reduce(m: Machine) -> None:
    args, by = m.stack.pop(), m.stack.pop()
    m.call(by, args, "called")


@op(b"i")
def _inst(m: Machine) -> None:
    module, name = _names(m)
    args = tuple(m.marked())
    by = m.named(module, name)
    m.stack.pop()
    m.call(by, args, "called")


@op(b"o")
def _obj(m: Machine) -> None:
    by, *args = m.marked()
    m.call(by, tuple(args), "called")


@op(b"\x81")
def _newobj(m: Machine) -> None:
    args, by = m.stack.pop(), m.stack.pop()
    m.call(by, args, "new")


@op(b"\x92")
def _newobj_ex(m: Machine) -> None:
    kwargs, args, by = m.stack.pop(), m.stack.pop(), m.stack.pop()
    m.call(by, args, "new", kwargs)


@op(b"b")
def _build(m: Machine) -> None:
    state, target = m.stack.pop(), m.stack[-1]
    if not isinstance(target, Object):
        m.record.doubt(f"it changes {_described(target)} itself")
        return
    target.states.append(state)
    if _outgrows(m, target, state):
        m.record.doubt("it has an array of another size than its list")
    m.record.built(target, state)
    m.record.after_build(m, target)


def _outgrows(m: Machine, target: Object, state: Any) -> bool:
    """Whether an array of objects has more items than its list: NumPy takes the memory for them first."""
    if not isinstance(target.by, Global) or target.by.name not in ("_reconstruct", "_mareconstruct"):
        return False
    if type(state) is not tuple or len(state) < 5 or isinstance(state[4], bytes | str | Raw):
        return False
    if not isinstance(state[4], list):
        return class_name(state[4]) not in MAKE_BYTES
    shape = state[1] if isinstance(state[1], tuple) else (state[1],)
    count = math.prod(shape) if all(type(n) is int and n >= 0 for n in shape) else -1
    # Each item of a longer list took a byte at least.
    return not 0 <= count <= (len(state[4]) if len(state[4]) < m.keep else m.at)


@op(b"P")
def _persid(m: Machine) -> None:
    _persistent(m, m.line().decode("latin-1"))


@op(b"Q")
def _binpersid(m: Machine) -> None:
    id_ = m.stack.pop()
    _persistent(m, id_)


def _persistent(m: Machine, id_: Any) -> None:
    if m.record.torch and isinstance(id_, tuple) and id_[:1] == ("module",) and isinstance(id_[1], Global):
        m.stack.append(id_[1])  # PyTorch before 1.6: a class, with the text of its source, which is compared
        return
    m.record.persistent(id_)
    m.stack.append(Persistent(id_))


@op(b"\x97")
def _next_buffer(m: Machine) -> None:
    m.record.doubt("it wants a buffer that did not come with it", acts=False)
    m.stack.append(Opaque("buffer"))


@op(b"\x98")
def _readonly_buffer(m: Machine) -> None:
    m.stack[-1] = m.stack[-1]


def _described(value: Any) -> str:
    if isinstance(value, Global):
        return value.text
    return {Dict: "a dict", Set: "a set", Persistent: "a persistent object"}.get(type(value), "no object")
