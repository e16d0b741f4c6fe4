"""The words that the formats share: nothing that no eye sees, and no command to a CI."""

from __future__ import annotations

import json

import pytest

from trinity_guard.lint.finding import Finding
from trinity_guard.lint.formats import saying
from trinity_guard.lint.summary import Summary

COMMIT = "0123456789" + "a" * 30


@pytest.mark.parametrize(
    ("text", "keep", "shown"),
    [("plain é", "", "plain é"), ("a\x1b[1m", "", "a\\x1b[1m"), ("a\nb", "", "a\\nb"), ("a\nb", "\n", "a\nb"),
     ("\u202egnp", "", "\\u202egnp"), ("\udcff", "", "\\udcff")],
)  # fmt: skip
def test_what_no_eye_sees_is_escaped(text: str, keep: str, shown: str) -> None:
    assert saying.visible(text, keep) == shown


def test_the_commit_is_named_where_it_is_not_said_already() -> None:
    assert saying.fact(Finding("TG001", b"a", "bad")) == "bad"
    assert saying.fact(Finding("TG001", b"a", "bad", commit=COMMIT)) == "bad (commit 0123456789)"
    assert saying.fact(Finding("TG001", b"a", "bad in 0123456789", commit=COMMIT)) == "bad in 0123456789"


def test_a_finding_is_one_paragraph() -> None:
    finding = Finding("TG006", b"m/a", "bad", "one\n\ntwo", line=3)
    assert saying.told(finding) == "m/a:3: bad\none\ntwo"
    assert saying.named(b"") == "."


@pytest.mark.parametrize(
    ("findings", "summary", "said"),
    [
        (0, Summary("the index"), "nothing found in the index."),
        (1, Summary("HEAD", files=1), "1 finding in HEAD (1 file)."),
        (2, Summary("a..b", 1234, 2, 3), "2 findings in a..b (1,234 files, 2 commits); the baseline hides 3 more."),
    ],
)
def test_the_last_sentence_counts(findings: int, summary: Summary, said: str) -> None:
    assert saying.closing([Finding("TG001", b"a", "x")] * findings, summary) == said


def test_json_holds_no_command_and_says_the_same() -> None:
    value = {"a": "##[group]x ##vso[y]", "é": 1}
    assert "##" not in saying.dumped(value)
    assert json.loads(saying.dumped(value)) == value


def test_the_same_finding_in_two_commits_has_two_fingerprints_that_stay() -> None:
    twice = [Finding("TG001", b"a", "x", commit=c, key="k") for c in ("1", "2")]
    first, second = saying.unique(twice)
    assert first == twice[0].fingerprint
    assert first != second
    assert saying.unique([*twice, Finding("TG001", b"b", "x")])[:2] == [first, second]
