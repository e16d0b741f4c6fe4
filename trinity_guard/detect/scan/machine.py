"""The opcodes of a pickle, followed without running anything: what is named, called, built; and the inert values.

Every opcode of protocols 0 to 5 does to the stack and the memo what Lib/pickle.py says, but that a name stays a name
and a call becomes an `Object`. What Python itself would refuse ends the reading as `Broken`; what was read until then
counts, for it would have been run.
"""

from __future__ import annotations

import struct
import time

from trinity_guard.detect.scan.batches import Memo
from trinity_guard.detect.scan.record import Bounded, Broken, Record
from trinity_guard.detect.scan.values import Dict, Global, Object, Raw, firsts, hashing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    # True ends the pickle.
    Act = Callable[["Machine"], "bool | None"]

# Bytes and texts above are not copied; nobody imports a name so long.
LONG = 1 << 16
LONGEST_NAME, LONGEST_LINE = 1 << 20, 1 << 26
DEADLINE_EVERY = 0x3FFF
# The opcodes that are done without a call, and the bytes that the longest may take.
LONGEST_PLAIN = 2 + 255
OVER_FRAME = "it has a frame that ends within an opcode"
# Tuples in tuples, each twice: sixty of them are a key that no machine hashes to its end.
MAX_HASHED, MAX_DROPPED = 50_000_000, 1_000_000
# What hashes the items of a list that it is given, or the first of each pair.
HASHING = frozenset({"Counter", "OrderedDict", "frozenset", "set"})
MEMOIZE = 0x94
# Opcode -> how its number is read, and its length.
_NUMBERS, _GETS, _PUTS, _TEXTS = (
    {ord(code): (struct.Struct(form).unpack_from, 1 + struct.calcsize(form)) for code, form in forms}
    for forms in (
        (("K", "<B"), ("M", "<H"), ("J", "<i"), ("G", ">d")),
        (("h", "<B"), ("j", "<I")),
        (("q", "<B"), ("r", "<I")),
        (("\x8c", "<B"), ("X", "<I")),
    )
)
_MADE: dict[int, Callable[[], Any]] = {ord("]"): list, ord("}"): Dict, ord("N"): lambda: None, ord(")"): tuple}
_PLAIN = frozenset({MEMOIZE, *_NUMBERS, *_GETS, *_PUTS, *_TEXTS, *_MADE})


