"""What was read of a file: names as Python resolves them, doubts, and bounds that all of its parts share."""

from __future__ import annotations

import pytest

from trinity_guard.detect.scan import record
from trinity_guard.detect.scan.record import BUILT, CALLED, EXTENDED, NAMED, NEW, Broken, Record
from trinity_guard.detect.scan.values import Global, Object


@pytest.mark.parametrize(
    ("module", "name", "protocol", "expected"),
    [
        ("os", "system", 4, ("os", "system")),
        ("__builtin__", "eval", 2, ("builtins", "eval")),
        ("__builtin__", "eval", 3, ("__builtin__", "eval")),
        ("itertools", "izip", 0, ("builtins", "zip")),
        ("Queue", "Queue", 1, ("queue", "Queue")),
    ],
)
def test_a_name_is_the_one_that_python_would_import(
    module: str, name: str, protocol: int, expected: tuple[str, str]
) -> None:
    found = Record()
    assert found.name(module, name, protocol) == expected
    assert found.names == {expected: {NAMED}}


def test_a_name_that_is_worked_out_is_a_doubt() -> None:
    found = Record()
    assert found.name(None, "system", 4) == ("?", "?")
    assert list(found.doubts) == ["it imports a name that it works out when it is loaded"]


def test_what_is_done_with_a_name_is_told() -> None:
    found = Record()
    made = Object(Global("a", "B"), (), NEW)
    found.called(made)
    found.built(made, {})
    found.extended(made)
    assert found.names == {("a", "B"): {NEW, BUILT, EXTENDED}}


def test_of_copyreg_the_class_is_meant_that_it_is_given() -> None:
    found = Record()
    found.called(Object(Global("copyreg", "_reconstructor"), (Global("a", "B"), Global("b", "C"), None), CALLED))
    assert found.names[("copyreg", "_reconstructor")] == {CALLED}
    assert NEW in found.names[("a", "B")]


def test_a_call_of_a_call_and_arguments_that_are_worked_out_are_doubts() -> None:
    found = Record()
    inner = Object(Global("a", "b"), (), CALLED)
    found.called(Object(inner, (), CALLED))
    found.called(Object(Global("a", "b"), inner, CALLED))
    assert list(found.doubts) == [
        "it calls what another call returned",
        "it calls a.b with arguments that it works out when it is loaded",
    ]


def test_a_judge_is_asked_of_calls_and_states() -> None:
    asked: list[object] = []

    def judge(made: Object, state: object) -> str:
        asked.append(state)
        return "it is odd" if state else ""

    found = Record(judge)
    made = Object(Global("a", "b"), (), CALLED)
    found.called(made)
    assert not found.doubts
    found.built(made, 1)
    assert (asked, list(found.doubts)) == ([None, 1], ["it is odd"])


def test_a_trial_is_taken_over_or_forgotten_and_shares_the_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "MAX_STEPS", 10)
    found = Record()
    trial = found.trial()
    trial.name("os", "system", 4)
    trial.doubt("d")
    trial.cannot_read("u")
    trial.pickles = 1
    trial.spend(8)
    assert not found.names
    found.take(trial)
    assert (found.names, list(found.doubts), list(found.unread), found.pickles) == (
        {("os", "system"): {NAMED}}, ["d"], ["u"], 1,
    )  # fmt: skip
    with pytest.raises(Broken, match="more than 10 opcodes"):
        found.spend(3)


def test_time_has_an_end() -> None:
    with pytest.raises(Broken, match="takes longer than 120 s"):
        Record().spend(0, 1e18)


def test_only_so_much_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "MAX_SAID", 2)
    found = Record()
    for text in "abcd":
        found.doubt(text)
        found.cannot_read(text)
    assert (list(found.doubts), list(found.unread)) == (["a", "b"], ["a", "b"])


@pytest.mark.parametrize(
    ("torch", "id_", "strange"),
    [
        (True, ("storage", Global("torch", "FloatStorage"), "0", "cpu", 4), False),
        (False, ("storage", Global("torch", "FloatStorage"), "0", "cpu", 4), True),
        (True, ("storage", Global("other", "FloatStorage"), "0", "cpu", 4), True),
        (True, ("storage", "FloatStorage"), True),
        (True, "anything", True),
    ],
)
def test_pytorchs_storages_alone_are_no_strange_ids(torch: bool, id_: object, strange: bool) -> None:
    found = Record()
    found.torch = torch
    found.persistent(id_)
    assert bool(found.strange_ids()) == strange
