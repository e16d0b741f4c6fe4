"""The filter driver in Git's config: put there, looked at, taken out, and what was there before is back."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.helpers.support import Repo, run
from trinity_guard import git
from trinity_guard.config import Config
from trinity_guard.detect import attributesfile
from trinity_guard.setup import driver
from trinity_guard.setup.record import InstallPlan


@pytest.fixture
def plan(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> InstallPlan:
    monkeypatch.chdir(bare_repo.path)
    return InstallPlan(git.place())


def config(name: str) -> str | None:
    return git.config(name)


def test_it_is_set_up_once_and_said_once(plan: InstallPlan) -> None:
    driver.set_up(plan, Config())
    driver.set_up(plan, Config())
    assert len(plan.outcome.done) == 1
    assert driver.is_set_up(plan.place)
    assert driver.up_to_date(plan.place)
    assert config("filter.trinity-guard.required") is None  # a checkout must not die of a program that is gone
    run("sh", "-n", os.fsdecode(driver.script_of(plan.place)))


def test_it_is_taken_out_and_nothing_of_it_stays(plan: InstallPlan) -> None:
    before = Path(".git/config").read_bytes()
    driver.set_up(plan, Config())
    driver.take_out(plan)
    assert Path(".git/config").read_bytes() == before
    assert not list(Path(os.fsdecode(plan.place.own)).iterdir())
    assert plan.record["filter"] == {}
    driver.take_out(plan)


@pytest.mark.parametrize("again", [1, 2])
def test_an_attributes_file_that_the_repository_named_is_taken_in_and_put_back(plan: InstallPlan, again: int) -> None:
    Path("mine").write_text("*.csv -filter\n")
    git.run("config", "core.attributesFile", "mine")
    for _ in range(again):
        driver.set_up(plan, Config())
    assert attributesfile.theirs_of(plan.place) == plan.place.file(b"mine")
    assert git.run("check-attr", "filter", "a.csv") == b"a.csv: filter: unset\n"
    driver.take_out(plan)
    assert config("core.attributesFile") == "mine"


def test_one_that_was_named_since_is_left_alone(plan: InstallPlan) -> None:
    driver.set_up(plan, Config())
    git.run("config", "core.attributesFile", "later")
    assert not driver.is_set_up(plan.place)
    driver.take_out(plan)
    assert config("core.attributesFile") == "later"


@pytest.mark.parametrize("home", [True, False])
def test_the_users_file_is_taken_in_wherever_it_is(
    plan: InstallPlan, home: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_CONFIG_HOME")
    named = Path(os.environ["HOME"]) / ("mine" if home else ".config/git/attributes")
    named.parent.mkdir(parents=True, exist_ok=True)
    named.write_text("*.txt diff=words\n")
    if home:
        git.run("config", "--global", "core.attributesFile", "~/mine")
    driver.set_up(plan, Config())
    assert git.run("check-attr", "diff", "a.txt") == b"a.txt: diff: words\n"


def test_that_it_is_not_wanted_is_remembered(plan: InstallPlan) -> None:
    driver.take_out(plan, remember=True)
    assert plan.record["filter"] == {driver.OFF: True}
    driver.set_up(plan, Config())
    assert plan.record["filter"] == {}


def test_a_script_of_another_installation_is_not_up_to_date(plan: InstallPlan) -> None:
    driver.set_up(plan, Config())
    script = Path(os.fsdecode(driver.script_of(plan.place)))
    script.write_text(script.read_text().replace("python='", "python='/elsewhere"))
    assert driver.is_set_up(plan.place)
    assert not driver.up_to_date(plan.place)