class Machine:
    """One pickle of `data` (bytes or an mmap) between `at` and `end`; after `run`, `at` is behind its STOP.

    keep: how many items of a container are kept; what is said of all of them is in the record.
    """

    def __init__(self, data: Any, at: int, end: int, record: Record, keep: int) -> None:
        self.data = data
        self.at = at
        self.end = end
        self.record = record
        self.keep = keep
        self.stack: list[Any] = []
        self.below: list[list[Any]] = []
        self.memo = Memo()
        self.frame = 0
        self.protocol = 0
        self.hashed = 0
        self.sizes: dict[int, int] = {}
        self.tuples: list[list[Any]] = []
        # Lists by their id that hold tuples which take long to hash, or may, and are not kept.
        self.unseen: dict[int, list[Any]] = {}
        # For batches.py: whether the memo was written by number, or has tuples that take long to hash; how much of it
        # was looked at, and up to where a batch was tried.
        self.puts = self.rows = False
        self.looked = self.tried = 0

    def run(self, table: Sequence[Act]) -> Any:
        """Return the value that the pickle would have; raise Broken where it has none. table: what each opcode does."""
        data, end = self.data, self.end
        safe = end - LONGEST_PLAIN
        last, steps = safe - DEADLINE_EVERY, 0
        try:
            while self.at < end:
                begin = self.at
                if data[begin] in _PLAIN:
                    # Compared by hand: `min` takes as long as an opcode.
                    stop = safe if begin > last else begin + DEADLINE_EVERY
                    steps += self._plain(data, self.frame if begin < self.frame < stop else stop)
                    if begin < self.frame < self.at:
                        self._leave_frame()
                    begin = self.at
                self.at = begin + 1
                if table[data[begin]](self):
                    return self.stack.pop()
                if begin < self.frame < self.at:
                    self._leave_frame()
                steps += 1
                if steps > DEADLINE_EVERY:
                    self.record.spend(steps, time.monotonic())
                    steps = 0
        except (IndexError, KeyError):
            if self.at >= end:
                raise Broken("it ends within an opcode's argument, or takes what is not there") from None
            raise Broken(f"an opcode at byte {self.at - 1:,} takes what is not there") from None
        except (ValueError, struct.error, OverflowError):
            raise Broken(f"an opcode at byte {self.at - 1:,} has an argument that is none") from None
        finally:
            self.record.spend(steps)
        raise Broken("it ends before its STOP")

    def _plain(self, data: Any, end: int) -> int:
        """Do the opcodes that a pickle of small objects is mostly made of, without a call each; return how many, about.

        The table has them, too. What is none of them, or is not as it should be, is left to that. end: so far before
        the end that none of them reaches it.
        """
        at, stack, memo, made = self.at, self.stack, self.memo, 0
        while at < end:
            code = data[at]
            if code == MEMOIZE and stack:
                memo[len(memo) + memo.lazy] = stack[-1]
                at += 1
            elif code in _TEXTS:
                unpack, size = _TEXTS[code]
                stop = at + size + unpack(data, at + 1)[0]
                if stop - at > LONGEST_PLAIN:
                    break
                try:
                    stack.append(data[at + size : stop].decode("utf-8", "surrogatepass"))
                except UnicodeDecodeError:
                    break
                at = stop
            elif code in _NUMBERS:
                unpack, size = _NUMBERS[code]
                stack.append(unpack(data, at + 1)[0])
                at += size
            elif code in _GETS and (number := _GETS[code][0](data, at + 1)[0]) in memo:
                stack.append(memo[number])
                at += _GETS[code][1]
            elif code in _PUTS and stack and not memo.lazy:
                self.puts = True
                memo[_PUTS[code][0](data, at + 1)[0]] = stack[-1]
                at += _PUTS[code][1]
            elif code in _MADE:
                stack.append(_MADE[code]())
                at += 1
                made += 1
            else:
                break
        done, self.at = at - self.at, at
        return made + (done >> 2)

    def _leave_frame(self) -> None:
        """Doubt an opcode that begins in a frame and ends behind it: Python's unpicklers go on at different places."""
        self.record.doubt(OVER_FRAME)
        self.frame = 0

    # ---- arguments

    def number(self, size: int) -> int:
        at = self.at
        self.at = at + size
        if self.at > self.end:
            raise Broken("it ends within an opcode's argument")
        return int.from_bytes(self.data[at : at + size], "little")

    def line(self, longest: int = 0) -> bytes:
        stop = min(self.end, self.at + (longest or LONGEST_LINE))
        found = self.data.find(b"\n", self.at, stop)
        self.record.spend(((found if found >= 0 else stop) - self.at) >> 12)
        if found < 0 and stop < self.end and not longest:
            raise Bounded(f"it has a line of more than {LONGEST_LINE >> 20} MiB")
        if found < 0:
            raise Broken("it ends within a line")
        line: bytes = self.data[self.at : found]
        self.at = found + 1
        return line

    def span(self, length: int) -> tuple[int, int]:
        at = self.at
        self.at = at + length
        if self.at > self.end:
            raise Broken("it ends within a text or bytes")
        return at, length

    def bytes_of(self, length: int) -> Any:
        at, length = self.span(length)
        return self.data[at : at + length] if length <= LONG else Raw(self.data, at, length)

    def text_of(self, length: int) -> Any:
        at, length = self.span(length)
        if length > LONG:
            return Raw(self.data, at, length)
        return self.data[at : at + length].decode("utf-8", "surrogatepass")

    # ---- what has an effect when it is run

    def named(self, module: Any, name: Any) -> Global:
        found = Global(*self.record.name(module, name, self.protocol))
        self.stack.append(found)
        return found

    def call(self, by: Any, args: Any, how: str, kwargs: Any = None) -> None:
        made = Object(by, args, how, kwargs)
        if type(by) is Global and by.name in HASHING and isinstance(args, tuple):
            for items in args:
                self._hashed(items)
        self.record.called(made)
        self.stack.append(made)

    def _hashed(self, items: Any) -> None:
        """Take what a set, or the keys of a dict, are made of."""
        if isinstance(items, list | tuple):
            self.keys(firsts(items))
            if id(items) in self.unseen:
                self.record.doubt("it makes keys of tuples that take long to hash")

    def drop(self, target: list[Any], items: list[Any]) -> None:
        """Note a list whose items are not kept, where some of them would take long to hash."""
        if not {tuple, list}.isdisjoint(map(type, items)) and hashing(firsts(items), {}) > MAX_DROPPED:
            self.unseen[id(target)] = target

    def marked(self) -> list[Any]:
        items = self.stack
        self.stack = self.below.pop()
        return items

    def keys(self, keys: list[Any]) -> None:
        """Take keys, or items of a set, that would be hashed."""
        if tuple in set(map(type, keys)) and self.hashed <= MAX_HASHED:
            self.tuples.append(keys)  # what is counted by its id must stay
            self.hashed += hashing(keys, self.sizes)
            if self.hashed > MAX_HASHED:
                self.record.doubt("it has keys that take too long to hash")

    def put(self, index: int) -> None:
        if index < 0:
            raise Broken("a memo's number is below 0")
        self.puts = True
        self.memo.read_all()
        self.memo[index] = self.stack[-1]
