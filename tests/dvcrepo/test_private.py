"""What a project keeps on this machine alone, on branches that know no DVC."""

from __future__ import annotations

import pytest

from tests.helpers.support import Repo
from trinity_guard import git
from trinity_guard.dvcrepo import private, project


@pytest.fixture
def repo(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    monkeypatch.chdir(bare_repo.path)
    return bare_repo


CASES = [
    ("", "", [b"/.dvc/cache", b"/.dvc/tmp", b"/.dvc/config.local"]),
    ("sub", "", [b"/sub/.dvc/cache", b"/sub/.dvc/tmp", b"/sub/.dvc/config.local"]),
    ("", "../objects", [b"/.dvc/cache", b"/.dvc/tmp", b"/.dvc/config.local", b"/objects"]),
    ("", "/elsewhere/cache", [b"/.dvc/cache", b"/.dvc/tmp", b"/.dvc/config.local"]),
]


@pytest.mark.parametrize(("root", "cache", "lines"), CASES)
def test_a_project_s_own_is_ignored(repo: Repo, root: str, cache: str, lines: list[bytes]) -> None:
    config = f"[cache]\n    dir = {cache}\n" if cache else ""
    repo.write(f"{root}/.dvc/config" if root else ".dvc/config", config.encode())
    place = git.place()
    settings = project.Project.at(place, root.encode())
    assert private.keep_private(place, settings)
    assert not private.keep_private(place, settings)
    exclude = repo.file(".git/info/exclude").read_bytes().splitlines()
    assert exclude[exclude.index(lines[0]) :][: len(lines)] == lines
