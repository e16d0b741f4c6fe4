"""The items of a long list, dict or set, gone past at once: pickle writes them in batches of a thousand.

Where a container holds as many items as are kept, what follows is only read for its names and for the memo. Numbers,
short texts, and lists, dicts, sets and tuples of them have no names: regular expressions match them opcode by opcode.
What they put into the memo stands there by its place, and is read step by step when somebody asks for it. A batch that
has anything else in it, or does not end well, is read step by step at once.
"""

from __future__ import annotations

from functools import partial
from itertools import islice

from trinity_guard.detect.scan.values import Dict, Object, Set, hashing

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from collections.abc import Callable
    from typing import Any


FRAME, MEMOIZE = b"\x95", b"\x94"
LIST, DICT, SET = b"]}\x8f"
CLOSES = {LIST: b"e", DICT: b"u", SET: b"\x90"}
# What gives a list or a dict one item alone.
ONE = {LIST: b"a", DICT: b"s"}
# As long as a frame's length is believed without a look at where the file ends.
LONGEST_FRAME = 1 << 17
# Longer texts are few in a file, and tuples of more items; deeper is nothing that a model has by the million.
LONGEST_TEXT, LONGEST_TUPLE, DEEPEST = 64, 16, 8
# What is left of a shorter pickle is read sooner than the patterns are made.
SHORTEST = 1 << 19
# A key that is hashed by so many items takes no longer than to read them.
CHEAP_KEY = 64


class Memo(dict[int, "Any"]):
    """The memo, with runs of what is only known by its place. lazy: how many those are."""

    __slots__ = ("_runs", "lazy")

    def __init__(self) -> None:
        super().__init__()
        self.lazy = 0
        self._runs: list[tuple[int, int, Callable[[int], dict[int, Any]]]] = []

    def copy(self) -> Memo:
        other = Memo()
        other.update(self)
        other.lazy, other._runs = self.lazy, list(self._runs)
        return other

    def later(self, count: int, read: Callable[[int], dict[int, Any]]) -> None:
        """Take so many values, which `read` returns of the number of the first."""
        first = len(self) + self.lazy
        self._runs.append((first, first + count, read))
        self.lazy += count

    def __missing__(self, number: int) -> Any:
        runs = [run for run in self._runs if run[0] <= number]
        if not runs or number >= runs[-1][1]:
            raise KeyError(number)
        # Those before it, too: what stands in one may come from another.
        for _ in runs:
            self._read()
        return self[number]

    def read_all(self) -> None:
        while self._runs:
            self._read()

    def _read(self) -> None:
        first, stop, read = self._runs.pop(0)
        self.update(read(first))
        self.lazy -= stop - first


# ---- the patterns

# Which opcodes a batch may have. Keys are hashed, and a tuple of the memo may be of any size: where tuples are made of
# what comes from the memo, nothing is hashed, and where they are keys, nothing comes from the memo.
PLAIN, ROWS, KEYED = range(3)
# How many values the memo has, and what is read of it then, all of which is there.
GETS = (
    (1 << 24, rb"h.|j.{3}\x00"), (1 << 16, rb"h.|j..\x00\x00"), (1 << 13, rb"h.|j.[\x00-\x1f]\x00\x00"),
    (1 << 10, rb"h.|j.[\x00-\x03]\x00\x00"), (1 << 8, b"h."), (0, b""),
)  # fmt: skip
_FOUND: dict[tuple[int, bytes, bool], Any] = {}
_STRANGE: list[re.Pattern[bytes]] = []


