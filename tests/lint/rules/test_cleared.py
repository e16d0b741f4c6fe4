"""An object that is worth no word is read for pickles once; one that is worth a word by every lint."""

from __future__ import annotations

import pickle

import pytest

from tests.helpers.support import Repo
from tests.lint.linted import found
from trinity_guard.detect import doubtful

EVIL = b"cos\nsystem\n(S'true'\ntR."


@pytest.fixture
def read(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """A harmless pickle and another are committed; note the names of those that are read from now on."""
    repo.stage("known.pkl", pickle.dumps({"a": [1, 2]}))
    repo.stage("m.pkl", EVIL)
    repo.commit()
    names: list[bytes] = []
    of_file = doubtful.of_file

    def noted(path: bytes, name: bytes, allow: list[str]) -> object:
        names.append(name)
        return of_file(path, name, allow)

    monkeypatch.setattr(doubtful, "of_file", noted)
    return names


def test_what_was_read_and_is_worth_no_word_is_not_read_again(repo: Repo, read: list[bytes]) -> None:
    assert len(found(repo)) == len(found(repo)) == 1
    assert read == [b"known.pkl", b"m.pkl", b"m.pkl"]


def test_under_other_names_that_a_user_adds_all_is_read_again(repo: Repo, read: list[bytes]) -> None:
    found(repo)
    repo.write(".trinity-guard.toml", b'pickle-allow = ["mine.*"]\n')
    found(repo)
    assert read == [b"known.pkl", b"m.pkl"] * 2


def test_what_is_remembered_can_be_damaged(repo: Repo, read: list[bytes]) -> None:
    found(repo)
    repo.file(".git/trinity-guard/cleared-pickles").write_bytes(b"\xff no records")
    found(repo)
    assert read == [b"known.pkl", b"m.pkl"] * 2
