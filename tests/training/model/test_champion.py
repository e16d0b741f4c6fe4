"""The champion after another table: measured anew where its own file is here and is what was recorded."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.training import samples
from tests.training.projects import beside
from trinity_guard.errors import GuardError
from trinity_guard.training import provenance, record
from trinity_guard.training.model import admitted, apart, champion, evaluation, forest, probabilities
from trinity_guard.training.model.evaluation import Evaluation
from trinity_guard.training.model.forest import Examples

Case = tuple[Path, Examples, Any, Evaluation]


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """A model in a folder, and the evaluation of another one on a table of other pages."""
    folder = tmp_path_factory.mktemp("champion")
    first = samples.sample(folder, samples.SMALL)
    fitted = forest.dump(forest.fit(first, samples.SMALL, forest.split(first, samples.SMALL)[0]))
    with record.claimed(str(folder / "models")) as claim:
        claim.stage(fitted)
        written = claim.write(record.encoded({"model": {"md5": provenance.md5(fitted)}}), b"")
    data = samples.sample(folder, samples.SMALL, pages=80)
    train, test = forest.split(data, samples.SMALL)
    own = forest.fit(data, samples.SMALL, train)
    return Path(written.model), data, test, evaluation.evaluate(own, data, samples.SMALL, train, test)


def compared(given: dict[str, Any], mine: Evaluation, data: Examples, test: Any, folder: str) -> tuple[Any, str]:
    return champion.on_equal_terms(given, mine, data.X.iloc[test], folder, champion.of_layout(data, test))


def of(model: Path, mine: Evaluation, **tags: str) -> dict[str, Any]:
    known = {**mine.terms, "dataset_md5": "0" * 32, "dvc_md5": provenance.md5(model.read_bytes())}
    return {"version": 2, "metrics": {"mcc": 0.1, mine.headline: 0.1}, "tags": known | tags}


def test_on_the_same_terms_it_stays_as_it_is(case: Case) -> None:
    model, data, test, mine = case
    same = of(model, mine, **mine.terms)
    assert compared(same, mine, data, test, str(model.parent)) == (same, "")


@pytest.mark.slow
def test_one_whose_run_is_gone_is_measured_from_its_own_file(case: Case) -> None:
    model, data, test, mine = case
    gone = {**of(model, mine, **mine.terms), "metrics": {}}
    found, note = compared(gone, mine, data, test, str(model.parent))
    assert found["metrics"][mine.headline] > 0.5
    assert "was measured on the test rows" in note
    assert "flatter" not in note  # the rows are those that it was tested on


def test_that_it_was_loaded_unconfined_is_said(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    model, data, test, mine = case
    answered = probabilities.Answered([0, 1], np.full((len(test), 2), 0.5), [], confined=False)
    monkeypatch.setattr(probabilities, "of", lambda *_: answered)
    _, note = compared(of(model, mine), mine, data, test, str(model.parent))
    assert note.endswith(f"flatter it. {apart.UNCONFINED}")


def test_of_another_target_it_is_not_measured(case: Case) -> None:
    model, data, test, mine = case
    other = of(model, mine, target="resolved_strategy_id")
    assert compared(other, mine, data, test, str(model.parent)) == (other, "")


def test_after_another_table_its_own_file_is_measured_on_these_rows_and_is_not_loaded_here(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, data, test, mine = case
    loaded = admitted.model(model.read_bytes())
    monkeypatch.setattr(admitted, "model", None)
    found, note = compared(of(model, mine), mine, data, test, str(model.parent))
    p = evaluation.predictions(loaded, data.X.iloc[test], data.classes)
    assert found["metrics"] == evaluation.measure(data.y[test], p, data.classes, data.target)
    assert {key: found["tags"][key] for key in mine.terms} == mine.terms
    assert (apart.UNCONFINED in note) == (sys.platform != "linux")
    assert note.startswith("the champion (version 2) was measured on the test rows of this table: f1_overflow 0.")


@pytest.mark.parametrize("md5", ["", "1" * 32])
def test_where_its_file_is_not_here_that_is_said(case: Case, md5: str, tmp_path: Path) -> None:
    model, data, test, mine = case
    folder = str(model.parent if md5 else tmp_path)
    found, note = compared(of(model, mine, dvc_md5=md5), mine, data, test, folder)
    assert f"its file (md5 {md5 or 'not recorded'}) is not in {folder}" in found["unmeasured"]
    assert (found["metrics"]["mcc"], note) == (0.1, "")


@pytest.mark.slow
def test_a_table_that_lacks_its_columns_cannot_measure_it(case: Case) -> None:
    model, data, test, mine = case
    lacking = Examples(**{**vars(data), "X": data.X.drop(columns="slot_fill")})
    found, _ = compared(of(model, mine), mine, lacking, test, str(model.parent))
    assert found["unmeasured"] == "this table lacks slot_fill, which it looks at"


def test_a_file_that_is_not_what_its_metadata_names_is_not_loaded(case: Case, tmp_path: Path) -> None:
    model, data, test, mine = case
    changed = tmp_path / model.name
    changed.write_bytes(model.read_bytes() + b".")
    beside(changed, "_metadata.json").write_text(beside(model, "_metadata.json").read_text())
    (tmp_path / "other_metadata.json").write_text(json.dumps(["some other tool's"]))
    with pytest.raises(GuardError, match="was not loaded, which would run it"):
        compared(of(model, mine), mine, data, test, str(tmp_path))
