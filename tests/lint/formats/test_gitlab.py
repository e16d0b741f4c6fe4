"""GitLab's report."""

from __future__ import annotations

import json

from hypothesis import given

from tests.lint.formats.made import any_findings, made, summary
from trinity_guard.lint.finding import ERROR, Finding
from trinity_guard.lint.formats import ordered, render
from trinity_guard.lint.formats.saying import visible


@given(findings=any_findings)
def test_gitlab_gets_what_its_report_needs_and_no_fingerprint_twice(findings: list[Finding]) -> None:
    issues = json.loads(render("gitlab", findings, summary()))
    assert len({i["fingerprint"] for i in issues}) == len(findings)
    for issue, finding in zip(issues, ordered(findings), strict=True):
        assert set(issue) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert issue["check_name"] == finding.rule
        assert issue["severity"] == ("major" if finding.level == ERROR else "minor")
        assert issue["location"]["lines"]["begin"] >= 1
        assert issue["description"].startswith(visible(finding.problem))
        if finding.path.isascii() and finding.path.decode().isprintable():
            assert issue["location"]["path"].encode() == finding.path


def test_gitlab_fingerprints_outlive_a_new_finding_beside_them() -> None:
    def marks(findings: list[Finding]) -> set[str]:
        return {i["fingerprint"] for i in json.loads(render("gitlab", findings, summary()))}

    twice = [made(commit="a" * 40), made(commit="b" * 40)]
    assert marks(twice) < marks([*twice, made(b"other.pkl")])
