"""A card says what the metadata says, and nothing in a stranger's words is Markdown there."""

from __future__ import annotations

from typing import Any

from trinity_guard.training.description import page


def told(**changes: Any) -> dict[str, Any]:
    model = {
        "path": "models/m.pkl", "md5": "ab" * 16, "sha256": "cd" * 32, "size": 3, "format": "pickle (protocol 5)",
        "library": "scikit-learn", "class": "Pipeline",
    }  # fmt: skip
    base = {"name": "m", "model": model, "dataset": None, "parameters": {}, "metrics": {}, "git": None, "mlflow": None}
    return base | {"versions": {"python": "3.11"}} | changes


def test_what_is_known_stands_there_and_what_is_not_does_not() -> None:
    said = page.text(told(metrics={"auc": 0.912345678}))
    assert "scikit-learn Pipeline" in said
    assert "| auc | 0.912346 |" in said
    assert "A pickle runs when it is loaded" in said
    assert "## How it was made" not in said
    assert "dataset" not in said


def test_data_commit_and_run_stand_there() -> None:
    said = page.text(
        told(
            dataset={"path": "data/t.csv", "md5": "ef" * 16, "rows": 2000},
            git={"commit": "1" * 40, "dirty": True},
            mlflow={"run_id": "r1", "tracking": "sqlite:///mlflow.db"},
        )
    )
    assert "`data/t.csv`, 2,000 rows, md5 `efef" in said
    assert f"`{'1' * 40}` with uncommitted changes" in said
    assert "`r1` in sqlite:///mlflow.db" in said


def test_a_value_is_no_markdown() -> None:
    said = page.text(told(parameters={"a|b": "<script>*x*\n"}))
    assert "| a\\|b | &lt;script>\\*x\\*" in said
    assert "<script>" not in said
