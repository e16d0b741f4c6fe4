"""What started a run of a CI, and which commits that means; the ranges themselves: tests/lint/test_ranges.py."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.helpers.support import Repo
from trinity_guard.errors import UNUSABLE, GuardError
from trinity_guard.git import events

ZEROS = "0" * 40


@pytest.fixture
def ids(here: Repo) -> dict[str, str]:
    """The commits of main (also origin/main) and of a branch beyond it."""
    main = here.head()
    here.git("update-ref", "refs/remotes/origin/main", main)
    here.git("commit", "-q", "--allow-empty", "-m", "more")
    return {"main": main, "tip": here.head()}


def github(folder: Path, name: str, event: object, ref: str = "refs/heads/topic") -> dict[str, str]:
    (folder / "event.json").write_text(json.dumps(event))
    told = {"GITHUB_EVENT_NAME": name, "GITHUB_EVENT_PATH": str(folder / "event.json"), "GITHUB_REF": ref}
    return {"GITHUB_ACTIONS": "true", **told}


def gitlab(source: str, ids: dict[str, str], branch: str = "topic", **more: str) -> dict[str, str]:
    told = {"CI_PIPELINE_SOURCE": source, "CI_COMMIT_SHA": ids["tip"], "CI_COMMIT_BRANCH": branch}
    return {"GITLAB_CI": "true", "CI_DEFAULT_BRANCH": "main", "CI_COMMIT_BEFORE_SHA": ZEROS, **told, **more}


def meant(env: dict[str, str]) -> tuple[str, list[str]] | None:
    found = events.told(env)
    return (found.tip.decode(), [c.decode() for c in found.without]) if found else None


@pytest.mark.parametrize("name", ["pull_request", "pull_request_target", "pull_request_review"])
def test_whatever_happens_to_a_pull_request_means_its_commits(tmp_path: Path, ids: dict[str, str], name: str) -> None:
    env = github(tmp_path, name, {"pull_request": {"base": {"sha": ids["main"]}, "head": {"sha": ids["tip"]}}})
    assert meant(env) == (ids["tip"], [ids["main"]])
    assert events.trusted_base(env) == ids["main"].encode()


@pytest.mark.parametrize("source", ["push", "parent_pipeline", "pipeline"])
def test_a_pipeline_of_a_branch_means_what_main_has_not(ids: dict[str, str], source: str) -> None:
    env = gitlab(source, ids)
    assert meant(env) == (ids["tip"], [ids["main"]])
    assert events.trusted_base(env) == ids["main"].encode()


def test_an_external_pull_request_on_gitlab(ids: dict[str, str]) -> None:
    env = gitlab("external_pull_request_event", ids, CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_SHA=ids["main"])
    assert meant(env) == (ids["tip"], [ids["main"]])
    assert events.trusted_base(env) == ids["main"].encode()


def test_the_default_branch_is_trusted_itself(tmp_path: Path, ids: dict[str, str]) -> None:
    event = {"before": ids["main"], "after": ids["tip"], "repository": {"default_branch": "main"}}
    assert events.trusted_base(github(tmp_path, "push", event, "refs/heads/main")) is None
    assert events.trusted_base(github(tmp_path, "push", event)) == ids["main"].encode()
    assert events.trusted_base(gitlab("push", ids, branch="main")) is None
    assert events.trusted_base({}) is None


@pytest.mark.parametrize("kind", events.BY_HAND)
def test_a_clock_and_a_hand_mean_no_commits(tmp_path: Path, ids: dict[str, str], kind: str) -> None:
    for env in (github(tmp_path, kind, {}), gitlab(kind, ids)):
        assert events.told(env) is None
        assert events.kind(env) == kind


def test_a_child_pipeline_of_the_default_branch_means_none(ids: dict[str, str]) -> None:
    assert events.told(gitlab("parent_pipeline", ids, branch="main")) is None


@pytest.mark.parametrize("env", [{"CI": "true"}, {"TF_BUILD": "True"}, {"JENKINS_URL": "http://ci"}, {"CI": "1"}])
def test_another_ci_is_no_answer(env: dict[str, str]) -> None:
    with pytest.raises(GuardError, match="this run of a CI names no commits") as caught:
        events.told(env)
    assert caught.value.exit_code == UNUSABLE
    assert "--range origin/main..HEAD" in caught.value.remedy
    assert events.told({**env, "PRE_COMMIT": "1"}) is None  # what is staged is meant


@pytest.mark.parametrize("env", [{}, {"CI": ""}, {"CI": "false"}, {"CI": "0"}])
def test_outside_of_a_ci_no_commits_are_meant(env: dict[str, str]) -> None:
    assert events.told(env) is None


def test_what_is_not_understood_is_no_answer(tmp_path: Path, ids: dict[str, str]) -> None:
    for env in (
        github(tmp_path, "deployment", {}),
        github(tmp_path, "", {}),
        github(tmp_path, "push", []),
        github(tmp_path, "push", {"before": [1], "after": {}}),
        gitlab("", ids),
        gitlab("invented", ids),
    ):
        with pytest.raises(GuardError, match="which are meant cannot be told") as caught:
            events.told(env)
        assert caught.value.exit_code == UNUSABLE
        assert "--range" in caught.value.remedy


def test_a_request_has_a_project_and_a_number(tmp_path: Path) -> None:
    request = {"base": {"sha": "a"}, "head": {"sha": "b"}, "number": 7}
    env = {**github(tmp_path, "pull_request", {"pull_request": request}), "GITHUB_REPOSITORY": "us/repo"}
    assert events.request(env) == ("us/repo", "7")
    of_gitlab = {"GITLAB_CI": "true", "CI_MERGE_REQUEST_IID": "7", "CI_MERGE_REQUEST_PROJECT_ID": "3"}
    assert events.request(of_gitlab) == ("3", "7")


@pytest.mark.parametrize("event", [{}, {"pull_request": {"number": 7}}, {"pull_request": None}, [], {"number": "7"}])
def test_what_is_no_request_has_none(tmp_path: Path, event: object) -> None:
    assert events.request(github(tmp_path, "push", event)) == ("", "")
    assert events.request({"GITLAB_CI": "true", "CI_MERGE_REQUEST_IID": "7/../8"}) == ("", "")
    assert events.request({}) == ("", "")
