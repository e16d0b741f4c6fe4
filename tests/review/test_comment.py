"""The one comment of a request, against a server that answers as GitHub and GitLab do; another's is never edited."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.helpers.forge import BOT, NUMBER, PERSON, Forge, serving
from trinity_guard.errors import UNUSABLE, GuardError
from trinity_guard.review import comment

Of = Mapping[str, str]


@pytest.fixture
def forge() -> Iterator[Forge]:
    with serving() as running:
        yield running


@pytest.fixture(params=["github", "gitlab"])
def env(request: pytest.FixtureRequest, forge: Forge, tmp_path: Path) -> dict[str, str]:
    return on_github(forge, tmp_path) if request.param == "github" else {"GITLAB_CI": "true", **forge.gitlab()}


def on_github(forge: Forge, folder: Path) -> dict[str, str]:
    event = folder / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": NUMBER, "base": {"sha": "a"}, "head": {"sha": "b"}}}))
    return {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_PATH": str(event), **forge.github()}


def keep(env: Of, text: str, token: str = "person", worth: bool = True) -> str:
    found = comment.of(env, token)
    assert found is not None
    return comment.keep(found, text, worth)


def test_it_is_made_once_and_then_edited(env: Of, forge: Forge) -> None:
    assert [keep(env, text) for text in ("one", "two", "two")] == ["made", "edited", "same"]
    assert forge.bodies() == [f"{comment.MARKER}\ntwo"]


def test_it_is_found_behind_many_others(env: Of, forge: Forge) -> None:
    for at in range(250):
        forge.add(f"a word {at}", PERSON)
    assert keep(env, "one") == "made"
    assert keep(env, "two") == "edited"
    assert len(forge.comments) == 251


def test_where_nothing_changed_none_is_made_and_one_that_is_there_says_so(env: Of, forge: Forge) -> None:
    assert keep(env, "nothing", worth=False) == "none"
    assert forge.comments == []
    keep(env, "one")
    assert keep(env, "nothing", worth=False) == "edited"
    assert forge.bodies() == [f"{comment.MARKER}\nnothing"]


def test_a_comment_of_somebody_else_with_the_mark_stays_as_it_is(env: Of, forge: Forge) -> None:
    theirs = [f"{comment.MARKER}\nmine", f"> {comment.MARKER}"]
    forge.add(theirs[0], {**PERSON, "id": 6})
    forge.add(theirs[1], PERSON)
    assert [keep(env, "one"), keep(env, "two")] == ["made", "edited"]
    assert forge.bodies() == [*theirs, f"{comment.MARKER}\ntwo"]


def test_a_token_of_an_app_edits_what_an_app_wrote(forge: Forge, tmp_path: Path) -> None:
    env = on_github(forge, tmp_path)
    forge.add(f"{comment.MARKER}\nmine", PERSON)
    assert [keep(env, "one", "app"), keep(env, "two", "app")] == ["made", "edited"]
    assert [c["user"] for c in forge.comments] == [PERSON, BOT]


@pytest.mark.parametrize(("token", "code"), [("reads", 403), ("unknown", 401)])
def test_a_token_that_may_not_is_told_with_what_helps(forge: Forge, tmp_path: Path, token: str, code: int) -> None:
    with pytest.raises(GuardError, match=f"GitHub refuses the comment: it answered {code}") as caught:
        keep(on_github(forge, tmp_path), "one", token)
    assert "pull-requests: write" in caught.value.remedy
    assert forge.comments == []


def test_no_message_holds_the_token(env: Of, forge: Forge) -> None:
    forge.tokens["s3cret"] = PERSON
    forge.fails = 500
    with pytest.raises(GuardError) as caught:
        keep(env, "one", "s3cret")
    assert "s3cret" not in f"{caught.value.problem}{caught.value.remedy}"
    with pytest.raises(GuardError, match="letters that no token has") as caught:
        keep(env, "one", "s3cret\r\nX-More: 1")
    assert "s3cret" not in f"{caught.value.problem}{caught.value.remedy}"
    assert "GITHUB" not in str(caught.value)
    assert caught.value.exit_code == UNUSABLE


def test_the_token_follows_no_redirect(env: Of, forge: Forge) -> None:
    with serving() as other:
        forge.moved = other.url
        with pytest.raises(GuardError, match="it answered 307"):
            keep(env, "one")
    assert other.asked == []


def test_a_server_that_is_not_there_or_talks_otherwise_is_told(env: Of, forge: Forge) -> None:
    gone = {name: value.replace(forge.url, "http://127.0.0.1:9") for name, value in env.items()}
    with pytest.raises(GuardError, match="could not be asked for the comments"):
        keep(gone, "one")
    odd = {name: value.replace("http:", "file:") for name, value in env.items()}
    with pytest.raises(GuardError, match="names no address of its API"):
        keep(odd, "one")


@pytest.mark.parametrize("env_", [{}, {"GITLAB_CI": "true"}, {"GITLAB_CI": "true", "CI_MERGE_REQUEST_IID": "../1"}])
def test_where_nothing_is_requested_there_is_no_comment(env_: Of) -> None:
    assert comment.of(env_, "person") is None


def test_without_a_token_that_is_said(env: Of) -> None:
    with pytest.raises(GuardError, match="TRINITY_GUARD_TOKEN is empty"):
        comment.of(env, "")
