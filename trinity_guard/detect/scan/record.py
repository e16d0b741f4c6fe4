"""What was read of one file: names and what is done with them, doubts, what could not be read; and the bounds."""

from __future__ import annotations

import time

from trinity_guard.detect.scan.values import Global, Object, class_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

MAX_STEPS = 60_000_000
SECONDS = 120.0
MAX_SAID = 200

# PyTorch's storages in other libraries' pickles: a file of torch.save, as bytes.
LOADS = "torch.storage._load_from_bytes"
# What may be done with a name.
NAMED, CALLED, NEW, BUILT, EXTENDED = "named", "called", "new", "built", "extended"


class Broken(Exception):  # noqa: N818  # it ends a reading, and is no mistake of ours
    """What was being read cannot be read on; the text says why."""


class Bounded(Broken):
    """It is not read on here: Python may."""


Name = tuple[str, str]


class _Left:
    """What a file may still take, whatever records are made of it."""

    def __init__(self) -> None:
        self.steps = MAX_STEPS
        self.until = time.monotonic() + SECONDS


class Record:
    """names: (module, name) -> what is done with it. doubts: what only running it could tell; acts: one of
    them is more than a name. unread: what could not
    be read, and why; bounded: for a bound of ours, not of Python's. judge: asked of each call while its arguments are
    at hand; what it says is a doubt."""

    def __init__(self, judge: Callable[[Object, Any], str] | None = None) -> None:
        self.names: dict[Name, set[str]] = {}
        self.doubts: dict[str, None] = {}
        self.unread: dict[str, None] = {}
        self.persistent_ids: list[Any] = []
        self.pickles = 0
        self.values: list[Any] = []
        self.arrays: Callable[[Any, Object], None] | None = None
        self.nested: Callable[[Record, Any], None] | None = None
        self.torch = self.bounded = self.acts = False
        self.judge = judge
        self._left = _Left()

    def doubt(self, what: str, acts: bool = True) -> None:
        self.acts |= acts
        if len(self.doubts) < MAX_SAID:
            self.doubts[what] = None

    def cannot_read(self, what: str, bounded: bool = False) -> None:
        self.bounded |= bounded
        if len(self.unread) < MAX_SAID:
            self.unread[what] = None

    def trial(self) -> Record:
        """Return a record for what may be no pickle; it has the opcodes and the time that this one has left."""
        other = Record(self.judge)
        other._left = self._left
        other.nested = self.nested
        return other

    def take(self, other: Record) -> None:
        """Take over what another record says."""
        for name, how in other.names.items():
            self.names.setdefault(name, set()).update(how)
        for what in other.doubts:
            self.doubt(what, other.acts)
        for what in other.unread:
            self.cannot_read(what)
        self.persistent_ids += other.persistent_ids
        self.values += other.values
        self.pickles += other.pickles
        self.bounded |= other.bounded

    def spend(self, steps: int, now: float = 0.0) -> None:
        """Count opcodes; raise Broken where a file takes too many of them, or too long."""
        self._left.steps -= steps
        if self._left.steps < 0:
            raise Bounded(f"it has more than {MAX_STEPS:,} opcodes")
        if now > self._left.until:
            raise Bounded(f"reading it takes longer than {SECONDS:.0f} s")

    # ---- what a machine tells

    def name(self, module: Any, name: Any, protocol: int) -> Name:
        """Take a name, as Python would resolve it: up to protocol 2 it knows those of Python 2."""
        if not isinstance(module, str) or not isinstance(name, str):
            self.doubt("it imports a name that it works out when it is loaded")
            return "?", "?"
        if protocol < 3:
            module, name = _of_python_2(module, name)
        found = (module, name)
        if found not in self.names and len(self.names) >= 50_000:
            raise Bounded("it has more than 50,000 names")
        self.names.setdefault(found, set()).add(NAMED)
        return found

    def called(self, made: Object) -> None:
        if not isinstance(made.by, Global):
            self.doubt("it calls what another call returned")
        elif not isinstance(made.args, tuple):
            self.doubt(f"it calls {made.by.text} with arguments that it works out when it is loaded")
        else:
            self._mark(made.by, made.how)
            self._mark_class(made, NEW)
            self._ask(made, None)
            if made.by.name == "_load_from_bytes" and made.by.text == LOADS and self.nested is not None:
                self.nested(self, made.args[0] if made.args else b"")

    def built(self, made: Object, state: Any) -> None:
        if isinstance(made.by, Global):
            self._mark(made.by, BUILT)
            self._mark_class(made, BUILT)
            self._ask(made, state)

    def extended(self, made: Object) -> None:
        if isinstance(made.by, Global):
            self._mark(class_of(made) or made.by, EXTENDED)

    def persistent(self, id_: Any) -> None:
        if len(self.persistent_ids) < 100_000:
            self.persistent_ids.append(id_)
        else:
            raise Bounded("it has more than 100,000 persistent ids")

    def strange_ids(self) -> list[str]:
        """Return what is strange about persistent ids: PyTorch's name storages, others what only a program knows."""
        strange = any(not (self.torch and _is_storage(one)) for one in self.persistent_ids)
        return ["it asks the program that loads it for an object of its own"] if strange else []

    def after_build(self, machine: Any, made: Object) -> None:
        """Let joblib's arrays, whose bytes stand between the opcodes, be gone past."""
        of = class_of(made)  # by copyreg, too
        if self.arrays is not None and of is not None and of.name == "NumpyArrayWrapper":
            self.arrays(machine, made)

    def _mark_class(self, made: Object, how: str) -> None:
        """Mark what is done with the class that copyreg is given, as protocols 0 and 1 write it."""
        of = class_of(made)
        if of is not None and of is not made.by:
            self._mark(of, how)

    def _mark(self, by: Global, how: str) -> None:
        self.names.setdefault((by.module, by.name), set()).add(how)

    def _ask(self, made: Object, state: Any) -> None:
        if self.judge is not None:
            said = self.judge(made, state)
            if said:
                self.doubt(said)


def _is_storage(id_: Any) -> bool:
    named = isinstance(id_, tuple) and len(id_) >= 5 and id_[0] == "storage" and isinstance(id_[1], Global)
    return named and id_[1].module in ("torch", "torch.storage")


def _of_python_2(module: str, name: str) -> Name:
    import _compat_pickle  # noqa: PLC0415  # hardly any pickle is of protocol 2 or less

    if (module, name) in _compat_pickle.NAME_MAPPING:
        return _compat_pickle.NAME_MAPPING[module, name]
    return _compat_pickle.IMPORT_MAPPING.get(module, module), name
