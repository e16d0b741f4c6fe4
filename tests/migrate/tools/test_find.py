"""Where the other tools are; a missing one is an error that says how to get it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from trinity_guard.errors import GuardError
from trinity_guard.migrate.tools import find


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the whole PATH, without any tool of the machine's."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("BFG_JAR", raising=False)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    return folder


def program(file: Path) -> str:
    file.write_text("#!/bin/sh\n")
    file.chmod(0o755)
    return str(file)


def test_bfg_is_the_jar_that_was_named_and_the_java_of_the_path(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jar = path / "bfg.jar"
    with pytest.raises(GuardError, match="needs to know where its jar is"):
        find.find("bfg", None)
    with pytest.raises(GuardError, match="there is no file"):
        find.find("bfg", str(jar))
    jar.touch()
    with pytest.raises(GuardError, match="needs Java"):
        find.find("bfg", str(jar))
    java = program(path / "java")
    assert find.find("bfg", str(jar)).argv == [java, "-jar", str(jar)]
    monkeypatch.setenv("BFG_JAR", str(jar))
    assert find.find("bfg", None).name == "bfg"


def test_filter_repo_is_a_program_or_a_module_of_this_python(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(GuardError, match="no git-filter-repo") as error:
        find.find("filter-repo", None)
    assert error.value.remedy == "pip install git-filter-repo"
    monkeypatch.setattr("importlib.util.find_spec", lambda _: object())
    assert find.find("filter-repo", None).argv == [sys.executable, "-P", "-m", "git_filter_repo"]
    there = program(path / "git-filter-repo")
    assert find.find("filter-repo", None).argv == [there]
