"""What is gone past at once, or done without a call, is what the table of opcodes would have read step by step."""

from __future__ import annotations

import functools
import pickle
import random
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trinity_guard.detect.scan import batches, files, machine
from trinity_guard.detect.scan.record import Record
from trinity_guard.detect.scan.values import Dict, Global, Object, Opaque, Persistent, Raw, Set

KEEP = 8
EVIL = b"cos\nsystem\n(S'x'\ntR"


def shape(value: Any, around: tuple[int, ...] = ()) -> Any:
    """Return a value as one that can be compared."""
    if id(value) in around:
        return "what it stands in"
    inner = functools.partial(shape, around=(*around, id(value)))
    if isinstance(value, Dict):
        return ("dict", [(inner(key), inner(item)) for key, item in value.pairs])
    if isinstance(value, Set):
        return ("set", [inner(item) for item in value.items])
    if isinstance(value, Object):
        parts = (value.by, value.args, value.kwargs, value.states, value.items, value.pairs)
        return ("object", value.how, [inner(part) for part in parts])
    if isinstance(value, list | tuple):
        return (type(value).__name__, [inner(item) for item in value])
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, Opaque | Persistent):
        return (type(value).__name__, value.what if isinstance(value, Opaque) else inner(value.id))
    return value.text if isinstance(value, Global) else value.bytes() if isinstance(value, Raw) else value


def said(data: bytes) -> tuple[Any, ...]:
    record: Record = files.read_bytes(data, b"m.pkl", KEEP)
    return record.names, list(record.doubts), list(record.unread), record.pickles, shape(record.values)


def slowly(monkeypatch: pytest.MonkeyPatch, data: bytes) -> tuple[Any, ...]:
    with monkeypatch.context() as patched:
        patched.setattr(batches, "skip", lambda m, replay: False)
        patched.setattr(machine.Machine, "_plain", lambda m, data, end: 0)
        return said(data)


def texts(rng: random.Random) -> str:
    return "".join(rng.choices("abé \x00~中", k=rng.randint(0, 3))) or f"t{rng.randrange(900)}"


SHARED = [f"row {n}" for n in range(99)]
MAKERS: dict[str, Callable[[random.Random], Any]] = {
    "numbers": lambda rng: rng.choice([rng.randrange(256), rng.randrange(-70_000, 1 << 40), rng.random(), None, True]),
    "small numbers": lambda rng: rng.randrange(1 << 20),
    "ASCII": lambda rng: f"word{rng.randrange(1 << 30)}",
    "texts": texts,
    "tuples": lambda rng: (rng.randrange(9), f"a{rng.randrange(99)}"),
    "dicts": lambda rng: {
        "feature": rng.randrange(9),
        "at": rng.random(),
        rng.choice("ab"): None,
        f"k{rng.random()}": "é",
    },
    "deep": lambda rng: {"a": {"b": [rng.randrange(9), {}], "c": [[1], [f"x{rng.random()}", [{"d": ()}, {"e"}]]]}},
    "lists": lambda rng: [rng.random() for _ in range(rng.randrange(4))],
    "sets": lambda rng: {"a", rng.choice("bcd"), str(rng.random())},
    "long rows": lambda rng: (rng.randrange(9), f"a{rng.random()}", "shared", 0.5, None),
    "shared": lambda rng: [rng.choice(SHARED), rng.choice(SHARED)],
    "anything": lambda rng: rng.choice([1, "a", [2], {"b": 0.5}, (), b"c", "long" * 50, (1, (2, 3))]),
}
# Frames go to the end of the file, and what is near that is read step by step.
PADDING = b"x" * (batches.LONGEST_FRAME + 400_000)


def made(rng: random.Random, what: str, protocol: int) -> bytes:
    item = MAKERS[what]
    count = rng.choice([0, 5, 999, 1001, 2500])
    first = [item(rng) for _ in range(count)]
    second = {f"key{n}": item(rng) for n in range(rng.choice([3, 1500, 3100]))}
    # Again, by their numbers in the memo; and once more behind what was gone past.
    return pickle.dumps([first, second, first[-3:], list(second)[:5], list(second)[-5:], PADDING], protocol)


@pytest.mark.parametrize("what", MAKERS)
@pytest.mark.parametrize("protocol", [2, 4])
def test_both_ways_read_the_same(monkeypatch: pytest.MonkeyPatch, what: str, protocol: int) -> None:
    rng = random.Random(f"{what}{protocol}")
    data = made(rng, what, protocol)
    assert said(data) == slowly(monkeypatch, data)
    assert not said(data)[2]


