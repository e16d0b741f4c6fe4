"""The answers of the diff driver: found by a child in bounded time, and kept."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.helpers.support import Repo
from trinity_guard import git
from trinity_guard.review import driver

MD5 = b"0b5c0ffee0f00dfeedfacecafebeef00"


@pytest.fixture
def place(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> git.Place:
    monkeypatch.chdir(bare_repo.path)
    return git.place()


def test_an_answer_is_kept_and_not_found_again(place: git.Place) -> None:
    assert driver.kept(place, "k", lambda: ["rows: 1", "é"]) == ["rows: 1", "é"]
    assert driver.kept(place, "k", lambda: ["another"]) == ["rows: 1", "é"]
    assert driver.kept(place, "other", lambda: ["another"]) == ["another"]


def test_what_takes_too_long_or_ends_badly_is_said_and_not_kept(
    place: git.Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "SECONDS", 0.2)
    begun = time.monotonic()
    assert driver.kept(place, "k", lambda: time.sleep(60) or []) == ["it took too long to look into the data here"]  # type: ignore[func-returns-value]
    assert time.monotonic() - begun < 20
    monkeypatch.setattr(driver, "SECONDS", 20)
    assert driver.kept(place, "k", lambda: os._exit(3)) == ["it took too long to look into the data here"]
    assert driver.kept(place, "k", lambda: ["now"]) == ["now"]


def test_no_more_answers_are_kept_than_a_limit(place: git.Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "MAX_KEPT", 3)
    for key in "abcdef":
        driver.kept(place, key, lambda: ["x"])
    assert len(list(Path(os.fsdecode(place.own), "review").iterdir())) == 3


@pytest.mark.parametrize(
    ("data", "md5"),
    [
        (b"outs:\n- md5: %s\n  size: 1\n  path: x.csv\n" % MD5, MD5.decode()),
        (b"outs:\n- md5: nothing\n  path: x.csv\n", None),
        (b"<<<<<<< ours\n", None),
        (b"", None),
    ],
)  # fmt: skip
def test_only_a_pointer_of_one_output_is_looked_into(data: bytes, md5: str | None) -> None:
    found = driver.output_of(data, b"x.csv.dvc")
    assert (found.md5 if found else None) == md5
