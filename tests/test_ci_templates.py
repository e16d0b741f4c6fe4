"""action.yml and GitLab's template: every shell step runs, as a runner would, on real repositories and events.

What stands in: `pip` is a script first on the PATH that writes its arguments down, and `trinity-guard` beside it is
this environment's own. Steps that use another action (setup-python, upload-sarif) do not run; their conditions and
inputs are worked out.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import ruamel.yaml

from tests.helpers.documents import blocks, page, table
from tests.helpers.forge import NUMBER, Forge, serving
from tests.helpers.support import PROJECT, Repo, noise, run

YAML = ruamel.yaml.YAML(typ="safe", pure=True)
ACTION = YAML.load((PROJECT / "action.yml").read_text())
GITLAB = YAML.load((PROJECT / "templates" / "trinity-guard.gitlab-ci.yml").read_text())
JOB, DIFF = GITLAB["trinity-guard-lint"], GITLAB["trinity-guard-diff"]
STEPS = ACTION["runs"]["steps"]
SARIF = json.loads((PROJECT / "tests" / "data" / "sarif-emitted.schema.json").read_text())
OF_A_CI = ("GITHUB_", "GITLAB_", "CI_", "RUNNER_", "PRE_COMMIT")


@pytest.fixture(autouse=True)
def no_ci_of_our_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(OF_A_CI) or name == "CI":
            monkeypatch.delenv(name)


class Project:
    """A repository with a base and a branch that a pull request is made of, and the clone that a runner works in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "origin"
        self.home.mkdir()
        self.git("init", "-q", "-b", "main")
        self.commit("base", readme=b"text\n")
        self.base = self.head()
        self.git("checkout", "-q", "-b", "feature")

    def git(self, *args: str) -> str:
        return run("git", *args, cwd=self.home).stdout.decode().strip()

    def commit(self, message: str, **files: bytes) -> str:
        for name, data in files.items():
            (self.home / name.replace("_", ".")).write_bytes(data)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message, "--allow-empty")
        return self.head()

    def head(self) -> str:
        return self.git("rev-parse", "HEAD")

    def raw_model_that_comes_and_goes(self) -> tuple[str, str]:
        added = self.commit("add a model", model_pkl=noise(50_000))
        self.git("rm", "-q", "model.pkl")
        return added, self.commit("remove it again")

    def clone(self, *options: str) -> Path:
        path = self.folder / "workspace"
        run("git", "clone", "-q", *options, self.home.as_uri(), path)
        return path


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


# What a lint is installed with: no DVC.
LIGHT = ["configobj", "dulwich", "isal", "pathspec", "ruamel.yaml"]