@pytest.mark.slow
@pytest.mark.parametrize("what", MAKERS)
@pytest.mark.parametrize("seed", range(30))
def test_both_ways_read_what_was_damaged(monkeypatch: pytest.MonkeyPatch, what: str, seed: int) -> None:
    rng = random.Random(f"{what}{seed}")
    data = bytearray(made(rng, what, rng.choice([0, 2, 4, 5])))
    stop = len(data) - len(PADDING)
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(max(stop, 1))
        piece = rng.choice(
            [bytes([rng.randrange(256)]), EVIL, b"h\x00", b"\x94", b"r\x00\x00\x00\x00", b"(", b"u", b"e", b""]
        )
        data[at : at + rng.choice([0, len(piece)])] = piece
    assert said(bytes(data)) == slowly(monkeypatch, bytes(data))


# Opcodes with their arguments, some wrong, some cut; what they do to each other is the machine's affair.
PIECES = [
    b"]",
    b"}",
    b"N",
    b")",
    b"(",
    b"K\x05",
    b"M\x05\x01",
    b"J\xff\xff\xff\xff",
    b"G" + bytes(8),
    b"\x8c\x01a",
    b"\x8c\x02\xc3\xa9",
    b"\x8c\x01\xff",
    b"\x8c\xc8" + b"t" * 200,
    b"X\x01\x00\x00\x00b",
    b"X\x02\x00\x00\x00\xc3\xa9",
    b"X\xff\xff\xff\x7fx",
    b"X\x2c\x01\x00\x00" + b"x" * 300,
    b"X\x03\x00\x00\x00\xed\xa0\x80",
    b"\x94",
    b"q\x00",
    b"q\x01",
    b"r\x02\x00\x00\x00",
    b"h\x00",
    b"h\x01",
    b"j\x02\x00\x00\x00",
    b"a",
    b"e",
    b"s",
    b"u",
    b"t",
    b"\x85",
    b"\x86",
    b"0",
    b"2",
    b"\x8f",
    b"\x90",
    b"l",
    b"d",
    b"\x95\x04\x00\x00\x00\x00\x00\x00\x00",
    b"\x95\x40\x00\x00\x00\x00\x00\x00\x00",
    b"\x80\x04",
    b"R",
    b"\x93",
    b"\x81",
    b"b",
    b"\x8c\x02os",
    b"\x8c\x06system",
    b"cos\nsystem\n",
    b".",
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=60), st.binary(max_size=3))
def test_both_ways_read_any_opcodes_alike(pieces: list[bytes], rest: bytes) -> None:
    data = b"\x80\x04" + b"".join(pieces) + rest + b"." + PADDING[:600]
    with pytest.MonkeyPatch.context() as patch:
        assert said(data) == slowly(patch, data)


FULL = {
    "a list": (b"](" + b"K\x01" * KEEP + b"e", b"e"),
    "a dict": (b"}(" + b"\x8c\x01kN" * KEEP + b"u", b"u"),
    "a set": (b"\x8f(" + b"K\x01" * KEEP + b"\x90", b"\x90"),
    "a list, and a memo": (b"N\x94" * 300 + b"](" + b"K\x01" * KEEP + b"e", b"e"),
}
CONTAINERS = [
    b"](K\x01K\x02e",
    b"}(\x8c\x01aK\x02u",
    b"\x8f(K\x01\x90",
    b"}\x94\x8c\x01aNs",
    b"]\x94K\x94a",
    b"(NNNNt\x94",
]


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(sorted(FULL)), st.lists(st.sampled_from([*PIECES, *CONTAINERS * 4]), max_size=12))
def test_both_ways_read_any_items_of_a_full_container_alike(full: str, pieces: list[bytes]) -> None:
    before, closing = FULL[full]
    items = b"".join(pieces)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches, "SHORTEST", 0)
        patch.setattr(batches, "LONGEST_FRAME", 0)
        for more in (items, b"\x94".join(pieces), b"K\x01" + items):
            data = b"\x80\x04" + before + b"(" + more + closing + b"\x8c\x02oscposix\nh\x05\x93."
            assert said(data) == slowly(patch, data)


BEHIND = {
    "a name out of what was gone past": lambda at: b"\x8c\x02os" + at + b"\x93\x8c\x01x\x85R0",
    "a module out of it": lambda at: at + b"\x8c\x06system\x93\x8c\x01x\x85R0",
}


