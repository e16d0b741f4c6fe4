"""A model of any table is loaded, asked and measured as the preset's is: what it may be made of is of its own kind."""

from __future__ import annotations

import json
import math
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import Pipeline
from sklearn.utils import all_estimators

from tests.training.tabular import tables
from trinity_guard.cli import main
from trinity_guard.errors import GuardError
from trinity_guard.training import evaluate, predict, provenance, verified
from trinity_guard.training.model import admitted
from trinity_guard.training.model.forest import dump
from trinity_guard.training.model.kinds import Kind
from trinity_guard.training.tabular import estimator, figures, table
from trinity_guard.training.tabular.options import Options

FEATURES = ("city", "rooms", "size")
SMALL = {"n_estimators": 10}
ROW = {"city": "a", "rooms": 6, "size": 149.0}


@pytest.fixture(scope="module")
def classes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("classes")
    return Path(tables.model(folder, Options("sold", FEATURES, parameters=SMALL, folds=0)))


@pytest.fixture(scope="module")
def prices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    ridge = Options("price", FEATURES, estimator="sklearn.linear_model.Ridge", folds=0)
    return Path(tables.model(tmp_path_factory.mktemp("prices"), ridge))


def test_an_answer_has_the_prediction_and_how_likely_each_class_is(classes: Path) -> None:
    loaded = verified.load(str(classes))
    [answer] = predict(loaded, [ROW])
    assert list(answer) == ["prediction", "p_no", "p_yes"]
    assert (answer["prediction"], round(answer["p_no"] + answer["p_yes"], 9)) == ("yes", 1.0)
    assert predict(loaded, pd.DataFrame([ROW])) == [answer]
    assert predict(loaded, []) == []


def test_a_quantity_is_predicted_alone_and_a_missing_number_is_taken_as_in_training(prices: Path) -> None:
    loaded = verified.load(str(prices))
    assert (loaded.kind.estimator, loaded.target) == ("sklearn.linear_model.Ridge", "price")
    [whole], [less] = predict(loaded, [ROW]), predict(loaded, [{**ROW, "size": math.nan}])
    assert list(whole) == ["prediction"]
    assert whole["prediction"] > less["prediction"] > 0


def test_what_is_wrong_with_rows_is_said_by_place_and_column(classes: Path) -> None:
    rows: list[dict[str, Any]] = [ROW, {**ROW, "rooms": "many"}, {**ROW, "size": True}, {**ROW, "size": "inf"}]
    with pytest.raises(GuardError, match="row 2, rooms: 'many' is no number\n    row 3, size: 'True' is no number"):
        predict(str(classes), rows)
    with pytest.raises(GuardError, match="no column city, which the model looks at"):
        predict(str(classes), [{"rooms": 1, "size": 2}])


