"""The commented config says every key with its default, changes nothing, and goes where nobody changed it."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.helpers.support import Repo
from trinity_guard import config, git
from trinity_guard.detect import configtext, configuration
from trinity_guard.setup import settings_file
from trinity_guard.setup.record import InstallPlan

TEXT = settings_file.config_text()


def test_it_asks_for_what_holds_without_it() -> None:
    told = configtext.parsed(TEXT, None)
    plain = config.Config()
    assert {n: getattr(told, n) for n in config.Config.__slots__ if n != "source"} == {
        n: getattr(plain, n) for n in config.Config.__slots__ if n != "source"
    }


def test_every_key_stands_in_it_with_its_default() -> None:
    shown = re.findall(r"^# ([a-z-]+) = ", TEXT.decode(), re.MULTILINE)
    assert sorted(shown) == sorted(config.KEYS)
    lines = [line[2:] for line in TEXT.decode().splitlines() if re.match(r"# ([a-z-]+ = |\]$|  \")", line)]
    told = configtext.parsed("\n".join(lines).replace('remote = "storage"', "").encode(), None)
    plain = config.Config()
    assert {n: getattr(told, n) for n in config.Config.__slots__ if n != "source"} == {
        n: getattr(plain, n) for n in config.Config.__slots__ if n != "source"
    }


@pytest.mark.parametrize(("extra", "package"), [("", "trinity-guard"), ("s3", "'trinity-guard[s3]'")])
def test_it_says_what_a_clone_installs(extra: str, package: str) -> None:
    assert f"pip install {package} &&".encode() in settings_file.config_text(extra)


@pytest.fixture
def plan(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> InstallPlan:
    monkeypatch.chdir(bare_repo.path)
    bare_repo.write(".dvc/config", b"[core]\n    remote = r\n['remote \"r\"']\n    url = s3://bucket/x\n")
    return InstallPlan(git.place())


def own(plan: InstallPlan) -> Path:
    return Path(os.fsdecode(plan.place.file(settings_file.OWN_FILE)))


def test_what_was_written_goes_again(plan: InstallPlan) -> None:
    settings_file.write(plan)
    assert b"'trinity-guard[s3]'" in own(plan).read_bytes()
    assert configuration.read(plan.place.top).source == config.OWN_FILE
    settings_file.remove(plan)
    assert not own(plan).exists()


def test_settings_of_the_users_stay(plan: InstallPlan) -> None:
    settings_file.write(plan)
    with own(plan).open("ab") as file:
        file.write(b'push = "off"\n')
    settings_file.remove(plan)
    assert own(plan).exists()
    assert "holds settings of yours" in plan.outcome.notes[0]


def test_where_there_is_none_nothing_is_said(plan: InstallPlan) -> None:
    settings_file.remove(plan)
    assert (plan.outcome.done, plan.outcome.notes) == ([], [])
