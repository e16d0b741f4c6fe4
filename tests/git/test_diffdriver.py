"""Our diff driver's lines in Git's config and attributes: added once, taken out again, nobody else's touched."""

from __future__ import annotations

import pytest

from tests.helpers.support import Repo
from trinity_guard import git
from trinity_guard.git import diffdriver


@pytest.mark.parametrize(
    ("attributes", "shown"), [(b"", b"trinity-guard"), (b"*.dvc diff=theirs\n", b"theirs"), (b"* -diff\n", b"unset")]
)
def test_a_clone_gets_the_driver_where_nobody_says_how_pointers_differ(
    bare_repo: Repo, monkeypatch: pytest.MonkeyPatch, attributes: bytes, shown: bytes
) -> None:
    monkeypatch.chdir(bare_repo.path)
    bare_repo.write(".gitattributes", attributes)
    info = bare_repo.file(".git/info/attributes")
    info.parent.mkdir(exist_ok=True)
    info.write_bytes(b"*.bin -diff\n")
    before, place = bare_repo.file(".git/config").read_bytes(), git.place()
    assert diffdriver.register(place)
    assert not diffdriver.register(place)
    assert diffdriver.registered(place)
    said = bare_repo.git("check-attr", "diff", "d/x.dvc").stdout
    assert said.split()[-1] == shown
    assert diffdriver.unregister(place)
    assert not diffdriver.unregister(place)
    assert info.read_bytes() == b"*.bin -diff\n"
    assert bare_repo.file(".git/config").read_bytes() == before
