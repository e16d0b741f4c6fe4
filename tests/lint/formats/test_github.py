"""GitHub's annotations."""

from __future__ import annotations

import pytest
from hypothesis import given

from tests.lint.formats.made import any_findings, commands_in, made, summary
from trinity_guard.lint.finding import Finding
from trinity_guard.lint.formats import ordered, render
from trinity_guard.lint.formats.saying import visible


@given(findings=any_findings)
def test_github_gets_one_annotation_a_finding_and_nothing_else(findings: list[Finding]) -> None:
    commands = commands_in(render("github", findings, summary()))
    assert len(commands) == len(findings)
    for (name, properties, data), finding in zip(commands, ordered(findings), strict=True):
        assert name == finding.level
        assert properties["file"] == visible(finding.path.decode("utf-8", "surrogateescape"), keep="\r\n")
        assert properties["title"].startswith(finding.rule)
        assert properties.get("line", "0") == str(finding.line)
        assert visible(finding.problem) in data


@pytest.mark.parametrize(
    "path", [b"a b.pkl", b"100%,5:7.pkl", b"100%0A%25%3A.pkl", b"new\nline\r.pkl", "é💾.pkl".encode()]
)
def test_github_unescapes_a_name_to_what_it_is(path: bytes) -> None:
    _, properties, _ = commands_in(render("github", [made(path)], summary()))[0]
    assert properties["file"].encode() == path


def test_github_annotation_in_full() -> None:
    assert render("github", [made(b"m/a,b.pkl", line=2)], summary(files=1)).split("\n") == [
        "::error file=m/a%2Cb.pkl,line=2,title=TG001 artifact in the tree::m/a,b.pkl:2: an artifact (pattern *.pkl) "
        "of 2.0 MB%0Atrinity-guard convert models/a.pkl",
        "trinity-guard lint: 1 finding in the index (1 file).",
    ]
