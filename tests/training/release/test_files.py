"""What `use VERSION` brings: the model's own files from the tag's commit, and no edit goes along."""

from __future__ import annotations

import json

import pytest

from tests.helpers.support import Repo
from trinity_guard import git
from trinity_guard.errors import GuardError
from trinity_guard.training.release import files

POINTER = b"outs:\n- md5: abababababababababababababababab\n  size: 3\n  hash: md5\n  path: m.pkl\n"


@pytest.fixture
def released(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """A repository with a release of one model, whose metadata has changed since."""
    monkeypatch.chdir(bare_repo.path)
    bare_repo.write("models/m.pkl.dvc", POINTER)
    bare_repo.write("models/m_metadata.json", json.dumps({"name": "risk"}).encode())
    bare_repo.git("add", "-A")
    bare_repo.git("commit", "-q", "-m", "a model")
    bare_repo.git("tag", "-a", "risk@v1.0.0", "-m", "Registering artifact risk\nmodel: models/m.pkl")
    bare_repo.write("models/m_metadata.json", json.dumps({"name": "risk", "more": 1}).encode())
    bare_repo.git("commit", "-q", "-a", "-m", "another")
    return bare_repo


@pytest.mark.parametrize("text", ["v1.0.0", "risk@v1.0.0"])
def test_a_release_is_found_by_its_version_and_by_its_tag(released: Repo, text: str) -> None:
    found = files.find(git.place(), text)
    assert found is not None
    assert (found.tag, found.model) == ("risk@v1.0.0", b"models/m.pkl")
    assert list(found.texts) == [b"models/m_metadata.json"]
    assert json.loads(git.read_all(found.texts.values())[0] or b"") == {"name": "risk"}


@pytest.mark.parametrize("text", ["v2.0.0", "main", "other@v1.0.0"])
def test_what_is_no_release_is_left_to_git(released: Repo, text: str) -> None:
    assert files.find(git.place(), text) is None


def test_a_lightweight_tag_is_no_release(released: Repo) -> None:
    released.git("tag", "risk@v3.0.0")
    assert files.find(git.place(), "v3.0.0") is None


def test_a_version_that_is_a_branch_too_asks_which_is_meant(released: Repo) -> None:
    released.git("branch", "v1.0.0")
    with pytest.raises(GuardError, match="the name of several things") as refused:
        files.find(git.place(), "v1.0.0")
    assert refused.value.exit_code == 2
    assert "trinity use risk@v1.0.0" in refused.value.remedy
    assert "trinity use refs/heads/v1.0.0" in refused.value.remedy


def test_metadata_as_it_is_committed_may_be_replaced_and_an_edit_may_not(released: Repo) -> None:
    found = files.find(git.place(), "v1.0.0")
    assert found is not None
    found._refuse_edited()
    released.write("models/m_metadata.json", b"{}")
    with pytest.raises(GuardError, match="is not as it is committed; nothing was touched"):
        found._refuse_edited()
    released.file("models/m_metadata.json").write_bytes(json.dumps({"name": "risk"}).encode())
    found._refuse_edited()
