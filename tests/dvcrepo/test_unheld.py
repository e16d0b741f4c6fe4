"""The note of artifacts whose pointer went while their ignore line stayed."""

from __future__ import annotations

import pytest

from tests.helpers.support import Repo
from trinity_guard import git
from trinity_guard.dvcrepo import unheld
from trinity_guard.dvcrepo.output import Output
from trinity_guard.git import index


@pytest.fixture
def here(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    monkeypatch.chdir(bare_repo.path)
    bare_repo.stage("d/.gitignore", b"/a.csv\n/b.csv\n")
    return bare_repo


def note(*gone: bytes, held: tuple[bytes, ...] = ()) -> list[bytes]:
    place = git.place()
    entries = {e.path: e for e in index.entries()}
    unheld.note(place, entries, [Output(path) for path in gone], held)
    return unheld.read(place)


def test_it_is_not_begun_by_what_goes(here: Repo) -> None:
    assert note(b"d/a.csv") == []
    assert not (here.path / ".git/trinity-guard/unheld").exists()


def test_what_has_its_line_still_is_added_and_nothing_else(here: Repo) -> None:
    unheld.write(git.place(), [b"x"])
    assert note(b"d/a.csv", b"d/b.csv", b"d/c.csv", b"a.csv", held=(b"d/b.csv",)) == [b"x", b"d/a.csv"]
    assert note(b"d/a.csv") == [b"x", b"d/a.csv"]
