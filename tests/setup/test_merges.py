"""What `init` writes so that Git merges ignore lines and shows pointers is taken out again, and only that."""

from __future__ import annotations

import pytest

from tests.helpers.support import Repo
from trinity_guard import git
from trinity_guard.git import diffdriver, mergedriver
from trinity_guard.setup import merges
from trinity_guard.setup.record import InstallPlan

OWN = b"*.txt text\n"


@pytest.fixture
def plan(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> InstallPlan:
    monkeypatch.chdir(bare_repo.path)
    return InstallPlan(git.place())


@pytest.mark.parametrize("before", [None, OWN, b"*.txt text"])
def test_out_comes_what_was_there_before(bare_repo: Repo, plan: InstallPlan, before: bytes | None) -> None:
    file = bare_repo.file(".gitattributes")
    if before is not None:
        file.write_bytes(before)
    merges.install(plan)
    assert mergedriver.LINE in file.read_bytes().splitlines()
    assert mergedriver.registered(plan.place)
    assert diffdriver.registered(plan.place)
    assert len(plan.outcome.done) == 1
    merges.uninstall(plan)
    assert (file.read_bytes() if file.exists() else None) in (before, (before or b"") + b"\n")
    assert not mergedriver.registered(plan.place)
    assert not diffdriver.registered(plan.place)


def test_twice_is_once(bare_repo: Repo, plan: InstallPlan) -> None:
    merges.install(plan)
    text = bare_repo.file(".gitattributes").read_bytes()
    merges.install(plan)
    assert bare_repo.file(".gitattributes").read_bytes() == text
    assert len(plan.outcome.done) == 1


def test_who_merges_ignore_lines_by_themselves_is_left_alone(bare_repo: Repo, plan: InstallPlan) -> None:
    bare_repo.write(".gitattributes", b".gitignore merge=mine\n")
    merges.install(plan)
    assert bare_repo.file(".gitattributes").read_bytes() == b".gitignore merge=mine\n"


def test_a_link_stays_as_it_is(bare_repo: Repo, plan: InstallPlan) -> None:
    bare_repo.write("elsewhere", OWN)
    bare_repo.file(".gitattributes").symlink_to("elsewhere")
    merges.install(plan)
    assert bare_repo.file("elsewhere").read_bytes() == OWN
    assert "which Git does not read" in plan.outcome.notes[0]
    merges.uninstall(plan)
    assert bare_repo.file(".gitattributes").is_symlink()
