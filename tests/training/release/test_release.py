"""`trinity release`: what is refused and why, what Git, GTO and MLflow show of one that is not, and kill -9 between."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.helpers.support import PROJECT, run
from tests.training.releases import MODEL_NAME, TAG, Work, mlflow_gone
from trinity_guard.training.tracking import runs


def registered(work: Work) -> dict[str, str]:
    """Return the tags of version 1 in the project's own MLflow."""
    found = runs.version(runs.store(str(work.path)), MODEL_NAME, "1")
    assert found is not None
    tags: dict[str, str] = found["tags"]
    return tags


@pytest.mark.slow
def test_a_release_is_what_git_gto_and_mlflow_show(work: Work) -> None:
    head = work.head()
    assert "semver" not in registered(work)
    said = work.release("v1.2.0", "--stage", "prod")
    assert said.returncode == 0, said.stderr
    assert f"released {TAG}v1.2.0: {work.model}".encode() in said.stdout
    # Git: annotated, on the commit, telling what it is of.
    assert work.git("cat-file", "-t", f"{TAG}v1.2.0").stdout == b"tag\n"
    assert work.git("rev-parse", f"{TAG}v1.2.0^{{commit}}").stdout.decode().strip() == head
    body = work.git("for-each-ref", "--format=%(contents)", f"refs/tags/{TAG}v1.2.0").stdout.decode()
    assert body.splitlines()[0] == "Registering artifact layout-risk-predictor version v1.2.0"
    assert f"model: {work.model}\nmodel_md5: {work.md5(work.model)}\n" in body
    # GTO: the version, and the stage.
    [row] = json.loads(work.gto("show", "layout-risk-predictor", "--json"))
    assert (row["version"], row["commit_hexsha"]) == ("v1.2.0", head)
    assert work.gto("show", "layout-risk-predictor#prod", "--version").strip() == "v1.2.0"
    assert "registration" in work.gto("history", "layout-risk-predictor", "--plain")
    # MLflow.
    tags = registered(work)
    wanted = {"semver": "v1.2.0", "git_commit": head, "dvc_md5": work.md5(work.model), "stage": "prod"}
    assert {k: tags.get(k) for k in wanted} == wanted
    champion = runs.champion(runs.store(str(work.path)), MODEL_NAME)
    assert champion is not None
    assert champion["version"] == "1"
    # Nothing else.
    assert work.head() == head
    assert work.git("status", "--porcelain").stdout == b""


def test_a_detached_head_can_be_released_and_the_push_is_named(work: Work, tmp_path: Path) -> None:
    run("git", "init", "-q", "--bare", tmp_path / "there.git")
    work.git("remote", "add", "origin", str(tmp_path / "there.git"))
    work.git("push", "-q", "origin", "main")
    work.git("checkout", "-q", "--detach")
    said = work.release("v0.1.0", "--no-mlflow").stdout.decode()
    assert f"publish it: git push origin {TAG}v0.1.0" in said
    work.git("push", "-q", "origin", f"{TAG}v0.1.0")
    assert b"refs/tags/" + f"{TAG}v0.1.0".encode() in work.git("ls-remote", "origin").stdout
    assert "semver" not in registered(work)


def test_the_tag_is_the_one_that_gto_itself_would_have_made(work: Work) -> None:
    """Byte for byte, but for what stands below the first line of its message."""
    work.release("v1.0.0", "--stage", "prod", "--no-mlflow")
    ours = {t: work.git("cat-file", "tag", t).stdout for t in work.tags()}
    work.git("tag", "-d", *ours)
    work.gto("register", "layout-risk-predictor", "--version", "v1.0.0")
    work.gto("assign", "layout-risk-predictor", "--version", "v1.0.0", "--stage", "prod")
    assert set(work.tags()) == set(ours)
    for tag, data in ours.items():
        theirs = work.git("cat-file", "tag", tag).stdout
        for end in (b"\n\n",):
            mine, told = data.split(end), theirs.split(end)
            assert [line for line in mine[0].splitlines() if not line.startswith(b"tagger")] == [
                line for line in told[0].splitlines() if not line.startswith(b"tagger")
            ]
            assert mine[1].splitlines()[0] == told[1].splitlines()[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["1.2.0"], "no semantic version"),
        (["v1.2.0", "--model", "models/none.pkl"], "models/none.pkl"),
        (["v1.2.0", "--model", "/etc/passwd"], "outside of the repository"),
        (["v1.2.0", "--stage", "a b"], "no name for a stage"),
        ([], "VERSION"),
    ],
)
def test_wrong_words_are_refused(work: Work, args: list[str], words: str) -> None:
    said = work.trinity("release", *args, ok=False)
    assert said.returncode in (1, 2)
    assert words in said.stderr.decode()
    assert work.tags() == []


def test_a_version_is_released_once_and_smaller_ones_only_when_meant(work: Work) -> None:
    assert work.release("v1.2.0", "--no-mlflow").returncode == 0
    again = work.release("v1.2.0", "--no-mlflow")
    assert (again.returncode, work.tags()) == (1, [f"{TAG}v1.2.0"])
    assert b"v1.2.0 is released already" in again.stderr
    same_commit = work.release("v1.3.0", "--no-mlflow")
    assert b"this commit is released already, as v1.2.0" in same_commit.stderr
    work.git("commit", "-q", "--allow-empty", "-m", "later")
    assert b"v1.2.0 is released already: " in work.release("v1.2.0", "--no-mlflow").stderr
    smaller = work.release("v1.1.9", "--no-mlflow")
    assert b"--backport" in smaller.stderr
    assert b"ranks the same" in work.release("v1.2.0+other", "--backport", "--no-mlflow").stderr
    assert work.tags() == [f"{TAG}v1.2.0"]
    said = work.release("v1.1.9", "--backport", "--no-mlflow")
    assert said.returncode == 0, said.stderr
    assert b"the same bytes as v1.2.0" in said.stderr
    # The greater one stays what everybody takes.
    assert work.gto("show", "layout-risk-predictor@greatest", "--version").strip() == "v1.2.0"


