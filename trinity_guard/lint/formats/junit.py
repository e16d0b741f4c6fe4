"""JUnit's XML, which most CI servers show: one suite a rule, one failed test case a finding."""

from __future__ import annotations

from trinity_guard.lint.finding import ERROR, Finding
from trinity_guard.lint.formats.saying import COMMIT, closing, fact, named, told, visible
from trinity_guard.lint.summary import Summary


def rendered(findings: list[Finding], summary: Summary) -> str:
    errors = sum(f.level == ERROR for f in findings)
    tests = len(findings) or 1
    rules = sorted({f.rule for f in findings})
    suites = [_suite(rule, [f for f in findings if f.rule == rule], summary) for rule in rules]
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="trinity-guard lint" tests="{tests}" failures="{errors}" errors="0">',
        *(suites or [_passed(summary)]),
        "</testsuites>",
    ]
    return "\n".join(lines)


def _suite(rule: str, findings: list[Finding], summary: Summary) -> str:
    errors = sum(f.level == ERROR for f in findings)
    name = _attribute(" ".join(filter(None, (rule, summary.title(rule)))))
    head = f'  <testsuite name="{name}" tests="{len(findings)}" failures="{errors}" errors="0" skipped="0">'
    return "\n".join([head, *(_case(f) for f in findings), "  </testsuite>"])


def _case(finding: Finding) -> str:
    line = f" line {finding.line}" if finding.line else ""
    commit = f" in {finding.commit[:COMMIT]}" if finding.commit else ""
    name = _attribute(f"{named(finding.path)}{line}{commit}")
    # A warning fails no run, so it fails no test case either.
    body = (
        f'<failure type="{_attribute(finding.rule)}" message="{_attribute(fact(finding))}">'
        f"{_text(told(finding))}</failure>"
        if finding.level == ERROR
        else f"<system-out>{_text(told(finding))}</system-out>"
    )
    return f'    <testcase classname="{_attribute(finding.rule)}" name="{name}">{body}</testcase>'


def _passed(summary: Summary) -> str:
    # A report without a test case is shown as one that is missing.
    case = f'<testcase classname="trinity-guard" name="{_attribute(closing([], summary))}"/>'
    return (
        f'  <testsuite name="trinity-guard lint" tests="1" failures="0" errors="0" skipped="0">\n    {case}\n'
        "  </testsuite>"
    )


def _text(text: str) -> str:
    escaped = visible(text, keep="\n").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # What a CI's log would take for a command to itself.
    return escaped.replace("##", "#&#35;").replace("::", ":&#58;")


def _attribute(text: str) -> str:
    return _text(visible(text)).replace('"', "&quot;")
