"""The state file of a search: whole lines count, a torn one is dropped, one search at a time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.training import samples
from trinity_guard.errors import UNUSABLE, GuardError
from trinity_guard.training.model import search, trials
from trinity_guard.training.model.forest import Examples, Settings

SETTINGS = Settings(n_estimators=10, folds=2)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Examples:
    return samples.sample(tmp_path_factory.mktemp("search"), SETTINGS, pages=60)


@given(
    st.binary()
    | st.lists(st.sampled_from([b'{"key": "a", "params": {}, "mean": ', b"1", b"NaN", b"}", b"\n"])).map(b"".join)
)
def test_any_state_file_is_read(content: bytes) -> None:
    descriptor = os.memfd_create("state")
    os.write(descriptor, content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    kept = trials._read(descriptor)
    os.close(descriptor)
    assert all(isinstance(trial.mean, float | int) for trial in kept.values())


def test_two_searches_do_not_share_a_file(data: Examples, tmp_path: Path) -> None:
    state = str(tmp_path / "search.jsonl")
    with trials.opened(state), pytest.raises(GuardError, match="another search is at work") as e:
        search.search(data, SETTINGS, 2, None, state)
    assert e.value.exit_code == UNUSABLE


def test_a_place_that_cannot_be_written_is_named(data: Examples, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(GuardError, match="cannot keep the search's state"):
        search.search(data, SETTINGS, 2, None, str(tmp_path / "file" / "search.jsonl"))
