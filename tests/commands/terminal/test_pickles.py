"""A pickle that is not known to be harmless is named when it is committed and when it arrives; or refused."""

from __future__ import annotations

import pickle

import pytest

from tests.helpers.support import Repo
from trinity_guard import git
from trinity_guard.commands.terminal import pickles
from trinity_guard.config import Config
from trinity_guard.convert.outcome import Converted
from trinity_guard.detect import doubtful
from trinity_guard.git.attributes import Attributes
from trinity_guard.git.index import Entry

EVIL = b"cos\nsystem\n(S'true'\ntR."
WORD = "m.pkl: a pickle that is not known to be harmless when it is loaded: it calls os.system."


def configured(repo: Repo, text: str) -> None:
    repo.stage(".trinity-guard.toml", text.encode())
    repo.commit()


def test_a_commit_names_it_and_goes_on(repo: Repo) -> None:
    repo.stage("m.pkl", EVIL)
    repo.stage("known.pkl", pickle.dumps([1]))
    said = repo.commit().stderr.decode()
    assert said.count("not known to be harmless") == 1
    assert WORD in said
    assert repo.tracked("m.pkl.dvc")


@pytest.mark.parametrize("data", [b"a,b\n1,2\n", b"\xff" * 900, pickle.dumps({"a": 1})])
def test_nothing_is_said_of_others(repo: Repo, data: bytes) -> None:
    repo.stage("m.pkl", data)
    assert "harmless" not in repo.commit().stderr.decode()


def test_what_git_add_has_looked_at_is_not_read_again(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    bare_repo.write(".dvc/config", b"")
    monkeypatch.chdir(bare_repo.path)
    looked_at: list[bytes] = []
    monkeypatch.setattr(doubtful, "of_file", lambda path, name, allow: looked_at.append(name))
    items = [Converted(Entry(b"100644", b"", name), b"", Attributes()) for name in (b"a.csv", b"b.csv", b"c.pkl")]
    for item in items:
        item.md5, item.plain = "0" * 32, item.path != b"a.csv"
    pickles.converted(git.place(), Config(), items)
    assert looked_at == [b"a.csv", b"c.pkl"]


def test_of_a_directory_what_is_new_or_changed_in_it_is_looked_at(repo: Repo) -> None:
    configured(repo, 'folders = ["d/"]\n')
    repo.stage("d/old.pkl", EVIL)
    repo.stage("d/m.pkl", pickle.dumps([1]))
    assert "d/old.pkl: a pickle that is not" in repo.commit().stderr.decode()
    repo.write("d/m.pkl", EVIL)
    repo.write("d/new.pkl", EVIL)
    repo.stage("note.txt")
    said = repo.commit().stderr.decode()
    assert [name in said for name in ("d/m.pkl: a pickle", "d/new.pkl: a pickle", "d/old.pkl: a pickle")] == [
        True,
        True,
        False,
    ]


def test_it_can_be_switched_off(repo: Repo) -> None:
    configured(repo, 'pickles = "off"\n')
    repo.stage("m.pkl", EVIL)
    assert "harmless" not in repo.commit().stderr.decode()


def test_a_commit_can_refuse_it_staged_or_behind_its_pointer(repo: Repo) -> None:
    configured(repo, 'pickles = "refuse"\n')
    repo.stage("m.pkl", EVIL)
    refused = repo.git("commit", "-qm", "x", ok=False)
    assert refused.returncode == 1
    assert WORD in refused.stderr.decode()
    assert not repo.tracked("m.pkl.dvc")
    repo.git("reset", "-q", "--", "m.pkl")
    repo.guard("add", "m.pkl")
    refused = repo.git("commit", "-qm", "x", ok=False)
    assert refused.returncode == 1
    assert "git reset -q -- m.pkl.dvc" in refused.stderr.decode()
    configured_names = 'pickles = "refuse"\npickle-allow = ["os.system"]\n'
    repo.stage(".trinity-guard.toml", configured_names.encode())
    repo.commit()
    assert repo.tracked("m.pkl.dvc")


def test_what_changes_into_one_behind_its_pointer_is_refused(repo: Repo) -> None:
    configured(repo, 'pickles = "refuse"\n')
    repo.stage("m.pkl", pickle.dumps([1]))
    repo.commit()
    (repo.path / "m.pkl").write_bytes(EVIL)
    refused = repo.git("commit", "-qam", "x", ok=False)
    assert refused.returncode == 1
    assert WORD in refused.stderr.decode()


def test_pull_names_what_arrives(repo: Repo) -> None:
    repo.stage("m.pkl", EVIL)
    repo.commit()
    (repo.path / "m.pkl").unlink()
    assert WORD in repo.guard("pull").stderr.decode()
    assert "harmless" not in repo.guard("pull").stderr.decode()


def test_use_names_what_arrives(repo: Repo) -> None:
    repo.stage("m.pkl", EVIL)
    repo.commit()
    (repo.path / "m.pkl").write_bytes(pickle.dumps([1]))
    repo.guard("convert", "m.pkl")
    repo.commit()
    assert WORD in repo.guard("use", "HEAD~1", "m.pkl").stderr.decode()