class Machine:
    """A runner: the programs on its PATH, what its steps wrote, and what they printed."""

    def __init__(self, folder: Path) -> None:
        self.programs = folder / "programs"
        self.programs.mkdir()
        self.installed = folder / "pip-arguments"
        self._program("pip", f'printf "%s\\n" "$@" >> "{self.installed}"')
        self._program("trinity-guard", f'PYTHONPATH="{PROJECT}" exec "{sys.executable}" -P -m trinity_guard "$@"')
        self.temp = folder / "runner temp"
        self.temp.mkdir()
        self.env = {"PATH": f"{self.programs}{os.pathsep}{os.environ['PATH']}", "CI": "true"}

    def _program(self, name: str, script: str) -> None:
        (self.programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (self.programs / name).chmod(0o755)

    def got(self) -> list[str]:
        """Return what pip was asked for, in order, options that only quiet it aside."""
        quiet = ("install", "--quiet", "--disable-pip-version-check")
        return [word for word in self.installed.read_text().splitlines() if word not in quiet]

    def shell(self, argv: list[str], script: str, at: Path, env: dict[str, str]) -> subprocess.CompletedProcess[bytes]:
        file = self.temp / "step.sh"
        file.write_text(script)
        return run(*argv, file, cwd=at, ok=False, env={**self.env, **env})


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


# --- GitHub


class Ran:
    """A run of the action: the exit code of the first step that failed, the log, and what was left in the files."""

    def __init__(self) -> None:
        self.code = 0
        self.log = ""
        self.outputs: dict[str, str] = {}
        self.summary = ""
        self.used: list[dict[str, Any]] = []

    def commands(self) -> list[str]:
        return [line for line in self.log.splitlines() if line.lstrip().startswith("::") or "##[" in line]


def expression(text: str, known: dict[str, str]) -> str:
    """Put in what `${{ … }}` means; an unknown name fails the test."""
    return re.sub(r"\$\{\{\s*([\w.-]+)\s*\}\}", lambda m: known[m[1]], text)


def holds(condition: str, known: dict[str, str], failed: bool) -> bool:
    """Whether a step's `if:` holds: comparisons with == and !=, joined by &&; without a state function, on success."""
    inner = condition.strip().removeprefix("${{").removesuffix("}}").strip()
    parts = [p.strip() for p in inner.split("&&")] if inner else []
    tests = [re.fullmatch(r"([\w.-]+) (==|!=) '([^']*)'", p) for p in parts if p != "!cancelled()"]
    assert all(tests), condition
    right = all((known.get(t[1], "") == t[3]) == (t[2] == "==") for t in tests if t)
    return right and ("!cancelled()" in parts or not failed)


def act(machine: Machine, at: Path, event: dict[str, Any], env: dict[str, str], **inputs: str) -> Ran:
    """Run the action's steps as the runner does: one after the other, each shell step with its own variables."""
    ran = Ran()
    files = {name: machine.temp / name for name in ("event.json", "output", "summary")}
    files["event.json"].write_text(json.dumps(event))
    given = {name: spec["default"] for name, spec in ACTION["inputs"].items()}
    known = {f"inputs.{k}": v for k, v in {**given, **{k.replace("_", "-"): v for k, v in inputs.items()}}.items()}
    known["github.action_path"] = str(PROJECT)
    runner = {
        "GITHUB_ACTIONS": "true", "GITHUB_EVENT_PATH": str(files["event.json"]), "GITHUB_WORKSPACE": str(at),
        "GITHUB_OUTPUT": str(files["output"]), "GITHUB_STEP_SUMMARY": str(files["summary"]),
        "RUNNER_TEMP": str(machine.temp), **env,
    }  # fmt: skip
    for step in STEPS:
        if not holds(step.get("if", ""), known, bool(ran.code)):
            continue
        if "uses" in step:
            ran.used.append({**step, "with": {k: expression(v, known) for k, v in step["with"].items()}})
            continue
        files["output"].write_text("")
        files["summary"].write_text("")
        own = {k: expression(v, known) for k, v in step.get("env", {}).items()}
        assert step["shell"] == "bash"
        done = machine.shell(["bash", "--noprofile", "--norc", "-eo", "pipefail"], step["run"], at, {**runner, **own})
        ran.log += done.stdout.decode() + done.stderr.decode()
        ran.summary += files["summary"].read_text()
        ran.code = ran.code or done.returncode
        for line in files["output"].read_text().splitlines():
            name, _, value = line.partition("=")
            known[f"steps.{step['id']}.outputs.{name}"] = value
    ran.outputs = {n: known.get(o["value"].strip("${} "), "") for n, o in ACTION["outputs"].items()}
    return ran


def pull_request(project: Project) -> tuple[dict[str, Any], dict[str, str]]:
    event = {"pull_request": {"number": NUMBER, "base": {"sha": project.base}, "head": {"sha": project.head()}}}
    return event, {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_BASE_REF": "main"}


def test_a_pull_request_that_adds_a_raw_model_and_removes_it_is_refused(project: Project, machine: Machine) -> None:
    added, removed = project.raw_model_that_comes_and_goes()
    ran = act(machine, project.clone(), *pull_request(project), upload_sarif="true")
    assert ran.code == 1, ran.log
    (annotation,) = ran.commands()
    assert annotation.startswith("::error file=model.pkl,title=TG002 ")
    assert added[:10] in annotation
    assert removed[:10] in annotation
    assert "git rebase -i" in annotation
    assert ran.outputs["status"] == "1"
    log = json.loads(Path(ran.outputs["sarif"]).read_text())
    jsonschema.validate(log, SARIF)
    assert [r["ruleId"] for r in log["runs"][0]["results"]] == ["TG002"]
    assert ran.used[-1]["with"]["sarif_file"] == ran.outputs["sarif"]
    assert ran.summary.startswith("### trinity-guard lint\n\n    model.pkl\n      TG002 ")


def test_a_clean_pull_request_passes_and_uploads_an_empty_report(project: Project, machine: Machine) -> None:
    project.commit("more text", readme=b"more\n")
    ran = act(machine, project.clone(), *pull_request(project), upload_sarif="true")
    assert (ran.code, ran.commands(), ran.outputs["status"]) == (0, [], "0"), ran.log
    assert ran.summary == "### trinity-guard lint\n\nNothing found.\n"
    assert json.loads(Path(ran.outputs["sarif"]).read_text())["runs"][0]["results"] == []
    assert ran.used[-1]["uses"].startswith("github/codeql-action/upload-sarif@")


def test_nothing_is_uploaded_unless_asked(project: Project, machine: Machine) -> None:
    project.raw_model_that_comes_and_goes()
    ran = act(machine, project.clone(), *pull_request(project))
    assert [step["uses"].partition("@")[0] for step in ran.used] == ["actions/setup-python"]


def test_a_shallow_clone_is_no_pass_and_says_what_to_do(project: Project, machine: Machine) -> None:
    project.raw_model_that_comes_and_goes()
    ran = act(machine, project.clone("--depth=1"), *pull_request(project), upload_sarif="true")
    assert (ran.code, ran.outputs) == (2, {"sarif": "", "status": "2"})
    assert "fetch-depth: 0" in ran.log
    assert [line for line in ran.commands() if line.startswith("::error title=trinity-guard::")]
    assert len(ran.used) == 1


def test_a_report_of_an_earlier_use_is_not_taken_for_this_one(project: Project, machine: Machine) -> None:
    project.commit("text", readme=b"x\n")
    (machine.temp / "trinity-guard.sarif").write_text("old")
    ran = act(machine, project.clone(), *pull_request(project), range="nowhere..HEAD", upload_sarif="true")
    assert (ran.code, ran.outputs["sarif"]) == (2, "")
    assert not (machine.temp / "trinity-guard.sarif").exists()


def test_a_push_is_looked_at_commit_by_commit(project: Project, machine: Machine) -> None:
    project.raw_model_that_comes_and_goes()
    event = {"before": project.base, "after": project.head(), "repository": {"default_branch": "main"}}
    env = {"GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/heads/feature"}
    assert act(machine, project.clone(), event, env).code == 1


@pytest.mark.slow
def test_the_inputs_reach_the_lint(project: Project, machine: Machine) -> None:
    project.raw_model_that_comes_and_goes()
    at = project.clone()
    assert act(machine, at, *pull_request(project), rules="TG006").code == 0
    assert act(machine, at, *pull_request(project), range=f"{project.head()}..HEAD").code == 0
    known = machine.temp / "known"
    run(sys.executable, "-m", "trinity_guard", "lint", "--range", f"{project.base}..HEAD", "--baseline", known,
        "--update-baseline", "--reason", "known", cwd=at)  # fmt: skip
    ran = act(machine, at, *pull_request(project), baseline=str(known))
    assert (ran.code, ran.commands()) == (0, [])


def changed_table(project: Project) -> tuple[dict[str, Any], dict[str, str]]:
    """A pull request in which a cell of a table changed, to what would be HTML."""
    project.git("checkout", "-q", "main")
    project.commit("a table", t_csv=b"id,x\n1,5\n2,6\n")
    project.base = project.head()
    project.git("checkout", "-q", "-B", "feature")
    project.commit("another", t_csv=b"id,x\n1,5\n2,<b>\n")
    event, env = pull_request(project)
    for side in ("base", "head"):
        event["pull_request"][side]["repo"] = {"full_name": "us/repo"}
    return event, env


@pytest.fixture
def forge() -> Iterator[Forge]:
    with serving() as running:
        yield running


@pytest.mark.slow
def test_with_a_token_one_comment_says_what_changed_and_is_kept_up_to_date(
    project: Project, machine: Machine, forge: Forge
) -> None:
    event, env = changed_table(project)
    at = project.clone()
    ran = act(machine, at, event, {**env, **forge.github()}, diff="true", token="app")
    assert (ran.code == 1, len(forge.comments)) == (True, 1), ran.log  # the lint refuses the raw table
    assert "<code>1 changed, by id</code>" in forge.bodies()[0]
    project.commit("third", t_csv=b"id,x\n1,5\n2,6\n3,7\n")
    run("git", "fetch", "-q", "origin", cwd=at)
    event["pull_request"]["head"]["sha"] = project.head()
    act(machine, at, event, {**env, **forge.github()}, diff="true", token="app")
    (body,) = forge.bodies()
    assert "<code>1 added, by id</code>" in body
    assert project.head() in body


@pytest.mark.slow
def test_a_comment_that_cannot_be_made_is_in_the_log_and_the_summary_stays(
    project: Project, machine: Machine, forge: Forge
) -> None:
    event, env = changed_table(project)
    ran = act(machine, project.clone(), event, {**env, **forge.github()}, diff="true", token="reads")
    assert "GitHub refuses the comment: it answered 403." in ran.log
    assert "### What changed inside artifacts" in ran.summary
    assert "### trinity-guard lint" in ran.summary
    assert "reads" not in ran.log


@pytest.mark.slow
def test_a_forks_pull_request_gets_no_comment(project: Project, machine: Machine, forge: Forge) -> None:
    event, env = changed_table(project)
    event["pull_request"]["head"]["repo"] = {"full_name": "them/repo"}
    ran = act(machine, project.clone(), event, {**env, **forge.github()}, diff="true", token="app")
    assert forge.asked == []
    assert "no comment is made" in ran.log
    assert "### What changed inside artifacts" in ran.summary


@pytest.mark.slow
def test_a_pull_request_tells_what_changed_inside_artifacts_and_a_forks_asks_no_remote(
    project: Project, machine: Machine
) -> None:
    event, env = changed_table(project)
    at = project.clone()
    said = act(machine, at, event, env, diff="true").summary
    assert "### What changed inside artifacts" in said
    assert "<code>1 changed, by id</code>" in said
    assert "<b>" not in said
    assert "### trinity-guard lint" in said
    assert f"{PROJECT}[review]" in machine.got()
    assert "What changed" not in act(machine, at, event, env).summary


EVIL = "$(touch PWNED)`touch PWNED`'\";touch PWNED\n::error::x"


@pytest.mark.slow
def test_a_token_is_text_and_never_a_command(project: Project, machine: Machine, forge: Forge) -> None:
    event, env = changed_table(project)
    ran = act(machine, project.clone(), event, {**env, **forge.github()}, diff="true", token=EVIL)
    assert not list(machine.temp.parent.rglob("PWNED"))
    assert (forge.asked, "::error::x" in ran.commands()) == ([], False)
    assert "PWNED" not in ran.log


@pytest.mark.parametrize("name", ["range", "rules", "baseline", "remote", "version", "extras", "diff"])
def test_an_input_is_text_and_never_a_command(project: Project, machine: Machine, name: str) -> None:
    at = project.clone()
    before = sorted(p.name for p in at.iterdir())
    event, env = pull_request(project)
    ran = act(machine, at, event, env, **{name: EVIL})
    assert sorted(p.name for p in at.iterdir()) == before
    assert not list(machine.temp.rglob("PWNED"))
    assert ran.code == (0 if name in ("remote", "diff") else 2), ran.log
    assert "::error::x" not in ran.commands()


def test_a_name_in_the_repository_is_text_and_never_a_command(project: Project, machine: Machine) -> None:
    evil = "::error::x\n::set-output name=sarif::y `$(touch PWNED)` ##[add-mask]z.pkl"
    (project.home / evil).write_bytes(noise(10_000))
    project.commit("evil")
    ran = act(machine, project.clone("--no-checkout"), *pull_request(project))
    assert ran.code == 1
    (annotation,) = ran.commands()
    assert annotation.startswith("::error file=%3A%3Aerror%3A%3Ax%0A%3A%3Aset-output")
    assert all(line.startswith("    ") for line in ran.summary.splitlines()[2:] if line.strip())
    assert not list(machine.temp.parent.rglob("PWNED"))


@pytest.mark.parametrize(
    ("inputs", "what"),
    [
        ({}, [*LIGHT, "--no-deps", str(PROJECT)]),
        ({"version": "0.1.0"}, [*LIGHT, "--no-deps", "trinity-guard==0.1.0"]),
        ({"extras": "s3,ssh"}, [f"{PROJECT}[s3,ssh]"]),
        ({"version": "0.1.0", "extras": "s3"}, ["trinity-guard[s3]==0.1.0"]),
        ({"remote": "true"}, [str(PROJECT)]),
    ],
)
def test_what_is_installed(project: Project, machine: Machine, inputs: dict[str, str], what: list[str]) -> None:
    project.commit("text", readme=b"x\n")
    event, env = pull_request(project)
    act(machine, project.clone(), event, env, **inputs)
    assert machine.got() == what


def test_where_a_pipeline_has_templates_all_of_dvc_is_installed(project: Project, machine: Machine) -> None:
    project.commit("text", readme=b"x\n")
    at = project.clone()
    (at / "dvc.yaml").write_text("stages:\n  a:\n    cmd: x\n    outs: ['${o}']\n")
    run("git", "add", "dvc.yaml", cwd=at)
    event, env = pull_request(project)
    act(machine, at, event, env)
    assert machine.got() == [str(PROJECT)]


def test_what_a_lint_is_installed_with_is_declared() -> None:
    declared = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert set(LIGHT) <= {re.split(r"[>=]", line)[0] for line in declared}
    assert " ".join(LIGHT) in "\n".join(JOB["script"])


ALONE = """
import sys
class Nothing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in sys.argv[1].split(","):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Nothing())
sys.argv[1:2] = []
from trinity_guard.cli import main
sys.exit(main())
"""
ABSENT = "dvc,dvc_data,dvc_objects,fsspec,git,pre_commit,shtab,scmrepo,pygit2,ruamel_yaml,networkx,rich"


@pytest.mark.parametrize("args", [["--all"], ["--range", "HEAD"], ["--all", "--format", "sarif"]])
def test_a_lint_with_these_alone_finds_what_one_with_dvc_finds(bare_repo: Repo, args: list[str]) -> None:
    bare_repo.write(".gitignore", b"data/*\n!*.dvc\n")
    bare_repo.write(".trinity-guard.toml", b'patterns = ["/d/**/*.pkl", "*.csv"]\nexclude = ["x/**"]\n')
    bare_repo.write(".dvc/config", b"['remote \"a\"']\n    url = s3://x/y\n    access_key_id = AKIA\n")
    bare_repo.write("data/m.csv.dvc", b"outs:\n- md5: d41d8cd98f00b204e9800998ecf8427e\n  size: 0\n  path: m.csv\n")
    bare_repo.write("bad.dvc", b"outs:\n  {a: [\n")
    bare_repo.write("dvc.yaml", b"stages:\n  a:\n    cmd: x\n    outs: [o.csv]\n")
    bare_repo.write("a.csv", b"1\n")
    bare_repo.git("add", "-f", "-A")
    bare_repo.commit()
    whole = bare_repo.guard("lint", *args, ok=False)
    alone = run(sys.executable, "-c", ALONE, ABSENT, "lint", *args, cwd=bare_repo.path, ok=False)
    assert (alone.returncode, alone.stdout, alone.stderr) == (1, whole.stdout, whole.stderr)


def test_no_step_puts_an_expression_into_a_script() -> None:
    scripts = [step["run"] for step in STEPS if "run" in step]
    assert len(scripts) == 3
    assert not any("${{" in script for script in scripts)
    assert all(re.fullmatch(r"[\w./-]+@v\d+", step["uses"]) for step in STEPS if "uses" in step)


# --- GitLab


def gitlab(machine: Machine, at: Path, job: dict[str, Any] = JOB, **env: str) -> subprocess.CompletedProcess[bytes]:
    """Run a job's script as GitLab's runner does: one script, of a shell that stops at the first error."""
    script = "set -eo pipefail\n" + "\n".join(job["script"]) + "\n"
    shell = ["bash", "--noprofile", "--norc"]
    variables = {k: str(v) for k, v in job["variables"].items()}
    return machine.shell(shell, script, at, {"GITLAB_CI": "true", **variables, **env})


def reports(at: Path) -> tuple[list[dict[str, Any]], ET.Element]:
    named = JOB["artifacts"]["reports"]
    return json.loads((at / named["codequality"]).read_text()), ET.parse(at / named["junit"]).getroot()


def test_a_merge_request_with_a_raw_model_fails_with_both_reports(project: Project, machine: Machine) -> None:
    added, _ = project.raw_model_that_comes_and_goes()
    at = project.clone()
    done = gitlab(machine, at, CI_MERGE_REQUEST_DIFF_BASE_SHA=project.base, CI_COMMIT_SHA=project.head())
    assert done.returncode == 1, done.stderr
    issues, tests = reports(at)
    assert [(i["check_name"], i["location"]["path"], i["severity"]) for i in issues] == [
        ("TG002", "model.pkl", "major")
    ]
    assert added[:10] in issues[0]["description"]
    assert (tests.attrib["tests"], tests.attrib["failures"]) == ("1", "1")
    assert b"TG002" in done.stdout


def test_a_clean_merge_request_passes_with_a_test_that_passed(project: Project, machine: Machine) -> None:
    project.commit("text", readme=b"x\n")
    at = project.clone()
    done = gitlab(machine, at, CI_MERGE_REQUEST_DIFF_BASE_SHA=project.base, CI_COMMIT_SHA=project.head())
    assert (done.returncode, done.stdout) == (0, b""), done.stderr
    issues, tests = reports(at)
    assert issues == []
    assert (tests.attrib["tests"], tests.attrib["failures"]) == ("1", "0")


def test_the_first_push_of_a_branch_is_looked_at(project: Project, machine: Machine) -> None:
    project.raw_model_that_comes_and_goes()
    done = gitlab(
        machine, project.clone(), CI_PIPELINE_SOURCE="push", CI_COMMIT_SHA=project.head(), CI_COMMIT_BRANCH="feature",
        CI_COMMIT_BEFORE_SHA="0" * 40, CI_DEFAULT_BRANCH="main",
    )  # fmt: skip
    assert done.returncode == 1


def test_a_shallow_clone_of_gitlab_fails_without_a_report(project: Project, machine: Machine) -> None:
    project.raw_model_that_comes_and_goes()
    at = project.clone("--depth=1")
    done = gitlab(machine, at, CI_MERGE_REQUEST_DIFF_BASE_SHA=project.base, CI_COMMIT_SHA=project.head())
    assert done.returncode == 2
    assert b"GIT_DEPTH" in done.stderr
    assert not (at / JOB["artifacts"]["reports"]["codequality"]).exists()


@pytest.mark.parametrize(("version", "what"), [("", "trinity-guard"), ("0.1.0", "trinity-guard==0.1.0")])
def test_what_gitlab_installs(project: Project, machine: Machine, version: str, what: str) -> None:
    sha = project.commit("text", readme=b"x\n")
    at = project.clone()
    gitlab(machine, at, CI_MERGE_REQUEST_DIFF_BASE_SHA=project.base, CI_COMMIT_SHA=sha, TRINITY_GUARD_VERSION=version)
    assert machine.installed.read_text().splitlines()[-1] == what


def test_the_jobs_fetch_all_commits() -> None:
    assert all(job["variables"]["GIT_DEPTH"] == "0" for job in (JOB, DIFF))


@pytest.mark.slow
def test_a_merge_request_has_a_page_of_what_changed_and_with_a_token_a_comment(
    project: Project, machine: Machine, forge: Forge
) -> None:
    changed_table(project)
    at = project.clone()
    env = {"CI_MERGE_REQUEST_DIFF_BASE_SHA": project.base, "CI_COMMIT_SHA": project.head(), **forge.gitlab()}
    done = gitlab(machine, at, DIFF, **env)
    assert (done.returncode, forge.asked) == (0, []), done.stderr
    (artifact,) = DIFF["artifacts"]["paths"]
    assert "1 changed, by id" in (at / artifact).read_text()
    for _ in range(2):
        assert gitlab(machine, at, DIFF, **env, TRINITY_GUARD_TOKEN="person").returncode == 0
    assert ["<code>1 changed, by id</code>" in body for body in forge.bodies()] == [True]
    refused = gitlab(machine, at, DIFF, **env, TRINITY_GUARD_TOKEN="reads")
    assert refused.returncode == 0
    assert b"GitLab refuses the comment" in refused.stderr


# --- the pre-commit framework


@pytest.fixture
def framework(project: Project, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The project with our `trinity-lint` in its pre-commit config, run from the PATH as `language: system`."""
    hooks = YAML.load((PROJECT / ".pre-commit-hooks.yaml").read_text())
    (hook,) = [h for h in hooks if h["id"] == "trinity-lint"]
    hook = {**hook, "language": "system"}
    config = {"repos": [{"repo": "local", "hooks": [hook]}]}
    (project.home / ".pre-commit-config.yaml").write_text(json.dumps(config))
    project.commit("config")
    monkeypatch.setenv("PATH", machine.env["PATH"])
    stages = [f"--hook-type={stage}" for stage in ("pre-commit", "pre-push")]
    run(sys.executable, "-m", "pre_commit", "install", *stages, cwd=project.home)
    return project


def test_trinity_lint_refuses_a_commit_under_the_framework(framework: Project) -> None:
    (framework.home / "model.pkl").write_bytes(noise(50_000))
    framework.git("add", "-A")
    refused = run("git", "commit", "-q", "-m", "raw", cwd=framework.home, ok=False)
    assert refused.returncode == 1
    assert b"TG001" in refused.stdout + refused.stderr
    framework.git("rm", "-q", "--cached", "model.pkl")
    framework.git("commit", "-q", "--allow-empty", "-m", "fine")


@pytest.mark.slow
def test_trinity_lint_refuses_a_push_of_what_came_and_went(framework: Project, tmp_path: Path) -> None:
    run("git", "init", "-q", "--bare", tmp_path / "elsewhere")
    framework.git("remote", "add", "origin", str(tmp_path / "elsewhere"))
    framework.git("push", "-q", "-u", "origin", "feature")
    (framework.home / "model.pkl").write_bytes(noise(50_000))
    framework.git("add", "-A")
    framework.git("commit", "-q", "--no-verify", "-m", "raw")
    framework.git("rm", "-q", "model.pkl")
    framework.git("commit", "-q", "-m", "gone")
    before = framework.git("ls-remote", "origin")
    refused = run("git", "push", "-q", "origin", "feature", cwd=framework.home, ok=False)
    assert refused.returncode == 1
    assert b"TG002" in refused.stdout + refused.stderr
    assert framework.git("ls-remote", "origin") == before


def test_trinity_lint_looks_at_the_whole_history_when_nothing_was_pushed_yet(
    framework: Project, tmp_path: Path
) -> None:
    run("git", "init", "-q", "--bare", tmp_path / "elsewhere")
    framework.git("remote", "add", "origin", str(tmp_path / "elsewhere"))
    (framework.home / "model.pkl").write_bytes(noise(50_000))
    framework.git("add", "-A")
    framework.git("commit", "-q", "--no-verify", "-m", "raw")
    framework.git("rm", "-q", "model.pkl")
    framework.git("commit", "-q", "-m", "gone")
    refused = run("git", "push", "-q", "origin", "feature", cwd=framework.home, ok=False)
    assert refused.returncode == 1
    assert b"TG002" in refused.stdout + refused.stderr
    assert not framework.git("ls-remote", "origin")


# --- the page


def test_the_page_names_every_input_and_every_key() -> None:
    text = page("docs/ci.md")
    assert [row[0].strip("`") for row in table(text, "input")] == list(ACTION["inputs"])
    workflow, include, config, light = (YAML.load(block) for block in blocks(text, "yaml"))
    ours = workflow["jobs"]["trinity-guard"]["steps"][1]
    assert set(ours["with"]) <= set(ACTION["inputs"])
    assert workflow["jobs"]["trinity-guard"]["steps"][0]["with"] == {"fetch-depth": 0}
    assert include["include"] == [{"local": "trinity-guard.gitlab-ci.yml"}]
    assert config["repos"][0]["hooks"] == [{"id": "trinity-lint"}]
    (hook,) = light["repos"][0]["hooks"]
    first, *packages, ours_alone = hook.pop("additional_dependencies")
    assert first == "--no-deps"
    assert f"check {' '.join(packages)}\n" in (PROJECT / "action.yml").read_text(), "what the action needs, lint needs"
    assert ours_alone.startswith("trinity-guard==")
    (offered,) = [h for h in YAML.load((PROJECT / ".pre-commit-hooks.yaml").read_text()) if h["id"] == "trinity-lint"]
    assert hook.items() <= offered.items()


def test_the_page_names_every_key_of_the_json(tmp_path: Path) -> None:
    project = Project(tmp_path)
    (project.home / os.fsdecode(b"\xff.pkl")).write_bytes(noise(10_000))
    project.commit("a name that is no text")
    argv = [sys.executable, "-m", "trinity_guard", "lint", "--range", "main..HEAD", "--format", "json"]
    report = json.loads(run(*argv, cwd=project.home, ok=False).stdout)
    text = page("docs/ci.md")
    assert set(re.findall(r"`(\w+)`", " ".join(r[0] for r in table(text, "key")))) == set(report)
    assert set(re.findall(r"`(\w+)`", " ".join(r[0] for r in table(text, "key of a finding")))) == set(
        report["findings"][0]
    )
