"""For programs: one object, whose form is described in docs/ci.md and has a version of its own."""

from __future__ import annotations

import binascii

from trinity_guard.lint.finding import ERROR, Finding
from trinity_guard.lint.formats.saying import dumped, named, visible
from trinity_guard.lint.summary import Summary

# Raised when a key goes away or changes its meaning; new keys may come at any time.
VERSION = 1


def rendered(findings: list[Finding], summary: Summary) -> str:
    errors = sum(f.level == ERROR for f in findings)
    report = {
        "version": VERSION,
        "linted": visible(summary.linted),
        "files": summary.files,
        "commits": summary.commits,
        "errors": errors,
        "warnings": len(findings) - errors,
        "hidden": summary.hidden,
        "findings": [_one(f, summary) for f in findings],
    }
    return dumped(report)


def _one(finding: Finding, summary: Summary) -> dict[str, object]:
    """Return a finding's fields; `path_base64` where no text can hold its name."""
    result: dict[str, object] = {
        "rule": finding.rule,
        "title": summary.title(finding.rule),
        "level": finding.level,
        **_path(finding.path),
        "line": finding.line or None,
        "commit": finding.commit or None,
        "problem": visible(finding.problem, keep="\n"),
        "remedy": visible(finding.remedy, keep="\n") or None,
        "fingerprint": finding.fingerprint,
    }
    return result


def _path(path: bytes) -> dict[str, object]:
    try:
        return {"path": path.decode()}
    except UnicodeDecodeError:
        return {"path": named(path), "path_base64": binascii.b2a_base64(path, newline=False).decode()}
