"""Semantic versions, and the tags that hold them."""

from __future__ import annotations

import pytest

from trinity_guard.errors import GuardError
from trinity_guard.training.release import versions


@pytest.mark.parametrize(
    "text", ["v0.0.1", "v1.2.3", "v10.20.30", "v1.0.0-alpha", "v1.0.0-rc.1", "v1.0.0-0a.b-c", "v1.0.0+build.5"]
)
def test_a_semantic_version_is_taken(text: str) -> None:
    assert versions.checked(text) == text


@pytest.mark.parametrize(
    ("text", "helps"),
    [
        ("1.2.0", "v1.2.0"), ("V1.2.0", "v1.2.0"), ("vv1.2.0", "v1.2.0"), ("v1.2", ""), ("v1", ""), ("", ""),
        ("v1.2.3.4", ""),
        ("v01.2.3", ""), ("v1.2.3-01", ""), ("v1.2.3-", ""), ("v1.2.3-a..b", ""), ("v1.2.3 ", ""), ("latest", ""),
        ("v1.2.3\n", ""),
        ("v\u0661.2.3", ""), ("v1.2.3/x", ""), ("--help", ""), (f"v1.2.{'9' * 200}", ""), ("v1.2.3-é", ""),
    ],
)  # fmt: skip
def test_what_is_no_semantic_version_is_refused(text: str, helps: str) -> None:
    with pytest.raises(GuardError) as caught:
        versions.checked(text)
    assert caught.value.exit_code == 2
    assert f"trinity release {helps or 'v1.2.0'} " in caught.value.remedy


def test_versions_are_ranked_as_the_specification_says() -> None:
    told = "v0.9.9 v1.0.0-1 v1.0.0-2 v1.0.0-10 v1.0.0-alpha v1.0.0-alpha.1 v1.0.0-alpha.beta v1.0.0-beta v1.0.0-beta.2"
    wanted = [*told.split(), "v1.0.0-beta.11", "v1.0.0-rc.1", "v1.0.0", "v1.0.1", "v1.1.0", "v1.10.0", "v2.0.0"]
    assert sorted(sorted(wanted), key=versions.rank) == wanted
    assert versions.rank("v1.0.0+a") == versions.rank("v1.0.0+b")


@pytest.mark.parametrize(
    ("version", "next_one"),
    [("v1.0.0", "v1.1.0"), ("v1.9.3", "v1.10.0"), ("v2.0.0-rc.1", "v2.0.0"), ("v1.2.3+b-1", "v1.3.0")],
)
def test_the_version_that_follows(version: str, next_one: str) -> None:
    assert versions.following(version) == next_one
    assert versions.rank(next_one) > versions.rank(version)
