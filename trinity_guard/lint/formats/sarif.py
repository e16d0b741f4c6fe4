"""SARIF 2.1.0 (OASIS), as GitHub's code scanning and others read it."""

from __future__ import annotations

import trinity_guard
from trinity_guard.lint.finding import ERROR, Finding
from trinity_guard.lint.formats.saying import dumped, fact, named, remedies, unique, visible
from trinity_guard.lint.summary import Summary

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
MAX_RESULTS = 25_000  # in a run: GitHub rejects a file with more as a whole
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/")


def rendered(findings: list[Finding], summary: Summary) -> str:
    # A viewer needs every rule that a result names, and shows those of a run without results too.
    rules = sorted({*summary.rules, *(f.rule for f in findings)})
    at = {rule: n for n, rule in enumerate(rules)}
    driver = {
        "name": "trinity-guard",
        "semanticVersion": semantic(trinity_guard.__version__),
        "rules": [_rule(rule, summary) for rule in rules],
    }
    results = [_result(f, mark, at[f.rule]) for f, mark in zip(findings, unique(findings), strict=True)]
    told: dict[str, object] = {"linted": visible(summary.linted), "files": summary.files, "commits": summary.commits}
    told["hidden"] = summary.hidden
    runs = [
        {
            "tool": {"driver": driver},
            "columnKind": "unicodeCodePoints",
            "results": results[start : start + MAX_RESULTS],
            "properties": told,
            # GitHub takes several runs of one tool in a file only as different analyses.
            **_analysis(start),
        }
        for start in range(0, max(len(results), 1), MAX_RESULTS)
    ]
    return dumped({"$schema": SCHEMA, "version": "2.1.0", "runs": runs})


def _analysis(start: int) -> dict[str, object]:
    return {"automationDetails": {"id": f"trinity-guard/{start // MAX_RESULTS + 1}/"}} if start else {}


def semantic(version: str) -> str:
    """Return a version of Python's spelling (PEP 440) in that of semver.org: 1.2.0rc1 is 1.2.0-rc.1 there."""
    import re

    return re.sub(r"^(\d+\.\d+\.\d+)\.?(a|b|rc|dev|post)(\d+)", r"\1-\2.\3", version)


def _rule(rule: str, summary: Summary) -> dict[str, object]:
    title, text = summary.rules.get(rule, (rule, ""))
    return {
        "id": rule,
        "shortDescription": {"text": _message(title or rule)},
        "fullDescription": {"text": _message((text or title or rule).split("\n\n")[0])},
        "help": {"text": _message(text or title or rule)},
    }


def _result(finding: Finding, mark: str, rule_at: int) -> dict[str, object]:
    text = "\n".join([f"{named(finding.path)}: {fact(finding)}", *remedies(finding)])
    return {
        "ruleId": finding.rule,
        "ruleIndex": rule_at,
        "level": "error" if finding.level == ERROR else "warning",
        "message": {"text": _message(text)},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": uri(finding.path), "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": max(finding.line, 1)},
                }
            }
        ],
        # GitHub tells alerts apart by the first; it would hash the line itself, of a file that need not be there.
        "partialFingerprints": {"primaryLocationLineHash": f"{mark}:1", "trinityGuard/v1": finding.fingerprint},
        **({"properties": {"commit": visible(finding.commit)}} if finding.commit else {}),
    }


def uri(path: bytes) -> str:
    """Return a path as a relative reference (RFC 3986), from which its very bytes can be had back."""
    # A colon in the first segment would end the name of a scheme: none of the reserved letters is left as it is.
    return "".join(chr(b) if b in _UNRESERVED else f"%{b:02X}" for b in path) or "."


def _message(text: str) -> str:
    """Escape what has a meaning in a plain text message (3.11.5, 3.11.6): places for arguments, and links."""
    return visible(text, keep="\n").replace("{", "{{").replace("}", "}}").replace("](", "] (")
