"""The opcodes that push numbers, texts and bytes, and those of the stack, the memo and the frame."""

from __future__ import annotations

import codecs
import struct
import time

from trinity_guard.detect.scan import batches
from trinity_guard.detect.scan.machine import LONG, OVER_FRAME, Machine
from trinity_guard.detect.scan.record import Broken
from trinity_guard.detect.scan.values import Raw

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from trinity_guard.detect.scan.machine import Act

HIGHEST_PROTOCOL = 5
# In place of a number that is longer.
HUGE = 1 << 4096
_FLOAT = struct.Struct(">d").unpack_from


def unknown(m: Machine) -> None:
    raise Broken(f"byte {m.at - 1:,} is no opcode")


TABLE: list[Act] = [unknown] * 256


def op(*codes: bytes) -> Callable[[Act], Act]:
    """Register what an opcode does."""

    def register(act: Act) -> Act:
        for code in codes:
            TABLE[code[0]] = act
        return act

    return register


def _constant(code: bytes, value: Any) -> None:
    TABLE[code[0]] = lambda m: m.stack.append(value)


for _code, _value in ((b"N", None), (b"\x88", True), (b"\x89", False), (b")", ())):
    _constant(_code, _value)

# ---- numbers


@op(b"K")
def _binint1(m: Machine) -> None:
    m.stack.append(m.data[m.at] if m.at < m.end else m.number(1))
    m.at += 1


@op(b"M")
def _binint2(m: Machine) -> None:
    m.stack.append(m.number(2))


@op(b"J")
def _binint(m: Machine) -> None:
    value = m.number(4)
    m.stack.append(value - (1 << 32) if value >> 31 else value)


@op(b"G")
def _binfloat(m: Machine) -> None:
    at, _ = m.span(8)
    m.stack.append(_FLOAT(m.data, at)[0])


@op(b"I", b"L")
def _int(m: Machine) -> None:
    line = m.line().strip()
    if line in (b"00", b"01"):
        m.stack.append(line == b"01")
        return
    text = _number(line).removesuffix(b"L")
    if line and not text:  # strtol
        m.stack.append(0)
        return
    octal = text.lstrip(b"+-")[:1] == b"0" and text.lstrip(b"+-").isdigit()
    # What has thousands of digits is a number all the same; reading it takes their square.
    m.stack.append(int(text, 8 if octal else 0) if len(text) < 1000 else HUGE)


def _number(line: bytes) -> bytes:
    """Return the text of a number as Python's unpickler in C sees it: up to a NUL, whatever stands behind that."""
    return line.partition(b"\0")[0]


@op(b"F")
def _float(m: Machine) -> None:
    m.stack.append(float(_number(m.line())))


def _long(m: Machine, length: int) -> None:
    at, length = m.span(length)
    m.stack.append(int.from_bytes(m.data[at : at + length], "little", signed=True) if length <= LONG else HUGE)


@op(b"\x8a")
def _long1(m: Machine) -> None:
    _long(m, m.number(1))


@op(b"\x8b")
def _long4(m: Machine) -> None:
    _long(m, m.number(4))


# ---- texts and bytes


@op(b"S")
def _string(m: Machine) -> None:
    line = m.line().strip()
    if len(line) < 2 or line[:1] != line[-1:] or line[:1] not in (b"'", b'"'):
        raise Broken("a text of protocol 0 has no quotes")
    m.stack.append(codecs.escape_decode(line[1:-1])[0].decode("latin-1"))


@op(b"V")
def _unicode(m: Machine) -> None:
    m.stack.append(m.line().decode("raw-unicode-escape"))


def _counted(code: bytes, size: int, read: Callable[[Machine, int], Any]) -> None:
    def act(m: Machine) -> None:
        m.stack.append(read(m, m.number(size)))

    TABLE[code[0]] = act


def _old_text(m: Machine, length: int) -> Any:
    found = m.bytes_of(length)
    return found if isinstance(found, Raw) else found.decode("latin-1")