def test_a_released_version_goes_into_another_stage_later(work: Work) -> None:
    work.release("v1.2.0", "--stage", "dev", "--no-mlflow")
    assert work.release("v1.2.0", "--stage", "prod", "--no-mlflow").returncode == 0
    assert set(work.tags()) == {f"{TAG}v1.2.0", "layout-risk-predictor#dev#1", "layout-risk-predictor#prod#2"}
    assert work.release("v1.2.0", "--stage", "prod", "--no-mlflow").returncode == 1
    assert work.gto("show", "layout-risk-predictor#prod", "--version").strip() == "v1.2.0"


@pytest.mark.slow
def test_a_stage_goes_back_to_an_older_version_whatever_model_is_here_now(work: Work) -> None:
    work.release("v1.0.0", "--stage", "prod", "--no-mlflow")
    work.train_again("n_estimators=6")
    assert work.release("v2.0.0", "--stage", "prod", "--no-mlflow").returncode == 0
    said = work.release("v1.0.0", "--stage", "prod", "--no-mlflow")
    assert said.returncode == 0, said.stderr
    assert work.gto("show", "layout-risk-predictor#prod", "--version").strip() == "v1.0.0"
    assert work.release("v1.0.0", "--stage", "prod", "--no-mlflow").returncode == 1


@pytest.mark.slow
def test_mlflow_shows_in_a_stage_what_git_does_where_the_next_version_is_of_no_registered_model(work: Work) -> None:
    assert work.release("v1.0.0", "--stage", "prod").returncode == 0
    assert registered(work)["stage"] == "prod"
    work.train_again("n_estimators=6")
    assert work.told["mlflow"]["version"] is None  # type: ignore[index]
    said = work.release("v2.0.0", "--stage", "prod")
    assert said.returncode == 0, said.stderr
    assert b"MLflow: version 1 of layout-risk-predictor is in this stage no more" in said.stdout
    assert "stage" not in registered(work)
    assert work.release("v1.0.0", "--stage", "prod").returncode == 0
    assert registered(work)["stage"] == "prod"


# --- kill -9

HOOK = """#!/bin/sh
# Git's own hook, after the tag is there: ends the program that runs this git.
[ "$1" = committed ] && grep -q refs/tags/ && kill -9 "$(ps -o ppid= -p "$PPID" | tr -d ' ')"
exit 0
"""


@pytest.mark.slow
def test_killed_between_tag_and_mlflow_the_same_command_completes_it(work: Work) -> None:
    hook = work.path / ".git" / "hooks" / "reference-transaction"
    hook.write_text(HOOK)
    hook.chmod(0o755)
    killed = work.release("v1.2.0", "--stage", "prod")
    assert killed.returncode == -9
    assert work.tags() == [f"{TAG}v1.2.0"], "the tag is there, what follows it is not"
    assert "semver" not in registered(work)
    hook.unlink()
    tag = work.git("rev-parse", f"refs/tags/{TAG}v1.2.0").stdout
    work.git("commit", "-q", "--allow-empty", "-m", "meanwhile")
    said = work.release("v1.2.0", "--stage", "prod")
    assert said.returncode == 0, said.stderr
    assert f"completed {TAG}v1.2.0".encode() in said.stdout
    assert work.git("rev-parse", f"refs/tags/{TAG}v1.2.0").stdout == tag
    tags = registered(work)
    commit = work.git("rev-parse", "HEAD~1").stdout.decode().strip()
    assert (tags["semver"], tags["git_commit"], tags["stage"]) == ("v1.2.0", commit, "prod")
    assert "layout-risk-predictor#prod#1" in work.tags()
    assert work.release("v1.2.0", "--stage", "prod").returncode == 1


@pytest.mark.slow
def test_another_model_does_not_take_a_released_version(work: Work) -> None:
    work.release("v1.0.0")
    first = work.model
    work.train_again("n_estimators=6")
    said = work.release("v1.0.0")
    assert said.returncode == 1
    assert f"v1.0.0 is released already: {first}".encode() in said.stderr
    # Not registered in MLflow: the tag alone.
    said = work.release("v1.1.0")
    assert said.returncode == 0, said.stderr
    assert work.tags() == [f"{TAG}v1.0.0", f"{TAG}v1.1.0"]
    assert registered(work)["semver"] == "v1.0.0"


@pytest.mark.parametrize("command", ["release", "lineage"])
def test_help_has_an_example_and_loads_no_library(work: Work, command: str) -> None:
    hidden = work.path.parent / "hidden"
    for package in ("sklearn", "mlflow", "numpy", "pandas"):
        (hidden / package).mkdir(parents=True)
        (hidden / package / "__init__.py").write_text("raise ImportError('hidden by a test')\n")
    text = work.trinity(command, "--help", PYTHONPATH=f"{hidden}:{PROJECT}").stdout.decode()
    assert "example:" in text


def test_a_clone_says_that_it_is_released_before_that_it_has_no_mlflow(work: Work) -> None:
    assert work.release("v1.2.0").returncode == 0
    mlflow_gone(work)
    said = work.release("v1.2.0")
    assert said.returncode == 1
    assert b"v1.2.0 is released already" in said.stderr
    assert b"has no version 1 of layout-risk-predictor" in said.stderr
