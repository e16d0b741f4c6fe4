"""Is a file known to be harmless? By what it names, what it does with that, and whether all of it could be read."""

from __future__ import annotations

from trinity_guard.detect.scan import files, known, rules
from trinity_guard.detect.scan.record import BUILT, CALLED, EXTENDED, NAMED, NEW, Name, Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

HARMLESS, UNKNOWN, UNREADABLE, NO_PICKLE = "harmless", "unknown", "unreadable", "no pickle"
# Sentences stay short: the first few names say enough.
MAX_SAID = 3

_DONE = {CALLED: "calls", NEW: "makes objects of", BUILT: "gives a state to", EXTENDED: "extends", NAMED: "names"}


class Verdict:
    """kind: one of the four above. names: what is named and not known to be harmless, sorted; of one that is harmless
    all names. why: a sentence without its subject ("calls os.system"), "" for what is harmless or no pickle. bounded:
    it is unreadable here alone, and Python may read on."""

    __slots__ = ("bounded", "kind", "names", "why")

    def __init__(self, kind: str, names: list[str], why: str, bounded: bool = False) -> None:
        self.bounded = bounded
        self.kind = kind
        self.names = names
        self.why = why

    @property
    def is_fine(self) -> bool:
        return self.kind in (HARMLESS, NO_PICKLE)


def of_file(path: bytes, allow: Sequence[str] = (), name: bytes | None = None) -> Verdict:
    """Judge a file; OSError where it cannot be opened. name: what it is called, when `path` is its place in a cache."""
    return of_record(files.read(path, files.FEW, rules.judge, name), allow)


def of_bytes(data: Any, name: bytes = b"", allow: Sequence[str] = ()) -> Verdict:
    return of_record(files.read_bytes(data, name, files.FEW, rules.judge), allow)


def of_record(record: Record, allow: Sequence[str] = ()) -> Verdict:
    strange = {name: done for name, uses in record.names.items() if (done := _beyond(name, uses, allow))}
    doubts = [*record.doubts, *record.strange_ids()]
    if strange or doubts:
        names = sorted(_text(name) for name in strange)
        return Verdict(UNKNOWN, names, _said(strange, doubts))
    if record.unread:
        return Verdict(UNREADABLE, sorted(map(_text, record.names)), next(iter(record.unread)), record.bounded)
    if not record.pickles:
        return Verdict(NO_PICKLE, [], "")
    return Verdict(HARMLESS, sorted(map(_text, record.names)), "")


def _beyond(name: Name, done: set[str], allow: Sequence[str]) -> set[str]:
    """Return what is done with a name that is not known to be harmless."""
    beyond = done - known.uses(name)
    return set() if beyond and known.is_allowed(name, allow) else beyond


def _text(name: Name) -> str:
    return ".".join(name)


def _said(strange: dict[Name, set[str]], doubts: list[str]) -> str:
    parts: list[str] = []
    for how, verb in _DONE.items():
        names = sorted(_text(name) for name, done in strange.items() if how == _main(done))
        if names:
            more = f" and {len(names) - MAX_SAID} more" if len(names) > MAX_SAID else ""
            parts.append(f"{verb} {', '.join(names[:MAX_SAID])}{more}")
    parts += [said.removeprefix("it ") for said in doubts[:MAX_SAID]]
    return "; ".join(parts)


def _main(done: set[str]) -> str:
    return next(how for how in _DONE if how in done)