class _Patterns:
    """items, pairs: as many as there are of them, a container of plain items among them. key: one. opened: a new list,
    dict or set; mark: what its items begin with."""

    items: Any
    pairs: Any
    key: Any
    opened: Any
    mark: Any
    frame: Any

    def __init__(self, which: int, gets: bytes, framed: bool) -> None:
        import re  # noqa: PLC0415  # for long pickles alone

        frame = rb"(?:\x95..[\x00\x01]\x00{5})?+" if framed else b""
        memo = rb"(?:\x94%s)?+" % frame
        leaf = b"(?:" + b"|".join([_text(memo), *([gets] * bool(gets)), NUMBER]) + b")" + frame
        tuples = rb"%s(?:\x85%s|%s(?:\x86%s|%s\x87%s))" % (leaf, frame + memo, leaf, frame + memo, leaf, frame + memo)
        mark = rb"\(" + frame
        key = b"(?:%s|%s)" % (tuples, leaf) if which == KEYED else leaf
        containers = [rb"\]%s(?:%s(?:%s)*+e|%sa|%s)" % (frame + memo, mark, leaf, leaf, _EMPTY)]
        if which != ROWS:
            pairs = rb"\}%s(?:%s(?:%s%s)*+u|%s%ss|%s)" % (frame + memo, mark, key, leaf, key, leaf, _EMPTY)
            containers += [pairs, rb"\x8f%s(?:%s(?:%s)*+\x90|%s)" % (frame + memo, mark, key, _EMPTY)]
        inside = [leaf, b"(?:" + b"|".join(containers) + b")" + frame]
        if which != PLAIN:
            inside[:0] = [tuples, rb"%s(?:%s){0,%d}+t%s" % (mark, leaf, LONGEST_TUPLE, frame + memo)]
        one = b"(?:" + b"|".join(inside) + b")"
        self.which = which
        self.items, self.pairs = (re.compile(b"(?:" + many + b")*+", re.DOTALL) for many in (one, key + one))
        self.key = re.compile(key, re.DOTALL)
        self.opened = re.compile(rb"[\]\}\x8f]" + frame + memo, re.DOTALL)
        self.mark = re.compile(mark, re.DOTALL)
        self.frame = re.compile(frame, re.DOTALL)


def _strange() -> re.Pattern[bytes]:
    """Return the pattern of opcodes up to a frame, or to one that has MEMOIZE's byte in its argument; or to the end."""
    if not _STRANGE:
        import re  # noqa: PLC0415  # for long pickles alone

        number = rb"K%s|M%s{2}|J%s{4}|G%s{8}|h%s|j%s{4}|\x8a(?:%s)"
        bare = rb"[N\x88\x89)\]\}\x8f(euast\x85-\x87\x90\x94]"
        any_, plain = (
            rb"\x8c%s|%s|%s" % (_lengths(one), bare, number % (*[one] * 6, _longs(one))) for one in (b".", b"[^\x94]")
        )
        _STRANGE.append(re.compile(rb"(?:%s)*+(%s|\x95.{8}|\Z)" % (plain, any_), re.DOTALL))
    return _STRANGE[0]


def _longs(letter: bytes) -> bytes:
    return b"|".join(b"\\x0%d%s{%d}" % (n, letter, n) for n in range(9))


NUMBER = rb"K.|M..|J.{4}|G.{8}|[N\x88\x89)]|\x8a(?:" + _longs(b".") + b")"
# An empty container, where no item can follow that might be its own.
_EMPTY = rb"(?=[aseut\x85-\x87\x90])"
# A text's: MEMOIZE's own within a letter alone, so that the first one that is none ends the text.
_BYTE = rb"(?:[^\x94]|(?<=[\xc2-\xef])\x94|(?<=[\xe1-\xef][\x80-\xbf])\x94)"
_UTF8 = rb"(?:[\x00-\x7f]++|[\xc2-\xdf][\x80-\xbf]|[\xe1-\xef][\x80-\xbf]{2}|\xf0[\x90-\xbf][\x80-\xbf]{2})"


def _text(memo: bytes) -> bytes:
    """Return the pattern of a short text. One that is not ASCII is letters up to a MEMOIZE, which begins none."""
    plain = _lengths(b"[\\x00-\\x7f]")
    return rb"\x8c(?:%s|(?=.%s*+\x94)%s(?=\x94))" % (plain, _UTF8, _lengths(_BYTE)) + memo


def _lengths(letter: bytes) -> bytes:
    return b"(?:" + b"|".join(b"\\x%02x%s{%d}" % (n, letter, n) for n in range(LONGEST_TEXT)) + b")"


def _patterns(which: int, gets: bytes, framed: bool) -> _Patterns:
    wanted = which, gets, framed
    if wanted not in _FOUND:
        _FOUND[wanted] = _Patterns(*wanted)
    found: _Patterns = _FOUND[wanted]
    return found


# ---- the batch


def is_full(target: Any, keep: int) -> bool:
    """Whether a container has as many items as are kept, so that what follows is only read for names and memo."""
    if type(target) is list:
        return len(target) >= keep
    if type(target) is Set:
        return len(target.items) >= keep
    return type(target) in (Dict, Object) and max(len(target.pairs), len(getattr(target, "items", ()))) >= keep


