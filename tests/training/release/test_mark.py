"""What MLflow's registry is to show of a release: only what its version still lacks, and the alias where it belongs."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from trinity_guard import git
from trinity_guard.errors import GuardError
from trinity_guard.training.release import mark
from trinity_guard.training.release.committed import Metadata, Model
from trinity_guard.training.tracking import runs

PLACE = cast("git.Place", SimpleNamespace(top=b"/nowhere"))
TAGS = {"semver": "v1.0.0", "git_commit": "c" * 40, "dvc_md5": "ab" * 16}


def model(**mlflow: str) -> Model:
    known = {"name": "risk", "version": "3", "run_id": "r"} | mlflow
    goal = SimpleNamespace(md5="ab" * 16, path=b"models/m.pkl")
    return Model(b"c" * 40, cast("Any", goal), Metadata({"name": "risk", "mlflow": known}), None, b"")


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What MLflow would answer: `version` of the model, `champion`; and `marked`, what it was told."""
    answers: dict[str, Any] = {"version": {"version": "3", "run_id": "r", "tags": {}}, "champion": None}
    monkeypatch.setattr(runs, "store", lambda _: SimpleNamespace(shown="sqlite:///mlflow.db"))
    monkeypatch.setattr(runs, "version", lambda *_: answers["version"])
    monkeypatch.setattr(runs, "champion", lambda *_: answers["champion"])
    monkeypatch.setattr(runs, "in_stage", lambda _, name, stage: answers.get(f"{name} in {stage}", []))
    monkeypatch.setattr(runs, "mark", lambda *told: answers.update(marked=told[1:]))
    return answers


def planned(alias: str = mark.YES, stage: str = "", **mlflow: str) -> tuple[mark.Mark | None, list[tuple[str, str]]]:
    return mark.planned(PLACE, model(**mlflow), "v1.0.0", stage, alias)


def test_a_model_without_a_registered_version_needs_no_mark(registry: dict[str, Any]) -> None:
    assert planned(version="") == (None, [])
    assert mark.registered(Metadata({"name": "risk"})) == ("", "")


def test_a_version_gets_what_it_lacks_and_the_alias(registry: dict[str, Any]) -> None:
    registry["version"]["tags"] = {"semver": "v1.0.0", "mine": "x"}
    made, objections = planned(stage="prod")
    assert objections == []
    assert made is not None
    made.put()
    lacking = {"git_commit": "c" * 40, "dvc_md5": "ab" * 16, "stage": "prod"}
    assert registry["marked"] == ("risk", "3", lacking, "champion", [])


def test_a_stage_is_of_one_version_alone(registry: dict[str, Any]) -> None:
    registry["version"]["tags"] = {**TAGS, "stage": "prod"}
    registry["champion"] = {"version": "3"}
    registry["risk in prod"] = ["1", "3"]
    made, _ = planned(stage="prod")
    assert made is not None
    made.put()
    assert registry["marked"] == ("risk", "3", {}, None, [("risk", "1")])
    registry["risk in prod"] = ["3"]
    assert planned(stage="prod") == (None, [])


@pytest.mark.parametrize("version", ["3", ""])
def test_a_former_version_under_another_name_leaves_the_stage(registry: dict[str, Any], version: str) -> None:
    registry["version"]["tags"] = {**TAGS, "stage": "prod"}
    registry["champion"] = {"version": "3"}
    registry["older in prod"] = ["1", "7"]  # 7 is of somebody else
    former = [("older", "1"), ("older", "2"), ("gone", "1")]
    made, objections = mark.planned(PLACE, model(version=version), "v1.0.0", "prod", mark.YES, former)
    assert objections == []
    assert made is not None
    made.put()
    name = "risk" if version else ""
    assert registry["marked"] == (name, version, {}, None, [("older", "1")])
    registry["older in prod"] = []
    assert mark.planned(PLACE, model(version=version), "v1.0.0", "prod", mark.YES, former) == (None, [])


def test_nothing_is_to_be_done_twice(registry: dict[str, Any]) -> None:
    registry["version"]["tags"] = TAGS
    registry["champion"] = {"version": "3"}
    assert planned() == (None, [])


@pytest.mark.parametrize(
    ("alias", "champion", "wants"),
    [
        (mark.NO, None, False),
        (mark.YES, {"version": "9"}, True),
        (mark.UNLESS_LATER, {"version": "9"}, False),
        (mark.UNLESS_LATER, {"version": "2"}, True),
    ],
)
def test_who_bears_the_alias(
    registry: dict[str, Any], alias: str, champion: dict[str, str] | None, wants: bool
) -> None:
    registry["champion"] = champion
    made, _ = planned(alias)
    assert made is not None
    assert (made.alias == "champion") is wants


@pytest.mark.parametrize(
    ("version", "says"), [(None, "has no version 3 of risk"), ({"run_id": "other", "tags": {}}, "another run made")]
)
def test_a_version_that_is_not_this_models_is_an_objection_with_the_way_without(
    registry: dict[str, Any], version: dict[str, Any] | None, says: str
) -> None:
    registry["version"] = version
    made, [(problem, remedy)] = planned()
    assert made is None
    assert says in problem
    assert remedy.startswith("trinity release v1.0.0 --no-mlflow")


def test_a_store_that_cannot_be_asked_is_an_objection_with_its_own_remedy_first(
    registry: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(_: str) -> None:
        raise GuardError("the server does not answer.", "mlflow server")

    monkeypatch.setattr(runs, "store", refuses)
    _, [(problem, remedy)] = planned()
    assert problem == "MLflow: the server does not answer"
    assert remedy.splitlines()[0] == "mlflow server"
    assert "--no-mlflow" in remedy.splitlines()[1]
