"""docs/remotes.md: its commands do what it shows, and every flag, step and kind of it is real."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tests.helpers.documents import Session, blocks, commands, page, same, table
from tests.helpers.support import PROJECT, Repo, run
from trinity_guard.commands import remote
from trinity_guard.remotes import check, endpoints

TEXT = page("docs/remotes.md")


@pytest.mark.slow
def test_its_commands_do_what_it_shows(tmp_path: Path) -> None:
    home = tmp_path / "you"
    repo = Repo.make(home / "churn")
    session = Session(home, repo.path)
    ran = 0
    for block in blocks(TEXT, "sh"):
        for command in commands(block):
            code, said = session.type(command.text)
            ran += 1
            assert code == command.code, f"$ {command.text}\n{said}"
            assert same(command.output, said, home), f"$ {command.text}\n{said}"
    assert ran > 8


def test_every_flag_is_in_the_help() -> None:
    helps = ""
    for names in (*(("remote", name) for name in ("add", "list", "credentials", "trust", "check")), ("lint",)):
        argv = [sys.executable, "-m", "trinity_guard", *names, "--help"]
        helps += run(*argv, cwd=PROJECT).stdout.decode()
    lines = [line for line in TEXT.splitlines() if "git config" not in line]
    for flag in re.findall(r"--[a-z][a-z-]+", "\n".join(lines)):
        assert flag in helps, flag
    for flag in remote.FLAGS:
        assert f"--{flag}" in TEXT, flag


def test_every_step_is_explained() -> None:
    assert tuple(row[0].strip("`") for row in table(TEXT, "step")) == check.STEPS


def test_every_kind_is_shown_with_flags_that_it_has() -> None:
    [text] = blocks(TEXT, "text")
    for line in text.splitlines():
        kind = re.findall(r"(\w+)://", line)[0]
        options = {remote.FLAGS[flag][0] for flag in re.findall(r"--([a-z-]+)", line)}
        assert options <= set(endpoints.FLAGS[kind]), line
    shown = set(re.findall(r"(\w+)://", text))
    assert shown == set(endpoints.FLAGS) - {"", "webdav", "http"}  # these are shown with TLS
