"""A repository that an older version has set up, under a newer program: it goes on, and follows it."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

import trinity_guard
from tests.helpers.support import Repo, run
from trinity_guard import LIBRARY, start_line

# The module that writes which paths Git asks our filter about, and what an older version of it wrote.
WRITER = "trinity_guard/detect/attributesfile.py"
OLDER = ('b" filter=trinity-guard"', 'b" filter=trinity-guard older"')


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A copy of the program, as it was before an upgrade."""
    folder = tmp_path / "program"
    shutil.copytree(
        Path(trinity_guard.__file__).parent, folder / "trinity_guard", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copytree(Path(LIBRARY) / "hooks", folder / "hooks")
    text = (folder / WRITER).read_text()
    assert OLDER[0] in text
    (folder / WRITER).write_text(text.replace(*OLDER))
    return folder


def guard(program: Path, repo: Repo, *args: str) -> bytes:
    return run(sys.executable, "-I", "-S", "-c", start_line(), str(program), *args, cwd=repo.path, fresh=True).stdout


def attributes(repo: Repo) -> bytes:
    return (repo.path / ".git/trinity-guard/attributes").read_bytes()


def test_the_attributes_follow_a_version_that_writes_others(bare_repo: Repo, program: Path) -> None:
    """Whatever else of the program has stayed as it was: an installation may bring single files, and keep times."""
    guard(program, bare_repo, "init", "-q")
    assert b"trinity-guard older" in attributes(bare_repo)
    bare_repo.stage("staged.pkl", 2000)
    shutil.copy(Path(LIBRARY) / WRITER, program / WRITER)
    content = bare_repo.stage("new.pkl", 1000)
    assert bare_repo.git("cat-file", "-s", ":new.pkl").stdout != b"1000\n"
    bare_repo.commit()
    assert b"trinity-guard older" not in attributes(bare_repo)
    assert bare_repo.tracked("staged.pkl.dvc")
    assert bare_repo.tracked("new.pkl.dvc")
    assert bare_repo.path.joinpath("new.pkl").read_bytes() == content