for _code, _size, _read in (
    (b"U", 1, _old_text), (b"T", 4, _old_text), (b"C", 1, Machine.bytes_of), (b"B", 4, Machine.bytes_of),
    (b"\x8e", 8, Machine.bytes_of), (b"\x96", 8, Machine.bytes_of), (b"\x8c", 1, Machine.text_of),
    (b"X", 4, Machine.text_of), (b"\x8d", 8, Machine.text_of),
):  # fmt: skip
    _counted(_code, _size, _read)

# ---- the stack, the memo, the frame


@op(b"(")
def _mark(m: Machine) -> None:
    target = m.stack[-1] if m.stack else None
    m.below.append(m.stack)
    m.stack = []
    if batches.is_full(target, m.keep) and batches.skip(m, _replayed):
        return
    if m.data[m.at : m.at + 1] == b"G":
        _floats(m)


def _replayed(m: Machine, at: int, stop: int, first: int) -> dict[int, Any]:
    """Return what opcodes between two places put into the memo of a machine, of which `first` is the first number."""
    other = Machine(m.data, at, m.end, m.record.trial(), m.end)
    other.memo = _Later(m.memo, first)
    m.record.spend((stop - at) >> 2, time.monotonic())
    while other.at < stop:
        other.at += 1
        TABLE[m.data[other.at - 1]](other)
    return other.memo


class _Later(batches.Memo):
    """A part of a memo that knows what stands before it."""

    def __init__(self, before: batches.Memo, first: int) -> None:
        super().__init__()
        self._before, self.lazy = before, first

    def __missing__(self, number: int) -> Any:
        return self._before[number]


# Pickle writes lists in so many items at once; those of floats are read at once, too.
BATCH = 1000
_ALL_FLOATS = b"G" * BATCH


def _floats(m: Machine) -> None:
    end = m.at + 9 * BATCH
    if end <= (m.frame if m.at < m.frame else m.end) and m.data[m.at : end : 9] == _ALL_FLOATS:
        m.stack = [value for (value,) in struct.iter_unpack(">xd", m.data[m.at : end])]
        m.at = end


@op(b"0")
def _pop(m: Machine) -> None:
    if m.stack:
        m.stack.pop()
    else:
        m.marked()


@op(b"1")
def _pop_mark(m: Machine) -> None:
    m.marked()


@op(b"2")
def _dup(m: Machine) -> None:
    m.stack.append(m.stack[-1])


@op(b".")
def _stop(m: Machine) -> bool:
    if not m.stack:
        raise Broken("its STOP finds nothing")
    return True


@op(b"\x80")
def _proto(m: Machine) -> None:
    m.protocol = m.number(1)
    if m.protocol > HIGHEST_PROTOCOL:
        raise Broken(f"it is of protocol {m.protocol}; Python knows {HIGHEST_PROTOCOL}")


@op(b"\x95")
def _frame(m: Machine) -> None:
    inside = m.at <= m.frame
    length = m.number(8)
    if length > m.end - m.at:
        # Python's own unpickler, joblib's and dill's, goes on all the same; the one in C does not.
        m.record.cannot_read("it ends within a frame")
        length = m.end - m.at
    if inside:
        m.record.doubt(OVER_FRAME)
    m.frame = m.at + length


@op(b"q")
def _binput(m: Machine) -> None:
    m.put(m.data[m.at])
    m.at += 1


@op(b"r")
def _long_binput(m: Machine) -> None:
    m.put(m.number(4))


@op(b"p")
def _put(m: Machine) -> None:
    m.put(int(_number(m.line())))


@op(b"\x94")
def _memoize(m: Machine) -> None:
    m.memo[len(m.memo) + m.memo.lazy] = m.stack[-1]


@op(b"h")
def _binget(m: Machine) -> None:
    m.stack.append(m.memo[m.data[m.at]])
    m.at += 1


@op(b"j")
def _long_binget(m: Machine) -> None:
    m.stack.append(m.memo[m.number(4)])


@op(b"g")
def _get(m: Machine) -> None:
    m.stack.append(m.memo[int(_number(m.line()))])
