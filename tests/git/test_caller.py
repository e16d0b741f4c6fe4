"""Which git command runs this hook, and how it was typed: from a real hook of a real git."""

from __future__ import annotations

import os
import sys

import pytest

from tests.helpers.support import Repo
from trinity_guard.git import caller

HOOK = """#!/bin/sh
exec '{python}' -c 'from trinity_guard.git import caller
with open("said", "w") as file:
    print(caller.amending(), caller.may_be_empty(), caller.processes_above()[0] > 1, file=file)'
"""


@pytest.fixture
def told(here: Repo) -> Repo:
    """A repository whose hook writes down what it takes the command above it for."""
    hook = here.file(".git/hooks/pre-commit")
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(HOOK.format(python=sys.executable))
    hook.chmod(0o755)
    return here


def said(repo: Repo) -> tuple[bool, bool]:
    amend, empty, above = repo.file("said").read_text().split()
    assert above == "True"
    return amend == "True", empty == "True"


@pytest.mark.parametrize(
    ("args", "amends", "nothing"),
    [
        (["-m", "x"], False, False),
        (["--amend", "--no-edit"], True, False),
        (["--ame", "--no-edit"], True, False),
        (["-m", "--amend"], False, False),
        (["-m", "x", "--", "--amend"], False, False),
        (["--message", "--amend"], False, False),
        (["-m", "x", "--allow-empty"], False, True),
        (["-m", "x", "--allow-empty-message"], False, False),
        (["-m", "--allow-empty"], False, False),
        (["-qm", "--amend"], False, False),
        (["-qm", "x", "--amend"], True, False),
        (["-mS", "--amend"], True, False),
        (["--amend", "-m", "x", "--allow-empty"], True, True),
    ],
)
def test_how_the_commit_was_typed(told: Repo, args: list[str], amends: bool, nothing: bool) -> None:
    told.write("--amend", b"x")
    told.git("add", "--", "--amend")
    told.stage("new", b"new")
    told.git("commit", "-q", *args)
    assert said(told) == (amends, nothing)


def test_an_alias_is_seen_through(told: Repo) -> None:
    told.git("config", "alias.again", "commit --amend --no-edit -q")
    told.stage("new", b"new")
    told.git("again")
    assert said(told) == (True, False)


def test_outside_of_a_commit_nothing_amends(here: Repo) -> None:
    assert not caller.amending()
    assert not caller.may_be_empty()
    assert caller.processes_above()[0] == os.getppid()
    assert here.head()


def test_where_the_system_does_not_say_the_author_does(here: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/index")
    monkeypatch.setattr(caller, "_process", lambda _: None)
    name, mail, date = here.git("log", "-1", "--format=%an%n%ae%n%ad", "--date=raw").stdout.decode().splitlines()
    monkeypatch.setenv("GIT_AUTHOR_NAME", name)
    monkeypatch.setenv("GIT_AUTHOR_EMAIL", mail)
    monkeypatch.setenv("GIT_AUTHOR_DATE", f"@{date}")
    assert caller.amending()
    assert caller.processes_above() == [os.getppid()]
    monkeypatch.setenv("GIT_AUTHOR_DATE", "@1 +0000")
    assert not caller.amending()


@pytest.mark.parametrize(
    ("words", "compares"),
    [
        ("status -s", True),
        ("commit", True),
        ("commit -m -a", True),
        ("commit -qm x", True),
        ("commit -mx --amend --no-edit -n", True),
        ("commit --message=x --author x", True),
        ("commit -a", False),
        ("commit -qam x", False),
        ("commit -m x a.csv", False),
        ("commit -m x -- a.csv", False),
        ("commit -", False),
        ("commit -i a.csv", False),
        ("commit --al", False),
        ("commit --interactive", False),
        ("commit --dry-run", False),
        ("add a.csv", False),
        ("diff", False),
        ("", False),
    ],
)
def test_which_commands_only_compare(words: str, compares: bool) -> None:
    assert caller.only_compares(words.encode().split()) == compares


@pytest.mark.parametrize(
    ("words", "side"),
    [
        ("-Xours s", "ours"), ("-X theirs s", "theirs"), ("--strategy-option=ours s", "ours"), ("s", ""),
        ("-m -Xours s", ""), ("--message -Xours s", ""), ("-m -X -Xtheirs s", "theirs"), ("-F -Xours s", ""),
        ("-Xpatience s", ""), ("-X theirs -X ours s", "ours"),
    ],
)  # fmt: skip
def test_which_side_a_merge_favors(monkeypatch: pytest.MonkeyPatch, words: str, side: str) -> None:
    monkeypatch.setattr(caller, "command_above", lambda: (1, [b"merge", *map(str.encode, words.split())]))
    assert caller.favored_side() == side
