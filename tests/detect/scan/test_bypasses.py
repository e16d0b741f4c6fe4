"""What passed published scanners does not pass here, and a harmless twin of it does."""

from __future__ import annotations

import gzip
import pickle

import pytest

from tests.detect.scan import bypasses
from trinity_guard.detect.scan import verdict

SAMPLES = bypasses.samples()


def test_there_are_enough_of_them() -> None:
    assert len(SAMPLES) >= 57


@pytest.mark.parametrize("what", SAMPLES)
def test_a_pickle_that_would_run_something_is_never_harmless(what: str) -> None:
    name, data = SAMPLES[what]
    found = verdict.of_bytes(data, name.encode())
    assert not found.is_fine
    assert found.why
    if not what.endswith((".7z", ".zst", "heap.h5", "encrypted.zip")):
        assert found.kind == "unknown"


@pytest.mark.parametrize("wrap", [lambda d: d, gzip.compress, lambda d: bypasses._zip({"a/data.pkl": d})])
def test_a_harmless_twin_is_harmless(wrap: object) -> None:
    data = wrap(pickle.dumps({"a": [1, 2.5, None]}))  # type: ignore[operator]
    assert verdict.of_bytes(data, b"m.pkl").kind == "harmless"
