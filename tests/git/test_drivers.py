"""Lines of ours in a clone's `info/attributes` come and go, beside anybody else's; and how Git starts us."""

from __future__ import annotations

import os
import shlex
import sys

import pytest

from tests.helpers.support import Repo, run
from trinity_guard.git import Place, drivers

HEAD, OURS, OTHER = b"# ours", b"*.dvc diff=ours", b"*.txt text"


@pytest.fixture
def place(bare_repo: Repo) -> Place:
    folder = os.fsencode(bare_repo.path / ".git")
    return Place(os.fsencode(bare_repo.path), folder, folder)


@pytest.mark.parametrize("before", [None, b"", OTHER, OTHER + b"\n"])
def test_lines_are_added_below_others_and_taken_out_again(bare_repo: Repo, place: Place, before: bytes | None) -> None:
    file = bare_repo.file(".git/info/attributes")
    file.unlink(missing_ok=True)
    if before is not None:
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(before)
    assert not drivers.has(place, HEAD)
    drivers.add(place, HEAD, [OURS])
    assert drivers.has(place, HEAD)
    assert file.read_bytes().splitlines() == [*(before or b"").splitlines(), HEAD, OURS]
    drivers.drop(place, (HEAD, OURS).__contains__)
    assert (file.read_bytes() if before else b"").splitlines() == (before or b"").splitlines()
    assert file.exists() is bool(before)
    drivers.drop(place, (HEAD, OURS).__contains__)


def test_the_shell_starts_the_hook_in_this_python_and_nothing_where_it_is_gone(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shlex.split(drivers.start("textconv"))[-2:] == ["hook", "textconv"]
    assert f"'{sys.executable}' -I -S -c" in drivers.start("textconv")
    monkeypatch.setattr(sys, "executable", "/it's gone/python")
    assert run("sh", "-c", drivers.start("textconv"), cwd=None, ok=False).returncode == 1
