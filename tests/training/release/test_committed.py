"""A model as a commit records it, and what is said where the commit lacks a part of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.support import Repo
from trinity_guard import git
from trinity_guard.errors import GuardError
from trinity_guard.training.release import committed
from trinity_guard.training.release.committed import CommitFiles

MODEL = b"models/m.pkl"
METADATA = {"name": "my_model", "created": "2026-01-02T00:00:00Z", "dataset": {"path": "data/t.csv"}}


def pointer(name: str, md5: str = "ab" * 16) -> bytes:
    return f"outs:\n- md5: {md5}\n  size: 3\n  hash: md5\n  path: {name}\n".encode()


def files(repo: Repo, monkeypatch: pytest.MonkeyPatch, **contents: bytes) -> CommitFiles:
    """Commit files (`__` stands for a slash, `_dot_` for a full stop), and return that commit's."""
    monkeypatch.chdir(repo.path)
    for name, data in contents.items():
        repo.write(name.replace("__", "/").replace("_dot_", "."), data)
    repo.git("add", "-A", "-f")
    repo.git("commit", "-q", "-m", "files")
    return CommitFiles(git.place(), repo.git("rev-parse", "HEAD").stdout.strip())


def whole(**changes: bytes) -> dict[str, bytes]:
    return {
        "models__m_dot_pkl_dot_dvc": pointer("m.pkl"),
        "models__m_metadata_dot_json": json.dumps(METADATA).encode(),
        "data__t_dot_csv_dot_dvc": pointer("t.csv", "cd" * 16),
        **changes,
    }


def test_a_model_is_its_pointer_its_metadata_and_the_table_that_it_names(
    bare_repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = committed.model(files(bare_repo, monkeypatch, **whole()), MODEL)
    assert (found.path, found.name, found.goal.md5) == (MODEL, "my-model", "ab" * 16)
    assert found.files == [b"models/m.pkl.dvc", b"models/m_metadata.json"]
    assert found.data is not None
    assert (found.data_path, found.data.md5) == (b"data/t.csv", "cd" * 16)


@pytest.mark.parametrize("path", ["", "../elsewhere.csv", "/etc/passwd", "data/none.csv"])
def test_a_table_that_the_commit_does_not_record_is_none(
    bare_repo: Repo, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    told = json.dumps({**METADATA, "dataset": {"path": path}}).encode()
    assert committed.model(files(bare_repo, monkeypatch, **whole(models__m_metadata_dot_json=told)), MODEL).data is None


@pytest.mark.parametrize(
    ("contents", "says", "helps"),
    [
        ({"readme": b""}, "no pointer of commit", "trinity train"),
        ({"models__m_dot_pkl": b"raw"}, "is in Git raw", "trinity-guard convert models/m.pkl"),
        ({"models__m_dot_pkl_dot_dvc": pointer("m.pkl")}, "has no models/m_metadata.json", "git add models/m_meta"),
        (whole(models__m_metadata_dot_json=b"[]"), "is no metadata of the trainer's: it is no mapping", "git log -p"),
        (whole(models__m_metadata_dot_json=b"{"), "is no metadata of the trainer's", "git log -p"),
        (whole(models__m_metadata_dot_json=b'{"name": "a b"}'), "not one that a tag can bear", "git log -p"),
        ({"models__m_dot_pkl_dot_dvc": b"outs: ["}, "models/m.pkl.dvc", ""),
        ({"models__m_dot_pkl__config_dot_cfg": b""}, "no pointer of commit", 'folders = ["models/m.pkl/"]'),
    ],
    ids=[
        "nothing",
        "raw",
        "no metadata",
        "a list",
        "no JSON",
        "an odd name",
        "a broken pointer",
        "the files of a folder",
    ],
)
def test_what_the_commit_lacks_is_named_with_what_helps(
    bare_repo: Repo, monkeypatch: pytest.MonkeyPatch, contents: dict[str, bytes], says: str, helps: str
) -> None:
    with pytest.raises(GuardError) as refused:
        committed.model(files(bare_repo, monkeypatch, **contents), MODEL)
    assert says in refused.value.problem
    assert helps in refused.value.remedy
    assert refused.value.exit_code == 1


@pytest.mark.parametrize(
    ("fields", "keys", "text"),
    [
        ({"a": {"b": "c"}}, ("a", "b"), "c"),
        ({"a": {"b": 7}}, ("a", "b"), "7"),
        ({"a": {"b": True}}, ("a", "b"), ""),
        ({"a": "b"}, ("a", "b"), ""),
        ({}, ("a",), ""),
    ],
)
def test_a_text_below_keys_is_one_or_nothing(fields: dict[str, Any], keys: tuple[str, ...], text: str) -> None:
    assert committed.Metadata(fields).text(*keys) == text


def test_metadata_and_card_stand_beside_the_model() -> None:
    assert committed.metadata_path(MODEL) == b"models/m_metadata.json"
    assert committed.card_path(MODEL) == b"models/m_card.md"


def test_metadata_beyond_sense_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(GuardError, match="larger than 10 MB"):
        committed.parsed(b" " * (committed.MAX_METADATA + 1), b"m_metadata.json")