@pytest.mark.parametrize("what", BEHIND)
def test_a_name_is_found_in_what_was_gone_past(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    words = {f"w{n}": n for n in range(5000)}
    data = pickle.dumps([words, PADDING], 4)
    found = pickle.dumps([{**words, ("system" if "name" in what else "os"): 1}, PADDING], 4)
    # The last of the dict's keys: each is memoized, behind the list and the dict.
    at = b"j" + (2 + len(words)).to_bytes(4, "little")
    place = found.index(b"B", found.index(b"w4999"))
    assert data[:2] == found[:2]
    whole = found[:place] + BEHIND[what](at) + found[place:]
    assert ("os", "system") in said(whole)[0]
    assert said(whole) == slowly(monkeypatch, whole)


@pytest.mark.parametrize("what", [[n * 7919 for n in range(40_000)], {f"key{n}": n for n in range(40_000)}])
@pytest.mark.parametrize("more", [-1, 0, 1])
def test_a_frame_that_ends_within_an_item_is_seen(monkeypatch: pytest.MonkeyPatch, what: Any, more: int) -> None:
    data = bytearray(pickle.dumps([what, PADDING], 4))
    found = re.compile(rb"\x95..[\x00\x01]\x00{5}", re.DOTALL).search(data, 60_000)
    assert found is not None
    at = found.start()
    data[at + 1 : at + 9] = (int.from_bytes(data[at + 1 : at + 9], "little") + more).to_bytes(8, "little")
    assert said(bytes(data))[1] == ([machine.OVER_FRAME] if more else [])
    assert said(bytes(data)) == slowly(monkeypatch, bytes(data))


def test_what_is_gone_past_is_a_great_deal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or no test here would see a batch."""
    begun: list[int] = []
    before = batches.skip

    def counted(m: machine.Machine, replay: Any) -> bool:
        found = before(m, replay)
        begun.extend([m.at] * found)
        return found

    monkeypatch.setattr(batches, "skip", counted)
    for what in ("small numbers", "ASCII", "dicts", "deep", "lists", "sets", "long rows", "shared"):
        begun.clear()
        rng = random.Random(what)
        said(pickle.dumps([[MAKERS[what](rng) for _ in range(9000)], PADDING], 4))
        assert len(begun) >= 7, what
        said(pickle.dumps([{f"k{n}": MAKERS[what](rng) for n in range(9000)}, PADDING], 4))
        # What comes from the memo stands in no tuple of a dict: it may be a key.
        assert len(begun) >= (7 if what == "long rows" else 14), what


def test_the_memo_counts_what_it_has_not_read() -> None:
    memo = batches.Memo()
    memo[0] = "first"
    memo.later(10, lambda first: {first + n: f"a{n}" for n in range(10)})
    copied = memo.copy()
    assert (len(memo) + memo.lazy, memo[10], memo.lazy) == (11, "a9", 0)
    copied.read_all()
    assert copied == memo
    with pytest.raises(KeyError):
        memo[11]


def test_a_memo_whose_values_stand_on_each_other_is_read_without_recursion() -> None:
    memo = batches.Memo()
    memo[0] = 0
    for _ in range(5000):
        memo.later(1, lambda first: {first: memo[first - 1] + 1})
    assert (memo[5000], memo.lazy) == (5000, 0)


def _text(word: str) -> bytes:
    return b"\x8c" + bytes([len(word)]) + word.encode()


def test_a_memo_that_is_written_by_number_and_in_turn_is_followed_through_a_batch() -> None:
    """Where MEMOIZE meets a number that is taken already, Python puts its object there and does not count on."""
    many = b"(" + b"K\x01" * 1000 + b"e"
    renumbered = b"(" + b"K\x01" * 990 + (_text("exec") + b"\x94") * 10 + b"e"
    first = b"\x80\x04" + _text("builtins") + b"\x94" + _text("bytes") + b"q\x0500]"
    call = b"h\x00h\x05\x93C\x04pass\x85R0"
    data = first + many * (2 + files.FEW // 1000) + renumbered + b"0" + call
    data += b"B" + batches.SHORTEST.to_bytes(4, "little") + bytes(batches.SHORTEST) + b"."  # so much is worth a look
    assert list(files.read_bytes(data, b"m.pkl", KEEP).names) == [("builtins", "exec")]
