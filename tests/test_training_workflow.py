"""`templates/model-training.yml`, as a user would copy it: each of its commands is run, against a real S3."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import ruamel.yaml

from tests.helpers.servers import Service
from tests.helpers.support import PROJECT, Repo, run
from tests.training import projects
from tests.training.projects import Project

FILE = PROJECT / "templates" / "model-training.yml"
SECRETS = {"secrets.AWS_ACCESS_KEY_ID": "a-key-of-ci", "secrets.AWS_SECRET_ACCESS_KEY": "a-secret-of-ci"}
GIVEN = {"vars.MLFLOW_TRACKING_URI": "", "github.ref_name": "main", "inputs.version": "v1.0.0", **SECRETS}


def workflow() -> dict[str, Any]:
    found: dict[str, Any] = ruamel.yaml.YAML(typ="safe").load(FILE.read_text())
    return found


def steps() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = workflow()["jobs"]["train"]["steps"]
    return found


def filled(env: dict[str, str]) -> dict[str, str]:
    """Return variables as GitHub hands them to a step."""
    return {k: re.sub(r"\$\{\{ (.*?) \}\}", lambda m: GIVEN[m[1]], v) for k, v in env.items()}


class Job:
    """A runner: a checkout of its own, HOME empty, nothing of the person's but what the file hands over."""

    def __init__(self, folder: Path, origin: Path) -> None:
        self.at = folder / "checkout"
        programs = folder / "bin"
        programs.mkdir(parents=True)
        (folder / "home").mkdir()
        for name, module in {"dvc": "dvc", "trinity": "trinity_guard", "trinity-guard": "trinity_guard"}.items():
            (programs / name).write_text(
                f'#!/bin/sh\nPYTHONPATH="{PROJECT}" exec "{sys.executable}" -P -m {module} "$@"\n'
            )
            (programs / name).chmod(0o755)
        run("git", "clone", "-q", origin, self.at)
        event = folder / "event.json"
        event.write_text('{"repository": {"default_branch": "main"}}')
        kept = {k: v for k, v in os.environ.items() if k.startswith(("DVC_", "GIT_CONFIG_", "LC_", "TMP"))}
        self.env = kept | {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "HOME": str(folder / "home"),
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": "workflow_dispatch",
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_REF": "refs/heads/main",
            "AWS_EC2_METADATA_DISABLED": "true",
            **filled(workflow()["jobs"]["train"]["env"]),
        }

    def run(self, step: dict[str, Any]) -> subprocess.CompletedProcess[bytes]:
        """Run a step as GitHub does with `shell: bash`."""
        script = self.at.parent / "step.sh"
        script.write_text(step["run"])
        argv = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]
        env = self.env | filled(step.get("env", {}))
        return subprocess.run(argv, cwd=self.at, env=env, capture_output=True, check=False, timeout=240)

    def run_all(self) -> dict[str, subprocess.CompletedProcess[bytes]]:
        """Run the steps up to the first that fails, without Install: test_packaging does that where it harms nobody."""
        done = {}
        for step in steps():
            if "run" in step and step["name"] != "Install":
                done[step["name"]] = self.run(step)
                if done[step["name"]].returncode:
                    break
        return done


@pytest.fixture
def origin(tmp_path: Path, s3_service: Service) -> Path:
    """A bare repository with a guarded project: the table's pointer in it, its bytes on S3."""
    project = Project(tmp_path / "person")
    Repo.make(project.path, guarded=False)
    project.guard("init", "-q", "--remote", f"{s3_service.url}/{tmp_path.name}")
    project.dvc("remote", "modify", "storage", "endpointurl", s3_service.options["endpointurl"])
    project.guard("remote", "trust", "storage")
    project.write(projects.DATASET, projects.csv(300))
    project.write("params.yaml", b"train:\n  n_estimators: 20\n  folds: 0\n")
    project.git("add", "-A")
    run("git", "commit", "-q", "-m", "a table", cwd=project.path, env=s3_service.env)
    bare = tmp_path / "origin.git"
    run("git", "init", "-q", "--bare", "-b", "main", bare)
    run("git", "push", "-q", bare, "main", cwd=project.path, env=s3_service.env)
    return bare


