"""What lint found, in the words of whoever reads it: a person, a program, GitHub, GitLab, a CI with JUnit reports.

Every format is text that a terminal and a CI's log can take: a name that a stranger chose cannot colour it, break its
lines, or stand in it as a command to the CI.
"""

from __future__ import annotations

from collections.abc import Iterable

from trinity_guard.lint.finding import Finding
from trinity_guard.lint.formats import github, gitlab, json_, junit, sarif, text
from trinity_guard.lint.summary import Summary

_RENDERED = {
    "text": text.rendered,
    "json": json_.rendered,
    "sarif": sarif.rendered,
    "github": github.rendered,
    "gitlab": gitlab.rendered,
    "junit": junit.rendered,
}
FORMATS = tuple(_RENDERED)


def render(name: str, findings: Iterable[Finding], summary: Summary) -> str:
    """Return the findings in one of FORMATS, without a newline at the end, in an order of their own."""
    return _RENDERED[name](ordered(findings), summary)


def ordered(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings by file, and in each by line."""
    by_path: dict[bytes, list[Finding]] = {}
    for finding in findings:
        by_path.setdefault(finding.path, []).append(finding)
    # What they say is put into words for one file at a time.
    return [
        finding
        for path in sorted(by_path)
        for finding in sorted(by_path[path], key=lambda f: (f.line, f.rule, f.key, f.commit, f.problem))
    ]