def test_the_command_says_which_texts_the_model_has_never_seen(
    classes: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rows.csv").write_text("city,rooms,size\na,6,149\nmoon,NA,20\n")
    assert main(["predict", str(classes), str(tmp_path / "rows.csv")]) == 0
    said = capfd.readouterr()
    assert [line.partition(",")[0] for line in said.out.splitlines()] == ["prediction", "yes", "no"]
    assert "rows.csv: the model was not trained on city 'moon'; it judges these rows by the rest." in said.err


def test_on_its_own_table_what_was_held_back_counts_in_any_line_ends(
    classes: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    told = json.loads((classes.parent / f"{classes.stem}_metadata.json").read_text())
    own = classes.parents[1] / "data" / "t.csv"
    found = evaluate(str(classes), str(own))
    assert figures.rounded(found.metrics) == told["metrics"]
    assert figures.rounded(found.baseline) == told["baseline"]
    assert (found.tested, found.terms) == (40, told["terms"])
    (tmp_path / "crlf.csv").write_bytes(own.read_bytes().replace(b"\n", b"\r\n"))
    assert evaluate(str(classes), str(tmp_path / "crlf.csv")).tested == 40
    assert main(["evaluate", str(classes), str(own)]) == 0
    said = capfd.readouterr().out
    assert "sold on the 40 rows held back from the training (by rows that are alike, test 0.2, seed 42):" in said
    assert "no group of rows stands in both parts" in said


def test_on_another_table_all_rows_count_and_those_that_it_has_seen_are_said(
    classes: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    other = tables.write(tmp_path / "o.csv", lines=[*tables.rows(30, seed=9), *tables.rows()[::-1]])
    assert main(["evaluate", str(classes), other, "--output", str(tmp_path / "e.json")]) == 0
    assert "it was trained on 69.6% of these rows (160 of 230 that were looked at)" in capfd.readouterr().out
    told = json.loads((tmp_path / "e.json").read_text())
    assert (told["terms"]["split"], told["rows"], told["telling"]) == ("every row", 230, [])
    assert main(["evaluate", str(classes), other, "--plots", str(tmp_path / "p")]) == 2
    assert "are of the layout_risk_predictor's" in capfd.readouterr().err


def test_a_table_that_is_not_of_the_models_columns_is_refused(classes: Path, prices: Path, tmp_path: Path) -> None:
    words = tables.write(tmp_path / "w.csv", lines=[[*row[:2], "many", *row[3:]] for row in tables.rows(3)])
    with pytest.raises(GuardError, match="rooms holds what is no number, and the model learnt from numbers"):
        evaluate(str(prices), words)
    empty = tables.write(tmp_path / "e.csv", lines=[[*row[:5], ""] for row in tables.rows(3)])
    with pytest.raises(GuardError, match="no row of it has a sold"):
        evaluate(str(classes), empty)
    other = tables.write(tmp_path / "h.csv", ["city", "rooms", "sold"], [["a", "1", "no"]])
    with pytest.raises(GuardError, match="has no column size"):
        evaluate(str(classes), other)


def test_classes_that_are_numbers_stay_what_they_were(tmp_path: Path) -> None:
    path = tables.model(tmp_path, Options("rooms", ("size", "price"), parameters=SMALL, folds=0))
    few = [[*row[:2], "1", *row[3:]] for row in tables.rows(20)]
    assert evaluate(path, tables.write(tmp_path / "few.csv", lines=few)).tested == 20
    assert predict(path, [{"size": 25, "price": 80}])[0]["prediction"] == 1
    half = [[*row[:2], "1.5", *row[3:]] for row in tables.rows(20)]
    with pytest.raises(GuardError, match="rooms is not of whole numbers"):
        evaluate(path, tables.write(tmp_path / "half.csv", lines=half))


def forged(model: Path, folder: Path, data: bytes, **changes: object) -> str:
    """Return a model of these bytes whose metadata agrees with them: what a stranger would commit."""
    told = json.loads((model.parent / f"{model.stem}_metadata.json").read_text())
    told["model"] |= {"md5": provenance.md5(data), "sha256": provenance.sha256(data)}
    (folder / "m_metadata.json").write_text(json.dumps({**told, **changes}))
    (folder / "m.pkl").write_bytes(data)
    return str(folder / "m.pkl")


class Evil:
    def __reduce__(self) -> Any:
        import os

        return os.mkdir, ("ran",)


def test_a_strangers_model_is_refused_whatever_its_metadata_says(
    classes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    model = pickle.loads(classes.read_bytes())
    model.named_steps["model"].oob_score = Evil()
    with pytest.raises(GuardError, match=r"calls (posix|os)\.mkdir, which is no part of one"):
        verified.load(forged(classes, tmp_path, pickle.dumps(model)))
    # One of scikit-learn's own that would read files, and another estimator than the one that is recorded.
    own = pickle.loads(classes.read_bytes()).named_steps["model"]
    reader = Pipeline([("columns", CountVectorizer(input="filename")), ("model", own)])
    with pytest.raises(GuardError, match=r"CountVectorizer, which is no part of one"):
        verified.load(forged(classes, tmp_path, pickle.dumps(reader)))
    with pytest.raises(
        GuardError, match=r"it is a RandomForestClassifier, its metadata says sklearn\.linear_model\.Ridge"
    ):
        verified.load(forged(classes, tmp_path, classes.read_bytes(), estimator="sklearn.linear_model.Ridge"))
    # Of the layout's kind it is none, and an estimator with an odd name is of no kind of its own.
    for name in ("", "sklearn._loss.Evil", "os.system", 3):
        with pytest.raises(GuardError, match="no model of the trainer"):
            verified.load(forged(classes, tmp_path, classes.read_bytes(), estimator=name))
    assert not (tmp_path / "ran").exists()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of scikit-learn's on this little table
@pytest.mark.parametrize("task", ["classifier", "regressor"])
def test_what_any_estimator_of_scikit_learns_writes_can_be_loaded_again(task: str, tmp_path: Path) -> None:
    target = "sold" if task == "classifier" else "price"
    path = tables.write(tmp_path / "t.csv")
    tried = []
    for name, known in all_estimators(task):
        options = Options(target, FEATURES, estimator=f"{known.__module__.partition('._')[0]}.{name}")
        data = table.load(path, options)
        try:
            model = estimator.pipeline(data, options).fit(data.X, data.y)
        except (GuardError, ValueError, TypeError, AttributeError):
            continue  # it wants another estimator, or other values
        loaded = admitted.model(dump(model), Kind(options.estimator))
        assert np.array_equal(np.ravel(loaded.predict(data.X)), np.ravel(model.predict(data.X))), name
        tried.append(name)
    assert len(tried) > 25
