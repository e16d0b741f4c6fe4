"""`trinity evaluate`: the held-back part of the table that a model knows, all rows of another, and files for DVC."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.training import samples
from tests.training.projects import csv, md5
from trinity_guard.cli import main
from trinity_guard.errors import GuardError
from trinity_guard.training import evaluate, provenance, record
from trinity_guard.training.model import evaluation, forest, seen

PARAMETERS = {"n_estimators": 12, "folds": 3}


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("evaluate")


@pytest.fixture(scope="module")
def trained(room: Path) -> tuple[Path, evaluation.Evaluation]:
    """A model and the figures that its training had."""
    data = samples.sample(room)
    parts = forest.split(data, samples.SMALL)
    fitted = forest.fit(data, samples.SMALL, parts[0])
    dumped = forest.dump(fitted)
    metadata = {
        "model": {"md5": provenance.md5(dumped)},
        "parameters": PARAMETERS,
        "dataset": {"md5": data.md5},
    }
    with record.claimed(str(room / "models")) as claim:
        claim.stage(dumped)
        path = Path(claim.write(record.encoded(metadata), b"# a card\n").model)
    return path, evaluation.evaluate(fitted, data, samples.SMALL, *parts)


def test_on_its_own_table_a_model_is_judged_by_what_was_held_back(
    trained: tuple[Path, evaluation.Evaluation], room: Path
) -> None:
    path, expected = trained
    found = evaluate(str(path), str(room / "training_dataset.csv"))
    assert found.to_json() == expected.to_json()
    assert found.confusion.sum() == 120


def test_its_own_table_is_known_in_other_line_ends_and_its_rows_in_another_order(
    room: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = samples.sample(room)
    text = (room / "training_dataset.csv").read_bytes()
    train, test = forest.split(data, samples.SMALL)
    dumped = forest.dump(forest.fit(data, samples.SMALL, train))
    metadata = {
        "model": {"md5": provenance.md5(dumped)}, "parameters": PARAMETERS, "dataset": "data/t.csv",
        "seen": seen.recorded(data, train),
    }  # fmt: skip
    with record.claimed(str(tmp_path / "models")) as claim:
        claim.stage(dumped)
        model = claim.write(record.encoded(metadata), b"").model
    (tmp_path / "crlf.csv").write_bytes(text.replace(b"\n", b"\r\n"))
    assert evaluate(model, str(tmp_path / "crlf.csv")).confusion.sum() == len(test)
    head, *rows = text.splitlines(keepends=True)
    (tmp_path / "sorted.csv").write_bytes(head + b"".join(sorted(rows)))
    assert main(["evaluate", model, str(tmp_path / "sorted.csv")]) == 0
    assert "it was trained on 80.0% of these rows (480 of 600 that were looked at)" in capsys.readouterr().out


def test_on_another_table_all_rows_count(trained: tuple[Path, evaluation.Evaluation], tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_bytes(csv(30, seed=8))
    found = evaluate(str(trained[0]), str(tmp_path / "other.csv"))
    assert found.confusion.sum() == 150
    assert found.terms["split"] == "every row"
    assert found.leakage == {}


@pytest.mark.slow
def test_figures_curves_and_pictures_are_written_and_the_same_each_time(
    trained: tuple[Path, evaluation.Evaluation], room: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    names = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        args = ["--output", str(folder / "m" / "e.json"), "--plots", str(folder / "p"), "--pictures", str(folder / "q")]
        assert main(["evaluate", str(trained[0]), str(room / "training_dataset.csv"), *args]) == 0
        names.append({str(p.relative_to(folder)): md5(p.read_bytes()) for p in folder.rglob("*") if p.is_file()})
    assert names[0] == names[1]
    curves = {f"p/{name}.csv" for name in ("roc", "pr", "calibration", "confusion", "importance")}
    pictures = {f"q/{name}.png" for name in ("roc", "pr", "calibration", "confusion_matrix", "importance")}
    assert set(names[0]) == {"m/e.json", *curves, *pictures}
    found = json.loads((tmp_path / "a" / "m" / "e.json").read_text())
    assert found["metrics"] == trained[1].to_json()["metrics"]
    out = capfd.readouterr().out
    assert "120 rows held back from the training" in out
    assert f"{found['metrics']['f1_overflow']:.3f}" in out
    assert "constant" in out


def test_a_dash_prints_the_figures_alone(
    trained: tuple[Path, evaluation.Evaluation], room: Path, tmp_path: Path, monkeypatch: Any, capfd: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["evaluate", str(trained[0]), str(room / "training_dataset.csv"), "--output", "-"]) == 0
    assert json.loads(capfd.readouterr().out)["metrics"] == trained[1].to_json()["metrics"]
    assert not (tmp_path / "-").exists()


def test_a_table_without_a_column_that_the_model_looks_at_is_refused(
    trained: tuple[Path, evaluation.Evaluation], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    samples.frame().drop(columns=["slot_fill"]).to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(GuardError, match="slot_fill"):
        evaluate(str(trained[0]), str(tmp_path / "t.csv"))
    assert main(["evaluate", str(trained[0]), str(tmp_path / "no.csv"), "--output", str(tmp_path / "e.json")]) == 1
    assert "there is no" in capfd.readouterr().err
    assert not (tmp_path / "e.json").exists()


def test_a_model_that_was_changed_is_not_evaluated(
    trained: tuple[Path, evaluation.Evaluation], room: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for source in trained[0].parent.iterdir():
        (tmp_path / source.name).write_bytes(source.read_bytes())
    changed = tmp_path / trained[0].name
    changed.write_bytes(changed.read_bytes() + b".")
    assert main(["evaluate", str(changed), str(room / "training_dataset.csv")]) == 1
    assert "was not loaded" in capfd.readouterr().err
