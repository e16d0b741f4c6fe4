"""Which model is meant where none is named."""

from __future__ import annotations

import json

import pytest

from tests.helpers.support import Repo
from tests.training.release.test_committed import METADATA, MODEL, files, pointer, whole
from trinity_guard.errors import GuardError
from trinity_guard.training.release import newest


def test_the_newest_is_the_one_that_was_trained_last_committed_or_not(
    bare_repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = files(bare_repo, monkeypatch, **whole())
    assert newest.newest(tree) == MODEL
    later = json.dumps({**METADATA, "created": "2026-01-03T00:00:00Z"}).encode()
    bare_repo.write("models/later_metadata.json", later)
    assert newest.newest(tree) == MODEL, "metadata without its model is none"
    bare_repo.write("models/later.pkl", b"x")
    bare_repo.write("models/other_metadata.json", b"some other tool's")
    bare_repo.write("models/other.pkl", b"x")
    assert newest.newest(tree) == b"models/later.pkl"


def test_where_no_model_has_metadata_that_is_said(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(GuardError, match="no model with metadata") as refused:
        newest.newest(files(bare_repo, monkeypatch, readme=b""))
    assert refused.value.exit_code == 2


def test_a_pipelines_model_bears_no_date_and_is_as_old_as_its_commit(
    bare_repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    files(bare_repo, monkeypatch, **whole())
    undated = {key: value for key, value in METADATA.items() if key != "created"}
    tree = files(
        bare_repo, monkeypatch,
        models__p_dot_pkl_dot_dvc=pointer("p.pkl"), models__p_metadata_dot_json=json.dumps(undated).encode(),
    )  # fmt: skip
    assert newest.newest(tree) == b"models/p.pkl"
    later = {**METADATA, "created": "2126-01-02T00:00:00Z"}
    tree = files(bare_repo, monkeypatch, models__m_metadata_dot_json=json.dumps(later).encode())
    assert newest.newest(tree) == b"models/m.pkl"


def test_of_several_names_the_one_that_is_meant_has_to_be_said(
    bare_repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = {**METADATA, "name": "another", "model": {"path": "services/a/models/o.onnx"}}
    tree = files(
        bare_repo, monkeypatch, **whole(),
        services__a__models__o_dot_onnx_dot_dvc=pointer("o.onnx"),
        services__a__models__o_metadata_dot_json=json.dumps(other).encode(),
    )  # fmt: skip
    with pytest.raises(GuardError, match="several names") as refused:
        newest.newest(tree, command="trinity release v1.0.0 --model")
    assert refused.value.remedy.splitlines() == [
        "trinity release v1.0.0 --model models/m.pkl",
        "trinity release v1.0.0 --model services/a/models/o.onnx",
    ]
    assert newest.newest(tree, b"services/a") == b"services/a/models/o.onnx"
