"""Containers are what Python makes of them; names, calls and states are told and not done."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from trinity_guard.detect.scan import calls
from trinity_guard.detect.scan.machine import Machine
from trinity_guard.detect.scan.record import BUILT, CALLED, EXTENDED, NAMED, NEW, Broken, Record
from trinity_guard.detect.scan.values import Dict, Global, Object, Persistent, Set


def ran(data: bytes) -> tuple[Any, Record]:
    record = Record()
    return Machine(data, 0, len(data), record, 1000).run(calls.TABLE), record


def plain(value: Any) -> Any:
    if isinstance(value, Dict):
        return {plain(k): plain(v) for k, v in value.pairs}
    if isinstance(value, Set):
        return set(map(plain, value.items))
    return [plain(v) for v in value] if isinstance(value, list) else value


CONTAINERS = {
    "TUPLE": b"(K\1K\x02t.",
    "TUPLE1": b"K\1\x85.",
    "TUPLE2": b"K\1K\x02\x86.",
    "TUPLE3": b"K\1K\x02K\x03\x87.",
    "LIST": b"(K\1K\x02l.",
    "APPEND": b"]K\1a.",
    "APPENDS": b"](K\1K\x02e.",
    "DICT": b"(K\1K\x02d.",
    "SETITEM": b"}K\1K\x02s.",
    "SETITEMS": b"}(K\1K\x02K\x03K\x04u.",
    "EMPTY_SET and ADDITEMS": b"\x80\x04\x8f(K\1K\x02\x90.",
    "FROZENSET": b"\x80\x04(K\1K\x02\x91.",
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_container_holds_what_python_puts_there(name: str) -> None:
    assert plain(ran(CONTAINERS[name])[0]) == pickle.loads(CONTAINERS[name])


DONE = {
    "GLOBAL": (b"ca\nb\n.", {NAMED}),
    "STACK_GLOBAL": (b"\x80\x04\x8c\1a\x8c\1b\x93.", {NAMED}),
    "REDUCE": (b"ca\nb\n)R.", {NAMED, CALLED}),
    "INST": (b"(ia\nb\n.", {NAMED, CALLED}),
    "OBJ": (b"(ca\nb\no.", {NAMED, CALLED}),
    "NEWOBJ": (b"ca\nb\n)\x81.", {NAMED, NEW}),
    "NEWOBJ_EX": (b"\x80\x04ca\nb\n)}\x92.", {NAMED, NEW}),
    "BUILD": (b"ca\nb\n)R}b.", {NAMED, CALLED, BUILT}),
    "APPEND to an object": (b"ca\nb\n)RK\1a.", {NAMED, CALLED, EXTENDED}),
    "SETITEM of an object": (b"ca\nb\n)RK\1K\x02s.", {NAMED, CALLED, EXTENDED}),
}


@pytest.mark.parametrize("name", DONE)
def test_what_is_done_with_a_name_is_told(name: str) -> None:
    data, done = DONE[name]
    value, record = ran(data)
    assert record.names == {("a", "b"): done}
    assert isinstance(value, Global if done == {NAMED} else Object)


def test_arguments_and_states_are_kept() -> None:
    value, _ = ran(b"ca\nb\n(K\1K\x02tR(Vx\nK\x05db.")
    assert (value.args, [state.pairs for state in value.states]) == ((1, 2), [[("x", 5)]])


@pytest.mark.parametrize("data", [b"Pabc\n.", b"Vabc\nQ."])
def test_a_persistent_id_is_kept_for_whoever_asks(data: bytes) -> None:
    value, record = ran(data)
    assert isinstance(value, Persistent)
    assert (value.id, record.persistent_ids) == ("abc", ["abc"])


@pytest.mark.parametrize("data", [b"(Nd.", b"(K\1u.", b"R.", b"t.", b"K\1\x86."])
def test_what_python_refuses_is_broken(data: bytes) -> None:
    with pytest.raises(Broken):
        ran(data)
