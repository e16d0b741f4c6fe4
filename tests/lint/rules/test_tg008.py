"""TG008: models without their metadata."""

from __future__ import annotations

import pytest

from tests.helpers.support import Repo
from tests.lint.linted import found, pointer


@pytest.mark.parametrize(
    ("name", "level"),
    [("layout_risk_predictor_2025-01-31.pkl", "error"), ("other.joblib", "warning"), ("table.csv", "")],
)
def test_a_model_needs_its_metadata(bare_repo: Repo, name: str, level: str) -> None:
    bare_repo.stage("models/.gitignore", b"/*\n!*.dvc\n!*.json\n")
    bare_repo.stage(f"models/{name}.dvc", pointer(name))
    assert found(bare_repo) == ([("TG008", f"models/{name}.dvc", level)] if level else [])
    bare_repo.stage(f"models/{name.rpartition('.')[0]}_metadata.json", b"{}\n")
    assert found(bare_repo) == []
