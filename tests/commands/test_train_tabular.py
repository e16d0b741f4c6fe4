"""`trinity train --target COLUMN` on a table of one's own: what is said, and which words are wrong."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from tests.helpers.support import Repo
from tests.training.tabular import tables
from trinity_guard.cli import main


@pytest.fixture
def project(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(bare_repo.path)
    tables.write(bare_repo.path / "data" / "t.csv")
    return bare_repo


@pytest.mark.slow
def test_the_figures_stand_beside_a_constants_and_what_comes_next_is_said(
    project: Repo, capfd: pytest.CaptureFixture[str]
) -> None:
    words = ["train", "--dataset", "data/t.csv", "--target", "sold", "--set", "n_estimators=10", "--set", "folds=2"]
    assert main(words) == 0
    said = capfd.readouterr()
    assert "classification by sklearn.ensemble.RandomForestClassifier, 4 columns" in said.out
    assert "next      trinity-guard init     # else Git gets the bytes" in said.out
    assert "next      git add .gitignore data/t.csv models/sold_model_" in said.out
    assert "id is a text with a value of its own in most rows" in said.err
    assert "price alone tells sold" in said.err
    assert list(Path("models").glob("sold_model_*_card.md"))


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--target", "nope"], 1, "it has no column nope; there are id"),
        (["--target", "sold", "--protocol", "grouped"], 2, "--protocol is the layout's preset's"),
        (["--target", "price", "--min-f1", "0.5"], 2, "--min-f1 and --min-mcc are of classes, and price is a quantity"),
        (
            ["--target", "price", "--estimator", "sklearn.ensemble.StackingRegressor"],
            2,
            "does not take these parameters",
        ),
        (["--target", "price", "--estimator", "sklearn.svm.NuSVR", "--search", "2"], 2, "is to try is not said"),
        (["--target", "sold", "--estimator", "os.system"], 2, "is no estimator of scikit-learn's"),
        (["--estimator", "sklearn.svm.SVC"], 2, "is not said"),
        (["--target", "sold", "--name", "größe"], 1, "is no name that a tag can bear"),
    ],
)
def test_wrong_words_are_said_before_anything_is_made(
    project: Repo, capfd: pytest.CaptureFixture[str], words: list[str], code: int, said: str
) -> None:
    assert main(["train", "--dataset", "data/t.csv", *words]) == code
    assert said in capfd.readouterr().err
    assert not Path("models").exists()


@pytest.mark.slow
def test_a_store_that_fails_after_the_fit_costs_the_run_and_not_the_model(
    project: Repo, capfd: pytest.CaptureFixture[str]
) -> None:
    Path("mlflow.db").write_bytes(b"this is no database, and never was")
    tree = ["--estimator", "sklearn.tree.DecisionTreeClassifier", "--set", "folds=0", "--name", "a/b"]
    assert main(["train", "--dataset", "data/t.csv", "--target", "sold", *tree]) == 1
    said = capfd.readouterr()
    assert "MLflow has no run of this training" in said.err
    assert "MLflow  " not in said.out
    [model] = Path("models").glob("a_b_*.pkl")
    told = json.loads(model.with_name(f"{model.stem}_metadata.json").read_text())
    assert (told["name"], told["mlflow"]["run_id"]) == ("a/b", None)
    assert told["model"]["md5"] == hashlib.md5(model.read_bytes()).hexdigest()
    assert told["model"]["pointer"] == f"models/{model.name}.dvc"
    assert not list(Path("models").glob(".*"))
