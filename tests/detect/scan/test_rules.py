"""What a call, or a state, may be given: what the libraries write, and nothing beside it."""

from __future__ import annotations

import pickle
from collections import OrderedDict
from typing import Any

import numpy as np
import pytest

from tests.detect.scan.test_dtypes import _name, _word
from trinity_guard.detect.scan import files, rules
from trinity_guard.detect.scan.record import CALLED, NEW
from trinity_guard.detect.scan.values import Dict, Global, Object

ND = Global("numpy", "ndarray")
OBJECT = Global("builtins", "object")


def called(by: str, *args: Any, how: str = CALLED) -> Object:
    module, _, name = by.rpartition(".")
    return Object(Global(module, name), args, how)


@pytest.mark.parametrize(
    "value",
    [
        np.arange(3.0), np.array(["a", None], dtype=object), np.zeros(2, dtype=[("a", "f8"), ("b", "O")]),
        np.float64(1.5), np.random.RandomState(0), np.random.default_rng(0), np.ma.array([1, 2], mask=[True, False]),
        OrderedDict(a=1), slice(1, 2), range(3), b"bytes", complex(1, 2),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_what_the_libraries_write_is_no_doubt(value: object, protocol: int) -> None:
    record = files.read_bytes(pickle.dumps(value, protocol), b"x.pkl", files.FEW, rules.judge)
    assert not record.doubts


ODD = {
    "an array of another class": called("numpy.core.multiarray._reconstruct", Global("os", "system"), (0,), b"b"),
    "an array of a shape of its own": called("numpy.core.multiarray._reconstruct", ND, (9,), b"b"),
    "an encoding that is another": called("_codecs.encode", "x", "rot13"),
    "copyreg that makes a class of another base": called("copyreg._reconstructor", Global("a", "B"), ND, None),
    "copyreg with a state for an object": called("copyreg._reconstructor", Global("a", "B"), OBJECT, 1),
    "a dtype of several": called("numpy.dtype", "i4,O", False, True),
    "a dtype as long as memory": called("numpy.dtype", "V9999999999", False, True),
    "a generator of another function": called("numpy.random._pickle.__generator_ctor", Global("os", "system")),
    "a function that is handed on": called("functools.partial", Global("os", "system")),
}


@pytest.mark.parametrize("what", ODD)
def test_what_no_library_writes_is_said(what: str) -> None:
    assert rules.judge(ODD[what], None).startswith(("it calls", "it hands"))


def test_a_class_that_makes_objects_of_arguments_is_said() -> None:
    assert rules.judge(called("collections.OrderedDict", how=NEW), None) == ""
    assert rules.judge(called("collections.OrderedDict", 1, how=NEW), None) == (
        "it calls collections.OrderedDict with arguments that no library writes"
    )


def test_a_state_of_slots_is_no_librarys() -> None:
    made = called("sklearn.tree._classes.DecisionTreeClassifier", how=NEW)
    assert rules.judge(made, Dict([("max_depth", 3)])) == ""
    assert rules.judge(made, (None, Dict([("fit", 1)]))).endswith("a state that no library writes")


def test_what_another_call_returned_is_not_the_rules_business() -> None:
    assert rules.judge(Object(called("a.b"), (), CALLED), None) == ""


@pytest.mark.parametrize("count", [0, 3 * files.FEW])
@pytest.mark.parametrize("owner", ["lightgbm.basic.Booster", "xgboost.core.Booster"])
def test_what_makes_a_state_odd_is_said_wherever_it_stands_in_it(owner: str, count: int) -> None:
    more = b"".join(_word(f"k{at}") + b"K\x01" for at in range(count))
    module, _, name = owner.rpartition(".")
    data = b"\x80\x04" + _name(module, name) + b")\x81}(" + more + _word("handle") + b"K\x05ub."
    assert files.read_bytes(data, b"x.pkl", files.FEW, rules.judge).doubts
