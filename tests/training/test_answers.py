"""What a program asks is answered by the kind of the model, from a path or from one that it has loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.training.tabular import tables
from trinity_guard.errors import GuardError
from trinity_guard.training import answers, verified
from trinity_guard.training.tabular.options import Options


def test_a_path_and_a_loaded_model_answer_alike(tmp_path: Path) -> None:
    ridge = Options("price", ("rooms", "size"), estimator="sklearn.linear_model.Ridge", folds=0)
    path = Path(tables.model(tmp_path, ridge))
    row, loaded = {"rooms": 3, "size": 70}, verified.load(str(path))
    assert answers.predict(path, [row]) == answers.predict(loaded, [row])
    assert answers.answered(loaded, "rooms,size\n3,70\n", "t") == (answers.predict(path, [row]), [])
    assert answers.evaluate(path, tmp_path / "data" / "t.csv").metrics["r2"] > 0.8
    with pytest.raises(GuardError, match="its md5 is"):
        answers.predict(path, [row], md5="0" * 32)
