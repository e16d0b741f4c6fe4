"""Which names MLflow takes is known before a training."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.training import trackable
from trinity_guard.training.tracking import names
from trinity_guard.training.tracking import runs as tracking


@pytest.mark.parametrize("kind", names.MAX_LENGTH)
def test_the_longest_name_that_is_taken_is_one_that_mlflow_takes(root: Path, kind: str) -> None:
    longest = "é" * names.MAX_LENGTH[kind]
    assert not names.objection(kind, longest)
    assert names.objection(kind, longest + "é")
    field = {names.EXPERIMENT: "experiment", names.RUN: "name", names.REGISTERED: "register"}[kind]
    model = {"model": trackable.model()} if field == "register" else {}
    given = names.Experiment(longest) if field == "experiment" else longest
    made = trackable.log(tracking.begin(str(root)), **{field: given}, **model)
    assert bool(made.registered_version) == bool(model)


@pytest.mark.parametrize("name", ["a/b", "a:b", ".", "..", "..a", " ", "\n"])
def test_what_mlflow_refuses_as_a_registered_models_name_is_objected_to(name: str) -> None:
    from mlflow.exceptions import MlflowException
    from mlflow.utils.validation import _validate_model_name

    with pytest.raises(MlflowException):
        _validate_model_name(name)
    assert names.objection(names.REGISTERED, name)


@pytest.mark.parametrize("name", ["m", ".m", "a..b", "a b", "é", "-m", "m."])
def test_what_mlflow_takes_as_a_registered_models_name_is_taken(name: str) -> None:
    from mlflow.utils.validation import _validate_model_name

    _validate_model_name(name)
    assert not names.objection(names.REGISTERED, name)


@pytest.mark.parametrize(
    ("said", "env", "meant"),
    [
        (None, {}, names.Experiment("ours")),
        (None, {"MLFLOW_EXPERIMENT_NAME": "nightly"}, names.Experiment("nightly")),
        (None, {"MLFLOW_EXPERIMENT_ID": "7"}, names.Experiment("ours", "7")),
        (None, {"MLFLOW_EXPERIMENT_ID": "7", "MLFLOW_EXPERIMENT_NAME": "nightly"}, names.Experiment("nightly")),
        ("mine", {"MLFLOW_EXPERIMENT_ID": "7", "MLFLOW_EXPERIMENT_NAME": "nightly"}, names.Experiment("mine")),
    ],
)
def test_mlflows_own_variables_name_the_experiment_unless_the_command_does(
    said: str | None, env: dict[str, str], meant: names.Experiment
) -> None:
    assert names.experiment(said, "ours", env) == meant


def test_an_experiment_is_known_by_its_id_where_that_is_given() -> None:
    assert names.Experiment("ours").is_of("ours", "3")
    assert not names.Experiment("ours", "7").is_of("ours", "3")
    assert names.Experiment("ours", "7").is_of("another", "7")


def test_several_models_of_a_run_have_tags_of_their_own_by_which_each_is_found() -> None:
    tags = {**names.of_bytes("a", "A"), **names.of_bytes("b", "B", 2)}
    assert tags == {"dvc_md5": "a", "sha256": "A", "dvc_md5.2": "b", "sha256.2": "B"}
    assert names.wanted(tags, "a", "A") == {"dvc_md5": "a", "sha256": "A"}
    assert names.wanted(tags, "b", "X") == {"dvc_md5.2": "b", "sha256.2": "X"}
    assert names.wanted(tags, "c", "C") == {"dvc_md5": "c", "sha256": "C"}


def test_of_a_run_of_a_former_version_no_sha256_is_wanted() -> None:
    assert names.wanted(names.of_bytes("a"), "a", "A") == {"dvc_md5": "a"}


@pytest.mark.parametrize(
    ("said", "variable", "wanted"), [("mine", "theirs", "mine"), (None, " theirs ", "theirs"), ("", "", "ours")]
)
def test_a_runs_name_is_the_commands_else_the_variables_else_ours(said: str | None, variable: str, wanted: str) -> None:
    assert names.run(said, "ours", {"MLFLOW_RUN_NAME": variable}) == wanted