def test_no_expression_stands_in_a_command_and_secrets_only_in_variables() -> None:
    text = FILE.read_text()
    for step in steps():
        assert ("run" in step) != ("uses" in step)
        assert "${{" not in step.get("run", ""), "whoever names a branch would write our shell"
        assert "secrets." not in str({k: v for k, v in step.items() if k != "env"})
    assert "secrets." not in str(workflow()["jobs"]["train"]["env"]), "for the steps that need them alone"
    assert set(re.findall(r"\$\{\{ (.*?) \}\}", text)) == {*GIVEN, "inputs.version != ''"}
    assert workflow()["permissions"] == {"contents": "write"}
    commands = "\n".join(step.get("run", "") for step in steps())
    assert [c for c in commands.splitlines() if "dvc remote modify" in c and "--local" not in c] == []


def test_what_is_installed_are_extras_of_this_project() -> None:
    [install] = [s["run"] for s in steps() if s.get("name") == "Install"]
    told = re.fullmatch(r"python -m pip install 'trinity-guard\[([a-z0-9,]+)\]'", install)
    assert told
    extras = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(told[1].split(",")) <= set(extras)


@pytest.mark.slow
def test_a_job_trains_and_brings_bytes_and_metadata_back(tmp_path: Path, origin: Path, s3_service: Service) -> None:
    before = run("git", "rev-parse", "main", cwd=origin).stdout
    job = Job(tmp_path / "runner", origin)
    done = job.run_all()
    said = "\n".join(f"## {n}\n{r.stdout.decode()}{r.stderr.decode()}" for n, r in done.items())
    assert [n for n, r in done.items() if r.returncode] == [], said
    assert len(done) == sum("run" in s for s in steps()) - 1
    # One commit more, with pointer, metadata and card, and no secret in anything that anybody sees.
    out = run("git", "diff", "--name-only", f"{before.decode().strip()}..main", cwd=origin).stdout.decode().split()
    assert [re.sub(r"\d{8}T\d{6}Z", "DATE", n) for n in out] == [
        ".gitignore", "models/.gitignore", "models/layout_risk_predictor_DATE.pkl.dvc",
        "models/layout_risk_predictor_DATE_card.md", "models/layout_risk_predictor_DATE_metadata.json",
    ]  # fmt: skip
    assert run("git", "rev-list", "--count", f"{before.decode().strip()}..main", cwd=origin).stdout == b"1\n"
    history = run("git", "log", "-p", "--all", cwd=origin).stdout.decode()
    for secret in SECRETS.values():
        assert secret not in history
        assert secret not in said
        assert secret in (job.at / ".dvc" / "config.local").read_text()
    # The bytes are where somebody else finds them.
    run("git", "clone", "-q", origin, tmp_path / "colleague")
    colleague = Repo(tmp_path / "colleague")
    env = {"TRINITY_GUARD_TRUST": "1", **s3_service.env}
    run(sys.executable, "-m", "trinity_guard", "pull", cwd=colleague.path, env=env)
    [mine] = (job.at / "models").glob("*.pkl")
    assert (colleague.path / "models" / mine.name).read_bytes() == mine.read_bytes()
    assert b"layout-risk-predictor@v1.0.0" in colleague.git("tag", "--list").stdout


@pytest.mark.slow
def test_a_model_that_falls_short_stops_the_job_and_nothing_is_published(tmp_path: Path, origin: Path) -> None:
    before = run("git", "for-each-ref", cwd=origin).stdout
    job = Job(tmp_path / "runner", origin)
    job.env["MIN_F1"] = "0.999"
    done = job.run_all()
    assert list(done)[-1] == "Train, or stop where it falls short"
    assert done["Train, or stop where it falls short"].returncode == 1
    assert list((job.at / "models").glob("*.pkl")) == []
    assert run("git", "for-each-ref", cwd=origin).stdout == before
