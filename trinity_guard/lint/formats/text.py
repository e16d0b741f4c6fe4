"""For a person: grouped by file, with the command that helps below each finding."""

from __future__ import annotations

from collections.abc import Iterator

from trinity_guard.lint.finding import ERROR, Finding
from trinity_guard.lint.formats.saying import closing, fact, named, remedies
from trinity_guard.lint.summary import Summary

BOLD, RED, YELLOW, DIM = "1", "31", "33", "2"


def rendered(findings: list[Finding], summary: Summary) -> str:
    return "\n".join(text for text, _ in lines(findings, summary))


def lines(findings: list[Finding], summary: Summary) -> Iterator[tuple[str, str]]:
    """Yield (line, style) for console.say, of findings in order; a style is an SGR code, or "" for none."""
    path: bytes | None = None
    for finding in findings:
        if finding.path != path:
            if path is not None:
                yield "", ""
            path = finding.path
            yield _heading(path), BOLD
        line = f" line {finding.line}:" if finding.line else ""
        style = RED if finding.level == ERROR else YELLOW
        yield f"  {finding.rule}{line} {_inert(fact(finding))}", style
        for remedy in remedies(finding):
            yield f"        {_quiet(remedy)}", DIM
    if findings:
        yield "", ""
    yield _inert(closing(findings, summary)), ""


def _heading(path: bytes) -> str:
    # GitHub takes a line of the log that begins with `::` for a command to the runner.
    name = named(path)
    return _quiet(f"./{name}" if name.startswith("::") else name)


def _quiet(line: str) -> str:
    return _inert(f"\\{line}" if line.lstrip().startswith("::") else line)


def _inert(text: str) -> str:
    # Its older form, and that of Azure Pipelines, counts anywhere in a line.
    return text.replace("##[", "#\\x23[").replace("##vso[", "#\\x23vso[") if "##" in text else text
