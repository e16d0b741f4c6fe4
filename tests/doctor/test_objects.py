"""Where each object is: in the cache, on the remote, nowhere; and what `dvc gc` would take."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.support import Repo
from trinity_guard import git
from trinity_guard.doctor import objects
from trinity_guard.doctor.checks import ERROR, OK, WARNING, Repository, Unseen
from trinity_guard.dvcrepo import odb, pointer
from trinity_guard.remotes import trust


@pytest.fixture
def work(bare_repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """A repository with a pointer, its object in the cache, and an empty folder as its remote."""
    monkeypatch.chdir(bare_repo.path)
    (tmp_path / "storage").mkdir()
    config = f"[core]\n    remote = s\n['remote \"s\"']\n    url = {tmp_path / 'storage'}\n"
    bare_repo.stage(".dvc/config", config.encode())
    bare_repo.stage("a.pkl.dvc", pointer.encode(cached(bare_repo, b"data"), 4, "a.pkl"))
    bare_repo.commit("--no-verify")
    project = Repository(git.place()).project()
    trust.confirm(git.place(), project.remotes["s"])
    return bare_repo


def cached(repo: Repo, data: bytes) -> str:
    store = odb.Store(bytes(repo.path) + b"/.dvc/cache")
    taken = store.take([data])
    store.settle()
    return taken.md5


def subject() -> Repository:
    return Repository(git.place())


def only_file(folder: Path) -> Path:
    [file] = [p for p in folder.glob("files/md5/??/*") if p.is_file()]
    return file


def test_an_object_on_this_machine_alone_is_sent_by_fix(work: Repo, tmp_path: Path) -> None:
    check = objects.here_and_there(subject())
    assert check.level == WARNING
    assert "on this machine alone: a.pkl.dvc" in check.fact
    assert check.mend is not None
    assert check.mend() == "pushed 1 object"
    assert only_file(tmp_path / "storage").read_bytes() == b"data"
    assert objects.here_and_there(subject()).fact == "1 object, in the cache or on the remote"
    assert work.path


def test_an_object_that_is_nowhere_is_an_error(work: Repo) -> None:
    only_file(work.path / ".dvc/cache").unlink()
    check = objects.here_and_there(subject())
    assert check.level == ERROR
    assert "is nowhere" in check.fact
    offline = objects.here_and_there(Repository(git.place(), offline=True))
    assert offline.level == WARNING
    assert "whether they can be fetched is not known" in offline.fact


@pytest.mark.parametrize(("size", "words"), [(4, "damaged in the cache"), (5, "another size than the object has")])
def test_an_object_of_another_size_is_damaged_or_its_pointer_is_wrong(work: Repo, size: int, words: str) -> None:
    if size == 4:
        only_file(work.path / ".dvc/cache").chmod(0o644)
        only_file(work.path / ".dvc/cache").write_bytes(b"dat")
    else:
        work.stage("a.pkl.dvc", (work.path / "a.pkl.dvc").read_bytes().replace(b"size: 4", b"size: 5"))
    check = objects.here_and_there(subject())
    assert check.level == ERROR
    assert words in check.fact


def test_what_only_an_older_commit_names_is_at_risk_of_gc(work: Repo) -> None:
    assert objects.only_in_history(subject()).fact == "older commits name no other object"
    work.git("rm", "-q", "a.pkl.dvc")
    work.commit("--no-verify")
    assert objects.here_and_there(subject()).fact == "no pointer yet"
    check = objects.only_in_history(subject())
    assert check.level == WARNING
    assert "`dvc gc -w` deletes it" in check.fact
    assert check.mend is not None
    check.mend()
    assert objects.only_in_history(subject()).level == OK


@pytest.mark.usefixtures("work")
def test_where_no_pointer_can_be_read_nothing_was_looked_at(work: Repo) -> None:
    work.stage("a.pkl.dvc", b"outs: 3\n")
    with pytest.raises(Unseen, match="no pointer can be read"):
        objects.here_and_there(subject())
    assert objects.queue(subject()).fact == "nothing waits for a remote"
