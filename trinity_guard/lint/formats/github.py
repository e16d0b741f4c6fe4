"""GitHub's annotations: commands to the runner in the job's log (actions/toolkit, command.ts, for their escapes)."""

from __future__ import annotations

from trinity_guard.lint.finding import ERROR, Finding
from trinity_guard.lint.formats.saying import closing, told, visible
from trinity_guard.lint.summary import Summary

# What a value may hold beside what is printable: the runner turns it back.
LINES = "\r\n"


def rendered(findings: list[Finding], summary: Summary) -> str:
    return "\n".join([*(_one(f, summary) for f in findings), _sentence(findings, summary)])


def _one(finding: Finding, summary: Summary) -> str:
    path = finding.path.decode("utf-8", "surrogateescape") or "."
    line = f",line={finding.line}" if finding.line else ""
    title = " ".join(filter(None, (finding.rule, summary.title(finding.rule))))
    command = "error" if finding.level == ERROR else "warning"
    return f"::{command} file={_property(path)}{line},title={_property(title)}::{_data(told(finding))}"


def _sentence(findings: list[Finding], summary: Summary) -> str:
    # GitHub shows ten errors and ten warnings of a step beside the code; all of them stand in its log.
    return f"trinity-guard lint: {closing(findings, summary)}".replace("##", "#\\x23")


def _data(text: str) -> str:
    return visible(text, keep=LINES).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
