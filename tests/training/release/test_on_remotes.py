"""Whether others can fetch what a release names: what a remote has, has not, and has of another size."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.helpers.support import Repo
from trinity_guard import git
from trinity_guard.dvcrepo.output import Output
from trinity_guard.errors import GuardError
from trinity_guard.training.release import on_remotes

HERE, LOST, SHORT = "1" * 32, "2" * 32, "3" * 32


def output(name: bytes, md5: str, size: int) -> Output:
    return Output(name, md5, size, name + b".dvc").settle()


@pytest.fixture
def place(bare_repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> git.Place:
    """A repository whose remote has one object whole and one cut short."""
    for md5, size in ((HERE, 5), (SHORT, 4)):
        file = tmp_path / "there" / "files" / "md5" / md5[:2] / md5[2:]
        file.parent.mkdir(parents=True)
        file.write_bytes(bytes(size))
    monkeypatch.chdir(bare_repo.path)
    bare_repo.write(
        ".dvc/config.local",
        b"[core]\n    remote = storage\n['remote \"storage\"']\n    url = %b\n" % (os.fsencode(tmp_path / "there"),),
    )
    bare_repo.write(".dvc/config", b"")
    return git.place()


def test_what_is_lost_or_cut_short_is_named_with_the_command_that_sends_it(place: git.Place) -> None:
    wanted = [output(b"here", HERE, 5), output(b"lost", LOST, 5), output(b"short", SHORT, 5)]
    assert on_remotes.objections(place, "", wanted) == [
        ("lost is not on the remote 'storage'", "trinity-guard push"),
        ("short is damaged on the remote 'storage': 4 B of 5 B", "trinity-guard push"),
    ]


def test_where_a_remote_cannot_be_asked_nothing_is_known(place: git.Place) -> None:
    with pytest.raises(GuardError, match="whether others can fetch here cannot be told"):
        on_remotes.asked(place, "nowhere", [output(b"here", HERE, 5)])


def test_what_another_repository_s_remote_holds_is_not_asked_for(place: git.Place) -> None:
    imported = output(b"imported", LOST, 5)
    imported.from_repo = True
    assert on_remotes.asked(place, "", [imported]) == []
    assert on_remotes.members(place, imported) == []
