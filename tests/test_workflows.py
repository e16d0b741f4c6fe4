"""This project's own workflows: the check is .ci/run, and a tag becomes a release of just that version."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest
import ruamel.yaml

from tests.helpers.support import PROJECT, Repo, project_copy, run

FOLDER = PROJECT / ".github" / "workflows"
YAML = ruamel.yaml.YAML(typ="safe", pure=True)
NAMES = sorted(file.name for file in FOLDER.iterdir())


def workflow(name: str) -> dict[str, Any]:
    found: dict[str, Any] = YAML.load((FOLDER / name).read_text())
    return found


def steps(job: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = job.get("steps", [])
    return found


def commands(name: str) -> list[str]:
    return [s["run"] for job in workflow(name)["jobs"].values() for s in steps(job) if "run" in s]


def test_the_workflows_are_these_and_none_is_meant_for_somebody_else() -> None:
    assert NAMES == ["ci.yml", "release.yml"]


@pytest.mark.parametrize("name", NAMES)
def test_no_expression_stands_in_a_command_and_rights_are_given_job_by_job(name: str) -> None:
    assert workflow(name)["permissions"] == {"contents": "read"}
    for command in commands(name):
        assert "${{" not in command, "whoever names a branch would write our shell"
    for job in workflow(name)["jobs"].values():
        assert "timeout-minutes" in job or "uses" in job


def test_the_check_runs_what_everybody_runs() -> None:
    assert ".ci/run" in commands("ci.yml")
    assert os.access(PROJECT / ".ci" / "run", os.X_OK)
    assert {"push", "pull_request", "workflow_call"} <= set(workflow("ci.yml")["on"])


def test_the_check_runs_with_each_newer_python_that_runs_and_not_with_a_shim_of_one(tmp_path: Path) -> None:
    answers = {
        "bin/pyenv": f"echo {tmp_path}/pyenv",
        "bin/uv": f"echo {tmp_path}/uv",
        "bin/python3.19": "echo 'pyenv: python3.19: command not found'; exit 127",
        "pyenv/versions/3.19.0/bin/python3.19": "exit 1",
        "pyenv/versions/3.19.2/bin/python3.19": "exit 0",
        "uv/cpython-3.20.0-linux-x86_64-gnu/bin/python3.20": "exit 0",
    }
    for name, words in answers.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"#!/bin/sh\n{words}\n")
        (tmp_path / name).chmod(0o755)
    path = f"{tmp_path}/bin:{os.environ['PATH']}"
    found = run(PROJECT / ".ci" / "pythons", cwd=tmp_path, env={"PATH": path}).stdout.decode().splitlines()
    names = [name for name in answers if f"{tmp_path}/{name}" in found]
    assert names == ["pyenv/versions/3.19.2/bin/python3.19", "uv/cpython-3.20.0-linux-x86_64-gnu/bin/python3.20"]
    assert ".ci/pythons" in (PROJECT / ".ci" / "run").read_text()


def test_a_release_begins_with_a_tag_of_ours_and_publishes_what_was_checked() -> None:
    text, jobs = (FOLDER / "release.yml").read_text(), workflow("release.yml")["jobs"]
    assert workflow("release.yml")["on"] == {"push": {"tags": ["v[0-9]*"]}}, "NAME@v1.2.3 is a model's"
    assert jobs["check"]["uses"] == "./.github/workflows/ci.yml"
    assert [jobs[name]["needs"] for name in ("build", "publish", "notes")] == ["check", "build", "publish"]
    assert [name for name, job in jobs.items() if "id-token" in job.get("permissions", {})] == ["publish"]
    assert not [s for s in steps(jobs["publish"]) if "run" in s], "whoever holds the identity runs no command"
    assert "secrets." not in text


@pytest.fixture
def tagged(tmp_path: Path) -> Repo:
    repo = project_copy(tmp_path / "project")
    text = repo.file("CHANGELOG.md").read_text()
    assert text.count("## [Unreleased]\n") == 1
    repo.write(
        "CHANGELOG.md", text.replace("## [Unreleased]\n", "## [Unreleased]\n\n## [7.1.0] - 2026-01-31\n").encode()
    )
    repo.git("commit", "-q", "-a", "-m", "Release 7.1.0")
    repo.git("tag", "-a", "-m", "7.1.0", "v7.1.0")
    return repo


def build_and_check(repo: Repo, tag: str) -> int:
    """Run the steps of the job `build`, with the tools of this environment in place of what pip would fetch."""
    build, check = [s["run"] for s in steps(workflow("release.yml")["jobs"]["build"]) if "run" in s]
    assert build.split("\n") == ["python -m pip install build", "python -m build", ""]
    run(sys.executable, "-m", "build", "--no-isolation", cwd=repo.path)
    return run("bash", "-eo", "pipefail", "-c", check, cwd=repo.path, env={"TAG": tag}, ok=False).returncode


@pytest.mark.slow
def test_a_tagged_commit_is_built_and_its_section_of_the_changelog_taken(tagged: Repo) -> None:
    assert build_and_check(tagged, "v7.1.0") == 0
    assert {p.name for p in tagged.file("dist").iterdir()} == {
        "trinity_guard-7.1.0-py3-none-any.whl", "trinity_guard-7.1.0.tar.gz",
    }  # fmt: skip
    notes = tagged.file("notes.md").read_text()
    assert "- `migrate`" in notes
    assert "## [" not in notes


@pytest.mark.slow
def test_a_tag_without_a_section_or_on_another_version_stops_the_release(tagged: Repo) -> None:
    tagged.git("tag", "-d", "v7.1.0")
    tagged.git("tag", "v7.2.0")
    assert build_and_check(tagged, "v7.1.0") != 0, "the files have another version"
    assert build_and_check(tagged, "v7.2.0") != 0, "the changelog says nothing of it"
