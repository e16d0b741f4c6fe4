"""The search: drawn alike, done once, on cores or on a cluster, in spite of kills, and nothing left running."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.training import samples
from trinity_guard.training.model import forest, search, trials
from trinity_guard.training.model.forest import Examples, Settings
from trinity_guard.training.model.search import SearchResult, Trial

SETTINGS = Settings(n_estimators=10, folds=2)
COUNT = 6


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Examples:
    return samples.sample(tmp_path_factory.mktemp("search"), SETTINGS, pages=60)


@pytest.fixture(scope="module")
def found(data: Examples, tmp_path_factory: pytest.TempPathFactory) -> tuple[SearchResult, bytes]:
    """Return what a search on all cores finds, and its state file."""
    state = tmp_path_factory.mktemp("state") / "new" / "search.jsonl"
    return search.search(data, SETTINGS, COUNT, None, str(state)), state.read_bytes()


def scores(found: SearchResult) -> list[tuple[str, float, float]]:
    return [(json.dumps(trial.params), trial.mean, trial.sd) for trial in found.trials]


def test_what_is_drawn_follows_from_the_seed() -> None:
    drawn = search.candidates(SETTINGS, 20)
    assert drawn == search.candidates(SETTINGS, 20)
    assert drawn[:7] == search.candidates(SETTINGS, 7)
    assert drawn[0] == SETTINGS
    assert len(set(drawn)) == 20
    assert drawn[1:] != search.candidates(SETTINGS.changed(seed=1), 20)[1:]


@pytest.mark.slow
def test_the_best_is_what_trying_each_in_turn_finds(data: Examples, found: tuple[SearchResult, bytes]) -> None:
    part = data.only(forest.split(data, SETTINGS)[0])
    wanted = search.candidates(SETTINGS, COUNT)
    alone = [trials.attempt(part, one) for one in wanted]
    assert scores(found[0]) == [(json.dumps(one.params), one.mean, one.sd) for one in alone]
    best = max(range(COUNT), key=lambda i: (alone[i].mean, -i))
    assert found[0].best == wanted[best]


def test_a_finished_search_is_not_done_again(data: Examples, found: tuple[SearchResult, bytes], tmp_path: Path) -> None:
    state = tmp_path / "search.jsonl"
    state.write_bytes(found[1])
    told: list[tuple[Trial, Trial, int, int]] = []
    again = search.search(data, SETTINGS, COUNT, "tcp://127.0.0.1:1", str(state), lambda *result: told.append(result))
    assert again == found[0]
    assert state.read_bytes() == found[1]
    assert [done for _, _, done, _ in told] == list(range(1, COUNT + 1))
    assert told[-1][1].mean == max(trial.mean for trial in again.trials)


@pytest.mark.slow
def test_a_search_goes_on_after_a_kill(data: Examples, found: tuple[SearchResult, bytes], tmp_path: Path) -> None:
    """Four trials are kept, a fifth was being written, and there is a line that is none."""
    state = tmp_path / "search.jsonl"
    lines = found[1].splitlines(keepends=True)
    state.write_bytes(b"not ours\n" + b"".join(lines[:4]) + b'{"key": "torn')
    again = search.search(data, SETTINGS, COUNT, None, str(state))
    assert scores(again) == scores(found[0])
    assert again.best == found[0].best
    whole = state.read_bytes()
    assert whole.startswith(b"not ours\n" + b"".join(lines[:4]) + b'{"key": ')
    assert whole.count(b"\n") == COUNT + 1


def test_another_dataset_finds_nothing_in_the_file(
    data: Examples, found: tuple[SearchResult, bytes], tmp_path: Path
) -> None:
    state = tmp_path / "search.jsonl"
    state.write_bytes(found[1])
    other = samples.sample(tmp_path, SETTINGS, pages=61)
    search.search(other, SETTINGS, 1, None, str(state))
    assert state.read_bytes().startswith(found[1])
    assert state.read_bytes().count(b"\n") == COUNT + 1
