"""SARIF, against its own schemas."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote_to_bytes

import jsonschema
import pytest
from hypothesis import given

from tests.helpers.support import PROJECT
from tests.lint.formats.made import RULES, any_findings, made, summary
from trinity_guard.lint.finding import Finding
from trinity_guard.lint.formats import ordered, render, sarif


def schemas() -> list[Any]:
    """Return the published schema, and our own of just what we write."""
    names = ("sarif-2.1.0.schema.json", "sarif-emitted.schema.json")
    return [json.loads((PROJECT / "tests" / "data" / name).read_text()) for name in names]


VALIDATORS = [jsonschema.validators.validator_for(schema)(schema) for schema in schemas()]


@given(findings=any_findings)
def test_sarif_is_valid_and_every_path_can_be_had_back(findings: list[Finding]) -> None:
    log = json.loads(render("sarif", findings, summary()))
    for validator in VALIDATORS:
        validator.validate(log)
    run = log["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    for result, finding in zip(run["results"], ordered(findings), strict=True):
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert unquote_to_bytes(uri) == finding.path
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == finding.rule
        assert result["partialFingerprints"]["trinityGuard/v1"] == finding.fingerprint
        assert "](" not in result["message"]["text"]
        assert not re.search(r"(?<!\{)\{(\{\{)*\d+\}", result["message"]["text"])
    marks = [r["partialFingerprints"]["primaryLocationLineHash"] for r in run["results"]]
    assert len(set(marks)) == len(marks)


def test_no_run_has_more_results_than_github_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "MAX_RESULTS", 2)
    log = json.loads(render("sarif", [made(b"%d" % n) for n in range(5)], summary()))
    assert [len(run["results"]) for run in log["runs"]] == [2, 2, 1]
    assert len({json.dumps(run.get("automationDetails")) for run in log["runs"]}) == 3


@pytest.mark.parametrize(
    ("ours", "semver"),
    [
        ("1.2.0", "1.2.0"),
        ("1.2.0rc1", "1.2.0-rc.1"),
        ("0.1.0.dev341+g5ad763e8b.d20261129", "0.1.0-dev.341+g5ad763e8b.d20261129"),
        ("0.1.1.dev0+g5ad763e8b", "0.1.1-dev.0+g5ad763e8b"),
    ],
)
def test_sarif_spells_a_version_as_semver_does(ours: str, semver: str) -> None:
    assert sarif.semantic(ours) == semver


def test_sarif_describes_its_rules_in_a_run_without_results_too() -> None:
    run = json.loads(render("sarif", [], summary()))["runs"][0]
    assert run["results"] == []
    assert [(r["id"], r["shortDescription"]["text"]) for r in run["tool"]["driver"]["rules"]] == [
        ("TG001", "artifact in the tree"),
        ("TG002", "artifact in a commit of the range"),
    ]
    assert run["tool"]["driver"]["rules"][0]["fullDescription"]["text"] == "An artifact lies in Git."
    assert run["tool"]["driver"]["rules"][0]["help"]["text"] == RULES["TG001"][1]


@pytest.mark.parametrize(
    "harm",
    [
        lambda run: run["results"][0].pop("message"),
        lambda run: run["results"][0].update(level="fatal"),
        lambda run: run["results"][0]["locations"][0]["physicalLocation"]["region"].update(startLine=0),
        lambda run: run["tool"]["driver"].pop("name"),
        lambda run: run.update(surprise=1),
    ],
)
def test_the_schemas_refuse_what_is_no_sarif(harm: Any) -> None:
    log = json.loads(render("sarif", [made()], summary()))
    harm(log["runs"][0])
    for validator in VALIDATORS:
        assert not validator.is_valid(log)
