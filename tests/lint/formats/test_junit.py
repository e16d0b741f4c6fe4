"""JUnit's XML."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from hypothesis import given

from tests.lint.formats.made import any_findings, summary
from trinity_guard.lint.finding import ERROR, Finding
from trinity_guard.lint.formats import render
from trinity_guard.lint.formats.saying import visible


@given(findings=any_findings)
def test_junit_is_well_formed_and_counts_right(findings: list[Finding]) -> None:
    root = ET.fromstring(render("junit", findings, summary()))
    cases = root.findall("testsuite/testcase")
    assert len(cases) == int(root.attrib["tests"]) == max(len(findings), 1)
    failed = [c for c in cases if c.find("failure") is not None]
    assert len(failed) == int(root.attrib["failures"]) == sum(f.level == ERROR for f in findings)
    for suite in root.findall("testsuite"):
        assert len(suite.findall("testcase")) == int(suite.attrib["tests"])
        assert len({c.attrib["classname"] for c in suite}) == 1
    words = [visible(f.problem) for f in findings if f.level == ERROR]
    assert sorted(words) == sorted(re.sub(r" \(commit 0123456789\)$", "", c[0].attrib["message"]) for c in failed)


def test_junit_of_a_passing_run_shows_one_test_that_passed() -> None:
    root = ET.fromstring(render("junit", [], summary(files=7)))
    (case,) = root.findall("testsuite/testcase")
    assert case.attrib["name"] == "nothing found in the index (7 files)."
    assert list(case) == []
    assert root.attrib["failures"] == "0"