def skip(m: Any, replay: Callable[[Any, int, int, int], dict[int, Any]]) -> bool:
    """Let a machine go past all items of a full container that begin here, up to what closes it; say whether it could.

    replay: returns what opcodes between two places put into the memo, of the number of the first.
    """
    begin = m.at
    if m.end - begin < SHORTEST or begin < m.tried:
        return False
    for which, gets in _ways(m):
        stop = _end(m, _patterns(which, gets, begin < m.frame))
        m.tried = max(m.tried, abs(stop))
        count = _memoized(m, stop) if stop > 0 else -1
        # Where the memo was written by number, MEMOIZE may meet a number that is taken: each has to be followed.
        if count == 0 or (count > 0 and not m.puts):
            m.at = stop
            if type(m.below[-1][-1]) is Dict:
                m.below[-1][-1].cut = m.below[-1][-1].odd = True
            if which == ROWS:
                m.rows = True
                m.unseen[id(m.below[-1][-1])] = m.below[-1][-1]
            m.record.spend((stop - begin) >> 3)
            m.memo.later(count, partial(replay, m, begin, stop))
            return True
    return False


def _ways(m: Any) -> list[tuple[int, bytes]]:
    """Return which patterns may match, and what they read of the memo."""
    known = 0 if m.puts else len(m.memo) + m.memo.lazy
    gets = next(pattern for least, pattern in GETS if known >= least)
    ways = [(PLAIN, gets if not m.rows and _keys_are_cheap(m) else b"")]
    if _kind(m.below[-1][-1]) == LIST:
        ways.append((ROWS, gets))
    return [*ways, (KEYED, b"")]


def _keys_are_cheap(m: Any) -> bool:
    """Whether no tuple of the memo takes long to hash."""
    new = [one for one in islice(reversed(m.memo.values()), len(m.memo) - m.looked) if type(one) is tuple]
    m.looked = len(m.memo)
    if new:
        m.tuples.append(new)  # what is counted by its id must stay
        m.rows |= any(hashing([one], m.sizes) > CHEAP_KEY for one in new)
    return not m.rows


def _end(m: Any, patterns: _Patterns) -> int:
    """Return where the items of a batch end, just before what closes it; where they do not, how far they were read,
    below 0."""
    kind = _kind(m.below[-1][-1])
    stop = _items(m, patterns, m.at, kind == DICT, 0)
    fine = stop + LONGEST_FRAME < m.end and m.data[stop : stop + 1] == CLOSES[kind]
    return stop if fine else -stop


def _kind(target: Any) -> int:
    if type(target) is list or (type(target) is Object and not target.pairs):
        return LIST
    return SET if type(target) is Set else DICT


def _items(m: Any, patterns: _Patterns, at: int, paired: bool, depth: int) -> int:
    """Return where the items (or pairs) that begin at a place end."""
    many = patterns.pairs if paired else patterns.items
    while True:
        at = many.match(m.data, at, m.end).end()
        key = patterns.key.match(m.data, at, m.end) if paired else None
        deep = _container(m, patterns, key.end() if key else at, depth) if key or not paired else -1
        if deep < 0:
            return int(at)
        at = deep


def _container(m: Any, patterns: _Patterns, at: int, depth: int) -> int:
    """Return where a list, dict or set ends that begins at a place, of a batch, one item or none; -1 for none."""
    opened = patterns.opened.match(m.data, at, m.end)
    kind = m.data[at] if opened and depth < DEEPEST else 0
    if not kind or (patterns.which == ROWS and kind != LIST):
        return -1
    mark = patterns.mark.match(m.data, opened.end(), m.end)
    if mark is None:
        key = patterns.key.match(m.data, opened.end(), m.end) if kind == DICT else opened
        stop = _container(m, patterns, key.end(), depth + 1) if key else -1
        if stop < 0 or m.data[stop : stop + 1] != ONE.get(kind):
            return int(opened.end())
    else:
        stop = mark.end() if kind == SET else _items(m, patterns, mark.end(), kind == DICT, depth + 1)
        if m.data[stop : stop + 1] != CLOSES[kind]:
            return -1
    return int(patterns.frame.match(m.data, stop + 1, m.end).end())


def _memoized(m: Any, stop: int) -> int:
    """Return how much the opcodes up to a place put into the memo, and go from frame to frame; -1 where a frame does
    not end between two of them, just before the next."""
    count, frame = m.data[m.at : stop].count(MEMOIZE), m.frame if m.at < m.frame else stop
    for found in _strange().finditer(m.data, m.at, stop):
        opcode = found[1]
        count -= opcode[1:].count(MEMOIZE)
        if opcode[:1] == FRAME:
            if found.start(1) != frame:
                return -1
            frame = found.end() + int.from_bytes(opcode[1:], "little")
    if frame < stop:
        return -1
    m.frame = frame if m.at < m.frame else m.frame
    return int(count)
