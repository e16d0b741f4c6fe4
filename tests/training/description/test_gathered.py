"""What is named goes before DVCLive's, that before the project's params.yaml; what was taken is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.support import Repo
from trinity_guard.training.description import gathered


@pytest.fixture
def project(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = bare_repo.path / "services" / "a"
    (folder / "dvclive").mkdir(parents=True)
    (folder / "params.yaml").write_text("depth: 4\n")
    (bare_repo.path / "params.yaml").write_text("depth: 99\n")
    monkeypatch.chdir(folder)
    return folder


def test_the_parameters_of_this_folder_are_taken(project: Path) -> None:
    said, taken = gathered.gather("m.pkl")
    assert (said.parameters, said.metrics, taken) == ({"depth": 4}, None, ["params.yaml"])


def test_what_dvclive_left_is_taken_where_nothing_is_said(project: Path) -> None:
    (project / "dvclive" / "metrics.json").write_text('{"auc": 0.9}')
    said, taken = gathered.gather("m.pkl")
    assert (said.metrics, said.dvclive, taken) == ({"auc": 0.9}, "dvclive", ["dvclive", "params.yaml"])
    said, taken = gathered.gather("m.pkl", metrics=["f1=0.5"], params=["depth=7"])
    assert (said.metrics, said.parameters, taken) == ({"f1": 0.5}, {"depth": 7}, [])
