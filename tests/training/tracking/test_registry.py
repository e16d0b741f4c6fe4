"""MLflow's registry: versions, aliases and tags, and no store made by a question."""

from __future__ import annotations

from pathlib import Path

from tests.training import trackable
from trinity_guard.training.tracking import runs as tracking
from trinity_guard.training.tracking.runs import Logged, RunStore


def test_a_registered_version_bears_the_alias_and_what_it_was_made_of(logged: tuple[RunStore, Logged, Path]) -> None:
    store, made, _ = logged
    best = tracking.champion(store, trackable.MODEL)
    assert best is not None
    assert (best["version"], best["run_id"]) == (made.registered_version, made.run_id) == ("1", made.run_id)
    assert best["metrics"]["f1_overflow"] == 0.7052
    assert best["tags"]["dvc_md5"] == "d" * 32
    assert tracking.champion(store, "another") is None
    assert tracking.champion(store, trackable.MODEL, alias="nobody") is None
    assert tracking.version(store, trackable.MODEL, "7") is None
    run = tracking.run_of(store, made.run_id)
    assert run is not None
    assert run["tags"] == {"git_commit": "0123abc", "dvc_md5": "d" * 32}
    assert tracking.run_of(store, "0" * 32) is None


def test_a_release_marks_its_version(logged: tuple[RunStore, Logged, Path]) -> None:
    store, made, _ = logged
    assert made.registered_version
    tracking.mark(store, trackable.MODEL, made.registered_version, {"semver": "v1.2.0"}, "prod")
    released = tracking.champion(store, trackable.MODEL, alias="prod")
    assert released is not None
    assert released["tags"]["semver"] == "v1.2.0"
    assert tracking.champion(store, trackable.MODEL) == released


def test_asking_for_a_champion_makes_no_store(root: Path) -> None:
    assert tracking.champion(tracking.store(str(root)), trackable.MODEL) is None
    assert list(root.iterdir()) == []
