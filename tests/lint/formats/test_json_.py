"""The format for programs."""

from __future__ import annotations

import base64
import json

from hypothesis import given

from tests.lint.formats.made import any_findings, summary
from trinity_guard.lint.finding import Finding
from trinity_guard.lint.formats import ordered, render


@given(findings=any_findings)
def test_json_holds_every_finding_and_its_very_path(findings: list[Finding]) -> None:
    report = json.loads(render("json", findings, summary(files=3, commits=2, hidden=1)))
    assert (report["version"], report["files"], report["commits"], report["hidden"]) == (1, 3, 2, 1)
    assert report["errors"] + report["warnings"] == len(findings)
    for entry, finding in zip(report["findings"], ordered(findings), strict=True):
        path = base64.b64decode(entry["path_base64"]) if "path_base64" in entry else entry["path"].encode()
        assert path == finding.path
        assert (entry["rule"], entry["level"], entry["fingerprint"]) == (
            finding.rule,
            finding.level,
            finding.fingerprint,
        )
        assert (entry["line"] or 0, entry["commit"] or "") == (finding.line, finding.commit)
