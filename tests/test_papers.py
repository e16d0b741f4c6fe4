"""The papers for those who come after: their links lead somewhere, their commands do what they are there for."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import ruamel.yaml

from tests.helpers.documents import blocks, commands, page
from tests.helpers.support import PROJECT, Repo, project_copy, run

PAPERS = sorted(
    name for name in run("git", "ls-files", "-z", "--", "*.md", cwd=PROJECT).stdout.decode().split("\0") if name
)
CONTRIBUTING = page("CONTRIBUTING.md")
TYPED = [c.text for block in blocks(CONTRIBUTING, "sh") for c in commands(block)]
# What is not run here, and why. Of each `make` below it is still asked that there is such a target.
NOT_RUN = {
    "git clone ": "the name of the place is an example",
    "git push ": "nobody is there to push to",
    "make lint": "a minute of mypy; .ci/run calls it",
    "make test": "it would run this test",
    "make slow": "a quarter of an hour; .ci/run calls it",
    ".ci/run": "it would run this test",
}


def not_run(text: str) -> bool:
    return any(text.startswith(start) for start in NOT_RUN)


@pytest.fixture
def checkout(tmp_path: Path) -> Repo:
    """A clone whose environment is there already: that of these tests."""
    repo = project_copy(tmp_path / "trinity-guard")
    environment = repo.file(".venv")
    environment.mkdir()
    for entry in Path(sys.prefix).iterdir():
        if entry.name != "dev":
            (environment / entry.name).symlink_to(entry)
    (environment / "dev").touch()  # newer than pyproject.toml: make has nothing to install
    return repo


@pytest.mark.slow
@pytest.mark.parametrize("text", [t for t in TYPED if not not_run(t)])
def test_a_command_of_contributing_works(checkout: Repo, text: str) -> None:
    done = run("bash", "-c", text, cwd=checkout.path, ok=False)
    assert done.returncode == 0, (done.stdout + done.stderr).decode()
    if "pytest" in text:
        assert re.search(rb"\b[1-9]\d* passed", done.stdout), done.stdout.decode()
    if "git tag" in text:
        assert checkout.git("describe").stdout == b"v1.2.0\n"
    if "-m build" in text:
        assert len(list(checkout.file("dist").glob("trinity_guard-*"))) == 2


@pytest.mark.parametrize("text", [t for t in TYPED if t.startswith("make ")])
def test_a_make_of_contributing_is_a_target(text: str) -> None:
    run("make", "-n", *text.split()[1:], cwd=PROJECT)


def test_what_is_not_run_of_contributing_stands_in_it() -> None:
    for start in NOT_RUN:
        assert any(text.startswith(start) for text in TYPED), start
    assert os.access(PROJECT / ".ci" / "run", os.X_OK)


def test_the_folders_that_contributing_tells_of_are_there() -> None:
    rows = re.findall(r"^\| (`.*?) \|", CONTRIBUTING, re.MULTILINE)
    named = [name for row in rows for name in re.findall(r"`([^`]+)`", row)]
    assert len(named) > 10
    assert [name for name in named if not (PROJECT / name).exists()] == []


def test_setting_up_takes_two_commands() -> None:
    assert [c.text.split()[0] for c in commands(blocks(CONTRIBUTING, "sh")[0])] == ["git", "make"]


def anchors(text: str) -> set[str]:
    """Return the anchors that forges give to a page's headings."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S), re.M)
    return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", PAPERS)
def test_links_to_files_and_headings_lead_somewhere(name: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page(name)):
        if "://" in target:
            continue
        file, _, anchor = target.partition("#")
        path = (PROJECT / name).parent / file if file else PROJECT / name
        assert path.exists(), target
        assert not anchor or anchor in anchors(path.read_text()), target


def test_the_tests_that_security_names_are_there() -> None:
    [paragraph] = [p for p in page("SECURITY.md").split("\n\n") if p.startswith("The tests of this: ")]
    names = re.findall(r"`([\w/]+)`", paragraph)
    assert len(names) > 3
    assert [name for name in names if not (PROJECT / "tests" / f"{name}.py").is_file()] == []


@pytest.mark.parametrize("name", ["bug.yml", "wish.yml"])
def test_an_issue_template_has_what_a_forge_asks_of_it(name: str) -> None:
    form: dict[str, Any] = ruamel.yaml.YAML(typ="safe").load((PROJECT / ".github/ISSUE_TEMPLATE" / name).read_text())
    assert form["name"]
    assert form["description"]
    fields = [part for part in form["body"] if part["type"] != "markdown"]
    assert any(part["validations"]["required"] for part in fields if "validations" in part)
    assert len({part["id"] for part in fields}) == len(fields)
    for part in fields:
        assert part["attributes"]["label"]


def test_what_the_bug_template_asks_for_can_be_typed(repo: Repo) -> None:
    text = (PROJECT / ".github/ISSUE_TEMPLATE/bug.yml").read_text()
    asked = re.findall(r"`(trinity-guard [^`]+|git [^`]+|dvc [^`]+)`", text)
    assert len(asked) >= 4
    for command in asked:
        program, *rest = command.split()
        if program == "git":
            repo.git(*rest)
        elif program == "dvc":
            repo.dvc(*rest)
        else:
            assert repo.guard(*rest, ok=False).returncode in (0, 1)
