"""What lint found, in the words of whoever reads it: a person, a program, GitHub, GitLab, a CI with JUnit reports.

Every format is text that a terminal and a CI's log can take: a name that a stranger chose cannot colour it, break its
lines, or stand in it as a command to the CI.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from trinity_guard.linting.finding import Finding
    from trinity_guard.linting.summary import Summary

FORMATS = ("text", "json", "sarif", "github", "gitlab", "junit")


def render(name: str, findings: Iterable[Finding], summary: Summary) -> str:
    """Return the findings in one of FORMATS, without a newline at the end, in an order of their own."""
    # Only the one that is asked for is imported.
    if name == "json":
        from trinity_guard.linting.formats.json_ import rendered
    elif name == "sarif":
        from trinity_guard.linting.formats.sarif import rendered
    elif name == "github":
        from trinity_guard.linting.formats.github import rendered
    elif name == "gitlab":
        from trinity_guard.linting.formats.gitlab import rendered
    elif name == "junit":
        from trinity_guard.linting.formats.junit import rendered
    elif name == "text":
        from trinity_guard.linting.formats.text import rendered
    else:
        raise ValueError(name)
    return rendered(ordered(findings), summary)


def ordered(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings by file, and in each by line."""
    return sorted(findings, key=lambda f: (f.path, f.line, f.rule, f.key, f.commit, f.problem))
