"""Pickles one behind the other, text that is none, NumPy's headers."""

from __future__ import annotations

import io
import pickle
import random

import numpy as np
import pytest

from tests.detect.scan import divergences
from trinity_guard.detect.scan import machine, streams
from trinity_guard.detect.scan import record as record_module
from trinity_guard.detect.scan.record import Record

EVIL = b"cos\nsystem\n(S'x'\ntR."


def test_a_pickle_ends_where_the_next_begins() -> None:
    one, two = pickle.dumps([1]), pickle.dumps("two")
    record = Record()
    assert streams.read(record, one + two, 0, len(one + two), 9) == len(one)
    assert record.values == [[1]]


def test_one_that_cannot_be_read_to_its_end_says_so() -> None:
    record = Record()
    assert streams.read(record, b"(K\1", 0, 3, 9) == -1
    assert list(record.unread) == ["it ends before its STOP"]


@pytest.mark.parametrize("behind", [b"", pickle.dumps(2), pickle.dumps(2) + EVIL])
def test_all_of_them_are_read(behind: bytes) -> None:
    data = pickle.dumps([1]) + behind
    record = Record()
    streams.read_all(record, data, 0, len(data), 9)
    assert not record.unread
    assert record.pickles == 1 + bool(behind) + (EVIL in behind)
    assert (("os", "system") in record.names) == (EVIL in behind)


def test_what_is_no_pickle_behind_one_is_said() -> None:
    data = pickle.dumps([1]) + b"garbage"
    record = Record()
    streams.read_all(record, data, 0, len(data), 9)
    assert list(record.unread) == ["7 bytes behind its end are no pickle"]


@pytest.mark.parametrize(
    ("data", "is_one"), [(EVIL, True), (EVIL[:-1], True), (b"choose one\n", False), (b"N.", False), (b"", False)]
)
def test_what_may_be_one_is_one_where_it_calls_or_names_something(data: bytes, is_one: bool) -> None:
    record = Record()
    assert streams.attempt(record, data, 0, len(data), 9) == is_one
    assert bool(record.names) == is_one
    assert bool(record.pickles) == is_one


@pytest.mark.parametrize(
    ("data", "is_one"),
    [
        (b"\x82m.", True),  # loading it imports what the number stands for
        (b"\x82m\xd7\x1f", False),  # and here, any bytes
        (b"\x97\xd7\x1f", False),
        (b"\x82m)R\xd7\x1f", True),  # called before it breaks off
        (b"\x82m}b\xd7\x1f", True),
    ],
)
def test_an_extension_in_what_breaks_off_counts_where_something_is_done_with_it(data: bytes, is_one: bool) -> None:
    assert streams.attempt(Record(), data, 0, len(data), 9) == is_one


def test_random_bytes_are_hardly_ever_a_pickle() -> None:
    rng = random.Random(1)
    blobs = [rng.randbytes(200) for _ in range(2000)]
    assert sum(streams.attempt(Record(), blob, 0, len(blob), 9) for blob in blobs) < 4


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [("MAX_STEPS", 9, "it has more than 9 opcodes"), ("SECONDS", -1.0, "reading it takes longer than -1 s")],
)
def test_what_is_behind_a_bound_of_ours_may_be_one(
    monkeypatch: pytest.MonkeyPatch, name: str, value: float, words: str
) -> None:
    """As PyTorch or pickle would go on to it, under whatever name."""
    monkeypatch.setattr(record_module, name, value)
    monkeypatch.setattr(machine, "DEADLINE_EVERY", 3)
    record, data = Record(), b"I1\n0" * 40 + EVIL
    assert streams.attempt(record, data, 0, len(data), 9)
    assert list(record.unread) == [words]


def test_a_line_beyond_all_bounds_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "LONGEST_LINE", 9)
    record, data = Record(), b"V" + b"a" * 9 + b"\n0" + EVIL
    assert streams.attempt(record, data, 0, len(data), 9)
    assert list(record.unread) == ["it has a line of more than 0 MiB"]


def npy(array: np.ndarray) -> bytes:
    out = io.BytesIO()
    np.save(out, array, allow_pickle=True)
    return out.getvalue()


@pytest.mark.parametrize(
    ("array", "pickles"),
    [
        (np.arange(3), 0),
        (np.array([1, "x"], dtype=object), 1),
        (np.zeros(2, dtype=[("a", "f8"), ("b", "O")]), 1),
        (np.zeros(2, dtype=[("a", "f8"), ("b", [("c", "i4")])]), 0),
    ],
)
def test_of_numpys_files_those_with_objects_hold_a_pickle(array: np.ndarray, pickles: int) -> None:
    data = npy(array)
    record = Record()
    streams.read_npy(record, data, 0, len(data), 99)
    assert (record.pickles, record.unread) == (pickles, {})


@pytest.mark.parametrize("data", [streams.NPY + b"\1\0\xff\0abc", streams.NPY + b"\1\0\5\0{bad}", streams.NPY])
def test_a_header_that_is_none_is_said(data: bytes) -> None:
    record = Record()
    streams.read_npy(record, data, 0, len(data), 99)
    assert len(record.unread) == 1


def test_a_type_that_only_numpy_knows_is_a_bound_of_ours() -> None:
    data = npy(np.zeros(1, "?")).replace(b"'|b1'", b"'?'  ")
    assert np.load(io.BytesIO(data)).shape == (1,)
    record = Record()
    streams.read_npy(record, data, 0, len(data), 99)
    assert list(record.unread) == ["its NumPy header names a type whose length is not known here"]
    assert record.bounded


@pytest.mark.parametrize(("shape", "named"), [((2,), True), ([2], True), ({}, False)])
def test_an_array_of_joblibs_has_its_shape_in_a_list_too(shape: object, named: bool) -> None:
    """As joblib takes it; of any other nobody can tell where the opcodes go on, and they may."""
    data = divergences._joblib(divergences._new(*divergences._WRAPPER), shape)
    record = Record()
    streams.read(record, data, 0, len(data), 99)
    assert (("os", "system") in record.names, record.bounded) == (named, not named)


def test_an_old_file_of_pytorch_is_known_by_its_magic() -> None:
    magic = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
    assert streams.is_torch_legacy(magic + b"more")
    assert not streams.is_torch_legacy(pickle.dumps(1))
