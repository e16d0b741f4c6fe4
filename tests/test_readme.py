"""The pages say what is so: their commands are run, their output is compared, their tables are complete."""

from __future__ import annotations

import argparse
import importlib.util
import os
import re
import sys
from pathlib import Path

import pytest

from tests.helpers.documents import NOT_RUN, PAGES, Session, blocks, commands, make_project, page, same, table
from tests.helpers.support import PROJECT, Repo, require, run
from trinity_guard import config
from trinity_guard.commands import COMMANDS, completion
from trinity_guard.detect import configtext, configuration

README = page("README.md")
COMMANDS_PAGE = page("docs/commands.md")
CONFIGURATION_PAGE = page("docs/configuration.md")
# The commands of this page are run by test_troubleshooting, each after what provokes its message.
PROVOKED = "docs/troubleshooting.md"
# Their commands train, release and search.
TRAINING = ("docs/training.md", "docs/switching.md")


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """A shell in the project of the README's transcript."""
    for package in ("h5py", "sklearn"):
        if importlib.util.find_spec(package) is None:
            require(package)
    home = tmp_path / "you"
    make_project(home / "churn")
    return Session(home, home / "churn")


def guarded(session: Session) -> Session:
    """What the page on the commit's steps starts with: a guarded project with the model staged."""
    repo = Repo(session.at)
    repo.guard("init", "-q")
    repo.git("commit", "-q", "-m", "guard it")
    # Older than the index that names it: else Git asks the filter again, which says of a broken configuration what the
    # commit was to say.
    os.utime(repo.file("models/first.pkl"), (1_700_000_000, 1_700_000_000))
    repo.git("add", "models/first.pkl")
    return session


@pytest.mark.parametrize(
    "name", [pytest.param(p, marks=pytest.mark.slow if p in TRAINING else ()) for p in PAGES if p != PROVOKED]
)
def test_the_commands_of_a_page_do_what_it_shows(session: Session, name: str) -> None:
    if name != "README.md":
        guarded(session)
    ran = 0
    for block in blocks(page(name), "sh"):
        for command in commands(block):
            if not command.runnable:
                continue
            code, said = session.type(command.text)
            ran += 1
            assert code == command.code, f"$ {command.text}\n{said}"
            if command.output:
                assert same(command.output, said, session.home), f"$ {command.text}\n{said}"
    assert ran


def test_what_is_not_run_is_shown_somewhere() -> None:
    shown = [c.text for name in PAGES for block in blocks(page(name), "sh") for c in commands(block)]
    for start in NOT_RUN:
        assert any(text.startswith(start) for text in shown), start


def test_the_comparison_of_outputs_tells_differences() -> None:
    home = Path("/tmp/x")
    real = "pushed 3 objects (597.6 kB)\n[main 1a2b3c4] A model\nhook /tmp/x/churn/post-commit\n"
    assert same(["pushed 1 objects (2 kB)", "[main 00912c8] A model", "hook /home/you/churn/post-commit"], real, home)
    assert same(["pushed … kB)", "…"], real, home)
    assert not same(["pushed 3 objects (597.6 MB)", "…"], real, home)
    assert not same(["pushed 3 objects (597.6 kB)", "[main 00912c8] A model"], real, home)
    assert not same(["…", "hook /home/you/churn/pre-commit"], real, home)


def test_the_first_screen_tells_the_whole_story() -> None:
    screen = "\n".join(README.splitlines()[:45])
    for words in (
        "pip install",
        "trinity-guard init",
        "git add -A && git commit",
        "git ls-tree",
        "git clone",
        "dvc pull",
    ):
        assert words in screen
    assert "$ make demo\n$ make test\n" in screen


def test_the_table_of_commands_forgets_none() -> None:
    rows = {row[0].strip("`").split()[0]: " ".join(row) for row in table(COMMANDS_PAGE, "command")}
    assert set(rows) == set(COMMANDS)
    [parsers] = [action.choices for action in completion.whole()._actions if isinstance(action.choices, dict)]
    for name, parser in parsers.items():
        for word in typed_words(parser):
            assert word in rows[name], f"{name} {word}"


def typed_words(parser: argparse.ArgumentParser) -> list[str]:
    """Return the words that are a command's own: its options, its commands, the shells of `completion`."""
    words: list[str] = []
    for action in parser._actions:
        words += action.option_strings or (action.choices or [])
    return [word for word in words if word not in ("-h", "--help", "-q", "--quiet", "-v", "--verbose")]


def test_every_option_in_the_table_of_commands_is_in_the_commands_help() -> None:
    for row in table(COMMANDS_PAGE, "command"):
        name = row[0].strip("`").split()[0]
        text = run(sys.executable, "-m", "trinity_guard", name, "--help", cwd=PROJECT).stdout.decode()
        for option in re.findall(r"--[a-z]+", " ".join(row)):
            assert option in text, f"{name} {option}"


def test_the_table_of_the_configuration_has_every_key_with_its_default() -> None:
    rows = {row[0].strip("`"): row[1].strip("`") for row in table(CONFIGURATION_PAGE, "key")}
    assert tuple(rows) == config.KEYS
    defaults = config.Config()
    assert tuple(rows["patterns"].split()) == defaults.patterns
    assert configtext.parse_size(rows["max-size"].strip('"')) == defaults.max_size
    assert rows["sniff"] == str(defaults.sniff).lower()
    for key in ("on-artifact", "push", "sync", "on-change"):
        assert rows[key] == f'"{getattr(defaults, key.replace("-", "_"))}"'
    assert (rows["exclude"], defaults.exclude) == ("none", ())


def test_the_configuration_that_is_shown_is_read(tmp_path: Path) -> None:
    [text] = blocks(CONFIGURATION_PAGE, "toml")
    (tmp_path / config.OWN_FILE).write_text(text)
    read = configuration.read(os.fsencode(tmp_path))
    assert read.max_size == 20_000_000
    assert read.exclude == ("tests/fixtures/", "*.small.csv")


def test_the_pre_commit_config_that_is_shown_is_valid_and_names_our_hooks(tmp_path: Path) -> None:
    import ruamel.yaml

    [text] = blocks(page("docs/hooks.md"), "yaml")
    shown = ruamel.yaml.YAML(typ="safe").load(text)
    offered = ruamel.yaml.YAML(typ="safe").load((PROJECT / ".pre-commit-hooks.yaml").read_text())
    stages = {stage for hook in offered for stage in hook["stages"]}
    assert set(shown["default_install_hook_types"]) == stages
    assert {hook["id"] for hook in shown["repos"][0]["hooks"]} <= {hook["id"] for hook in offered}
    (tmp_path / "c.yaml").write_text(text)
    run(sys.executable, "-m", "pre_commit", "validate-config", tmp_path / "c.yaml")
    # Each list that differs is an environment of its own.
    assert {tuple(hook["additional_dependencies"]) for hook in shown["repos"][0]["hooks"]} == {("dvc-s3",)}


def test_the_extras_are_those_of_the_project() -> None:
    import tomllib

    extras = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert {name for row in table(README, "extra") for name in re.findall(r"`(\w+)`", row[0])} == set(extras)
