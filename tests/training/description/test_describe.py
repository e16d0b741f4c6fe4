"""Metadata and card of any model: what is read, what is said, what stays, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.helpers.support import Repo
from trinity_guard.errors import GuardError
from trinity_guard.training.description import describe
from trinity_guard.training.description.describe import Said


@pytest.fixture
def model(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(bare_repo.path)
    bare_repo.write("models/churn_20260131T120000Z.bin", b"a model")
    bare_repo.write("data/t.csv", b"a\n1\n2\n")
    return "models/churn_20260131T120000Z.bin"


def test_what_is_written_is_what_a_release_reads(model: str) -> None:
    made = describe.describe(model, Said(dataset="data/t.csv", metrics={"auc": 0.9}, parameters={"c": 1}))
    told = json.loads(Path(made.metadata).read_text())
    assert told == made.told
    assert made.metadata == "models/churn_20260131T120000Z_metadata.json"
    assert (told["name"], told["model"]["path"], told["dataset"]["rows"]) == ("churn", model, 2)
    assert (told["metrics"], told["parameters"], made.pointed) == ({"auc": 0.9}, {"c": 1}, False)
    assert Path(made.card).read_text().startswith("# churn\n")


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_figure_that_json_has_no_word_for_is_told_in_words(model: str, number: float) -> None:
    told = describe.describe(model, Said(metrics={"loss": number})).told
    assert told["metrics"] == {"loss": str(number)}


def test_an_empty_file_is_no_model(model: str) -> None:
    Path(model).write_bytes(b"")
    with pytest.raises(GuardError, match="is empty: no model was saved there"):
        describe.describe(model, Said())


def test_what_is_not_said_again_stays_while_the_bytes_are_the_same(model: str) -> None:
    describe.describe(model, Said(name="risk", dataset="data/t.csv", metrics={"auc": 0.9}))
    told = describe.describe(model, Said(parameters={"c": 1})).told
    assert (told["name"], told["metrics"], told["dataset"]["path"]) == ("risk", {"auc": 0.9}, "data/t.csv")
    Path(model).write_bytes(b"another")
    told = describe.describe(model, Said()).told
    assert (told["name"], told["metrics"], told["parameters"], told["dataset"]) == ("risk", {}, {}, None)


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("churn.joblib", "churn"),
        ("churn-2026-01-31.pkl", "churn"),
        ("churn_20260131.pkl", "churn"),
        ("my model (2).onnx", "my-model-2"),
        ("en_core_web_sm-3.7.0", "en-core-web-sm-3-7-0"),
        ("2026-01-31.pkl", "2026-01-31"),
        ("é.pkl", "model"),
    ],
)
def test_a_name_follows_from_the_files(file: str, name: str) -> None:
    assert describe.name_of(f"models/{file}") == name


@pytest.mark.parametrize(
    ("said", "words"), [(Said(name="a b"), "no name that a tag can bear"), (Said(name="-"), "no name that a tag")]
)
def test_a_name_that_no_tag_can_bear_is_refused(model: str, said: Said, words: str) -> None:
    with pytest.raises(GuardError, match=words):
        describe.describe(model, said)
    assert not Path(describe.beside(model)[0]).exists()


def test_two_models_do_not_share_what_is_told_of_one(model: str, bare_repo: Repo) -> None:
    describe.describe(model, Said())
    bare_repo.write("models/churn_20260131T120000Z.onnx", b"the same, for others")
    with pytest.raises(GuardError, match="two models cannot share it"):
        describe.describe("models/churn_20260131T120000Z.onnx", Said())


def test_what_the_trainer_wrote_is_not_replaced(model: str) -> None:
    Path(describe.beside(model)[0]).write_text('{"protocol": "grouped"}')
    with pytest.raises(GuardError, match="is the trainer's"):
        describe.describe(model, Said())


@pytest.mark.parametrize(
    ("path", "words"), [("models/none.pkl", "there is no models/none.pkl"), ("models/m.pkl.dvc", "is the pointer")]
)
def test_a_model_that_is_not_there_is_said(model: str, path: str, words: str) -> None:
    with pytest.raises(GuardError, match=words):
        describe.describe(path, Said())


def test_dvclive_is_read_from_its_folder(tmp_path: Path) -> None:
    (tmp_path / "metrics.json").write_text('{"train": {"loss": 0.1}, "step": 9}')
    (tmp_path / "params.yaml").write_text("lr: 0.1\n")
    assert describe.live(str(tmp_path)) == ({"train.loss": 0.1, "step": 9}, [], {"lr": 0.1})
    with pytest.raises(GuardError, match="neither"):
        describe.live(str(tmp_path / "none"))
