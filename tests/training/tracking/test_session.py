"""A run of the user's own making ends whatever happens, and its models are logged by their flavour or as files."""

from __future__ import annotations

from pathlib import Path

import pytest

from trinity_guard.training.tracking import runs as tracking
from trinity_guard.training.tracking import session
from trinity_guard.training.tracking.runs import Experiment


def test_what_is_logged_stands_in_the_run_and_files_of_no_flavour_too(root: Path) -> None:
    store = tracking.begin(str(root))
    (root / "m.bin").write_bytes(b"m")
    with session.begun(store, Experiment("mine"), "first", {"git_commit": "0123"}) as run:
        run.log({"c": 1}, {"loss": 0.5}, 1)
        run.log({}, {"loss": 0.25}, 2)
        run.dataset("data/t.csv", "ab" * 16, 10)
        run.model("", None, str(root / "m.bin"), None)
        assert "/runs/" + run.run_id in run.url
    found = tracking.run_of(store, run.run_id)
    assert found is not None
    assert (found["metrics"], found["params"], found["status"]) == ({"loss": 0.25}, {"c": "1"}, "FINISHED")
    assert (root / "mlartifacts" / run.run_id / "artifacts" / "model" / "m.bin").read_bytes() == b"m"


def test_a_run_whose_block_raises_is_failed(root: Path) -> None:
    store = tracking.begin(str(root))
    with pytest.raises(ValueError, match="mine"), session.begun(store, Experiment("mine"), "first", {}) as run:
        raise ValueError("mine")
    found = tracking.run_of(store, run.run_id)
    assert found is not None
    assert found["status"] == "FAILED"


def test_what_a_model_needs_is_pinned_as_far_as_it_is_installed() -> None:
    found = session.pinned("scikit-learn")
    assert [line.partition("==")[0] for line in found] == ["mlflow", "scikit-learn", "numpy", "pandas"]
    assert "none-such" not in " ".join(session.pinned("none-such"))


@pytest.mark.parametrize("known", [True, False])
def test_a_run_stands_below_the_one_that_mlflows_variable_names_and_began_when_it_did(
    root: Path, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    store = tracking.begin(str(root))
    with session.begun(store, Experiment("mine"), "outer", {}) as outer:
        pass
    monkeypatch.setenv("MLFLOW_RUN_ID", outer.run_id if known else "0" * 32)
    with session.begun(store, Experiment("mine"), "inner", {}, 1_700_000_000.0) as run:
        found = run.client.get_run(run.run_id)
    assert found.data.tags.get("mlflow.parentRunId") == (outer.run_id if known else None)
    assert found.info.start_time == 1_700_000_000_000
