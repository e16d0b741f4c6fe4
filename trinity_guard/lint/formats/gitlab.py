"""GitLab's code quality report: a list of issues of which each has a fingerprint of its own."""

from __future__ import annotations

from trinity_guard.lint.finding import ERROR, Finding
from trinity_guard.lint.formats.saying import dumped, fact, named, remedies, unique
from trinity_guard.lint.summary import Summary


def rendered(findings: list[Finding], summary: Summary) -> str:
    return dumped([_one(f, mark) for f, mark in zip(findings, unique(findings), strict=True)])


def _one(finding: Finding, mark: str) -> dict[str, object]:
    # The widget shows the description and the place, no more: the command has to stand in the former.
    mend = "; ".join(remedies(finding))
    return {
        "description": fact(finding) + (f". Mend it: {mend}" if mend else ""),
        "check_name": finding.rule,
        "fingerprint": mark,
        "severity": "major" if finding.level == ERROR else "minor",
        "location": {"path": named(finding.path), "lines": {"begin": max(finding.line, 1)}},
    }
