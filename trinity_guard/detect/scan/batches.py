"""A thousand items of a long list or dict, gone past at once: pickle writes them in batches of so many.

Where a container holds as many items as are kept, what follows is only read for its names and for the memo. A batch of
numbers and short ASCII texts, matched opcode by opcode by a regular expression, has no names; its texts stand in the
memo by their place, and are read when somebody asks for one. Whatever is not such a batch is read step by step.
"""

from __future__ import annotations

from trinity_guard.detect.scan.values import Dict

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from typing import Any


BATCH = 1000
FRAME = 0x95
# As long as a frame's length is believed without a look at where the file ends.
LONGEST_FRAME = 1 << 17


class Memo(dict[int, "Any"]):
    """The memo, with runs of texts that are only known by their place. lazy: how many those are."""

    __slots__ = ("_runs", "lazy")

    def __init__(self) -> None:
        super().__init__()
        self.lazy = 0
        self._runs: list[tuple[int, int, Any, int, int]] = []

    def copy(self) -> Memo:
        other = Memo()
        other.update(self)
        other.lazy, other._runs = self.lazy, list(self._runs)
        return other

    def later(self, count: int, data: Any, at: int, end: int) -> None:
        """Take so many texts, which stand between two places."""
        first = len(self) + self.lazy
        self._runs.append((first, first + count, data, at, end))
        self.lazy += count

    def __missing__(self, number: int) -> Any:
        for place, (first, stop, *_) in enumerate(self._runs):
            if first <= number < stop:
                self._read(place)
                return self[number]
        raise KeyError(number)

    def read_all(self) -> None:
        while self._runs:
            self._read(0)

    def _read(self, place: int) -> None:
        first, stop, data, at, end = self._runs.pop(place)
        self.lazy -= stop - first
        texts = (found for found in _patterns()[TEXTS].findall(data, at, end) if found)
        for number, text in enumerate(texts, first):
            self[number] = text.decode("ascii")


# ---- the patterns: of lists of numbers and of texts, of dicts of a text and a number or a text

LISTS, DICTS, TEXTS, PLAIN = "lists", "dicts", "texts", "plain"
_FOUND: dict[bool, dict[str, Any]] = {}


def _patterns(framed: bool = True) -> dict[str, Any]:
    if framed not in _FOUND:
        _FOUND[framed] = _compiled(framed)
    return _FOUND[framed]


def _compiled(framed: bool) -> dict[str, Any]:
    """Return the patterns, of batches with frames between the items or without. A list of patterns goes with how many
    texts an item of each has."""
    import re  # noqa: PLC0415  # for long pickles alone

    flags = re.DOTALL
    frame = rb"(?:\x95..[\x00\x01]\x00{5})?+" if framed else b""
    longs = b"|".join(b"\\x0%d.{%d}" % (n, n) for n in range(1, 9))
    number = rb"(?:K.|J.{4}|M..|G.{8}|[N\x88\x89]|\x8a(?:" + longs + rb"))" + frame
    lengths = b"|".join(b"\\x%02x[\\x00-\\x7f]{%d}" % (n, n) for n in range(1, 128))
    text = rb"\x8c(?:" + lengths + rb")" + frame + rb"\x94" + frame
    # What is not a text must be gone past as a whole: a number's bytes may look like one.
    texts = rb"\x8c[\x01-\x7f]([\x00-\x7f]+?)(?:\x95.{8})?\x94(?:\x95.{8})?|" + number
    return {
        LISTS: [
            (re.compile(b"(?:" + one + b"){%d}+e" % BATCH, flags), count) for one, count in ((number, 0), (text, 1))
        ],
        DICTS: [
            (re.compile(b"(?:" + text + one + b"){%d}+u" % BATCH, flags), count)
            for one, count in ((number, 1), (text, 2))
        ],
        TEXTS: re.compile(texts, flags),
        PLAIN: re.compile(b"(?:" + text + b"|" + number + b")*+", flags),
    }


def is_full(target: Any, keep: int) -> bool:
    """Whether a container has as many items as are kept, so that what follows is only read for names and memo."""
    if type(target) is list:
        return len(target) >= keep
    return type(target) is Dict and len(target.pairs) >= keep


def skip(m: Any) -> bool:
    """Let a machine go past a whole batch of a full container that begins here, up to what closes it; say whether there
    is one."""
    kind = LISTS if type(m.below[-1][-1]) is list else DICTS
    return _found(m, kind, False) or (m.at < m.frame and _found(m, kind, True))


def _found(m: Any, kind: str, framed: bool) -> bool:
    for pattern, count in _patterns(framed)[kind]:
        found: re.Match[bytes] | None = pattern.match(m.data, m.at, m.end)
        if found is None or found.end() + LONGEST_FRAME > m.end:
            continue
        if _follow_frames(m, found.end() - 1) if framed else not m.at < m.frame < found.end():
            if count:
                m.memo.later(count * BATCH, m.data, m.at, found.end() - 1)
            m.at = found.end() - 1
            m.record.spend(4 * BATCH)
            return True
    return False


def _follow_frames(m: Any, stop: int) -> bool:
    """Go from frame to frame up to a place; False where one does not end between two items, just before the next."""
    at, frame = m.at, m.frame
    while frame < stop:
        if _patterns(False)[PLAIN].match(m.data, at, frame).end() != frame or m.data[frame] != FRAME:
            return False
        at = frame + 9
        frame = at + int.from_bytes(m.data[frame + 1 : at], "little")
    if _patterns(False)[PLAIN].match(m.data, at, stop).end() != stop:
        return False
    m.frame = frame
    return True
