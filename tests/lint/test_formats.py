"""The six formats of lint: for any name and any words the output is well-formed, and no name becomes a command."""

from __future__ import annotations

import base64
import json
import os
import re
import xml.etree.ElementTree as ET
from typing import Any
from urllib.parse import unquote_to_bytes

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.support import PROJECT
from trinity_guard.lint.finding import ERROR, WARNING, Finding
from trinity_guard.lint.formats import FORMATS, ordered, render, sarif, text
from trinity_guard.lint.formats.saying import visible
from trinity_guard.lint.summary import Summary

RULES = {
    "TG001": ("artifact in the tree", "An artifact lies in Git.\n\nMend it: trinity-guard convert PATH"),
    "TG002": ("artifact in a commit of the range", "It is in the history, though gone from the tip."),
}
COMMIT = "0123456789abcdef0123456789abcdef01234567"
EVIL = [
    b"::error file=a::stolen",
    b"a\n::set-output name=x::y",
    b"a\r\n::add-mask::z",
    b"##[group]x",
    b"a ##vso[task.setvariable variable=x]y",
    b"\x1b[31mred\x07\x00".rstrip(b"\0"),
    b"100%,5:7.pkl",
    b"\xff\xfe not text.pkl",
    "ünï, 💾: é.pkl".encode(),
    "\u202egnp.exe\ufffe\u2028".encode(),
    b']]>&lt;"</failure>.pkl',
    b"[a link](https://example.com) {0}",
    b"-x.pkl",
]


def made(path: bytes = b"models/a.pkl", rule: str = "TG001", **more: Any) -> Finding:
    problem = more.pop("problem", "an artifact (pattern *.pkl) of 2.0 MB")
    return Finding(rule, path, problem, more.pop("remedy", "trinity-guard convert models/a.pkl"), **more)


any_text = st.text(st.characters(exclude_categories=()), max_size=40) | st.sampled_from(
    [e.decode("latin-1") for e in EVIL]
)
any_path = st.binary(min_size=1, max_size=40).map(lambda b: b.replace(b"\0", b"\1")) | st.sampled_from(EVIL)
any_finding = st.builds(
    lambda path, rule, problem, remedy, line, commit, key, level: Finding(
        rule, path, problem, remedy, line=line, commit=commit, key=key, level=level
    ),
    any_path, st.sampled_from(["TG001", "TG002", "TG009"]), any_text, any_text, st.integers(0, 9),
    st.sampled_from(["", COMMIT]), st.sampled_from(["", "k"]), st.sampled_from([ERROR, WARNING]),
)  # fmt: skip
any_findings = st.lists(any_finding, max_size=5)


def summary(**more: Any) -> Summary:
    return Summary("the index", rules=RULES, **more)


# --- the runner of GitHub, as far as it reads a log


def commands_in(log: str) -> list[tuple[str, dict[str, str], str]]:
    """Return (command, properties, data) of each line that GitHub's runner obeys (ActionCommand.cs, both forms)."""
    found = []
    for line in re.split(r"\r\n|\r|\n", log):
        if line.lstrip().startswith("::") and "::" in line.lstrip()[2:]:
            head, data = line.lstrip()[2:].split("::", 1)
            name, _, rest = head.partition(" ")
            properties = dict(p.split("=", 1) for p in rest.split(",") if "=" in p)
            found.append((name, {k: unescaped(v, prop=True) for k, v in properties.items()}, unescaped(data)))
        elif "##[" in line or "##vso[" in line:
            found.append((line, {}, ""))
    return found


def unescaped(value: str, prop: bool = False) -> str:
    for code, letter in (("%3A", ":"), ("%2C", ",")) if prop else ():
        value = value.replace(code, letter)
    return value.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")


# --- what holds for all of them


@pytest.mark.parametrize("form", FORMATS)
@given(findings=any_findings)
def test_no_output_holds_a_control_character_or_what_cannot_be_written(form: str, findings: list[Finding]) -> None:
    said = render(form, findings, summary())
    assert all(c.isprintable() or c == "\n" for c in said)
    assert said.encode().decode() == said
    assert not said.endswith("\n")


@pytest.mark.parametrize("form", [f for f in FORMATS if f != "github"])
@given(findings=any_findings)
def test_no_name_and_no_word_becomes_a_command_to_the_runner(form: str, findings: list[Finding]) -> None:
    assert commands_in(render(form, findings, summary())) == []


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_findings_in_another_order_give_the_same_output(form: str) -> None:
    findings = [made(p, line=n % 3, commit=c) for n, p in enumerate(EVIL) for c in ("", COMMIT)]
    assert render(form, findings, summary()) == render(form, findings[::-1], summary())


@pytest.mark.parametrize("form", FORMATS)
def test_a_model_that_came_and_went_is_told_with_file_rule_commit_and_remedy(form: str) -> None:
    gone = made(
        rule="TG002", problem="an artifact of 2.0 MB was added here", commit=COMMIT, remedy="git rebase -i main"
    )
    said = render(form, [gone], Summary("abc..def", commits=2, rules=RULES))
    assert all(part in said for part in ("models/a.pkl", "TG002", COMMIT[:10], gone.problem, gone.remedy))


@pytest.mark.parametrize("form", FORMATS)
def test_what_is_printed_by_the_console_is_what_was_rendered(form: str) -> None:
    # The console escapes what it takes for harmful: that must never touch JSON or XML.
    from trinity_guard.console import _harmless

    said = render(form, [made(p, problem=os.fsdecode(p), remedy="x\ty") for p in EVIL], summary())
    assert _harmless(said) == said


# --- text


def test_text_groups_by_file_and_ends_with_a_sentence() -> None:
    findings = [
        made(b"b.pkl", line=3),
        made(b"a.pkl", commit=COMMIT, remedy=""),
        made(b"b.pkl", rule="TG009", level=WARNING),
    ]
    said = render("text", findings, summary(files=12, hidden=4))
    assert said.split("\n") == [
        "a.pkl",
        "  TG001 an artifact (pattern *.pkl) of 2.0 MB (commit 0123456789)",
        "",
        "b.pkl",
        "  TG009 an artifact (pattern *.pkl) of 2.0 MB",
        "        trinity-guard convert models/a.pkl",
        "  TG001 line 3: an artifact (pattern *.pkl) of 2.0 MB",
        "        trinity-guard convert models/a.pkl",
        "",
        "3 findings in the index (12 files); the baseline hides 4 more.",
    ]


def test_text_has_a_colour_for_each_kind_of_line() -> None:
    findings = ordered([made(b"a.pkl"), made(b"b.pkl", level=WARNING)])
    styles = [style for line, style in text.lines(findings, summary()) if line]
    assert styles == [text.BOLD, text.RED, text.DIM, text.BOLD, text.YELLOW, text.DIM, ""]


def test_text_shows_a_name_that_begins_like_a_command_as_a_path() -> None:
    assert render("text", [made(b"::error::x")], summary()).split("\n")[0] == "./::error::x"


def test_text_says_that_nothing_was_found() -> None:
    assert render("text", [], summary(files=1)) == "nothing found in the index (1 file)."


# --- json


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


# --- sarif


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


# --- github


@given(findings=any_findings)
def test_github_gets_one_annotation_a_finding_and_nothing_else(findings: list[Finding]) -> None:
    commands = commands_in(render("github", findings, summary()))
    assert len(commands) == len(findings)
    for (name, properties, data), finding in zip(commands, ordered(findings), strict=True):
        assert name == finding.level
        assert properties["file"] == visible(finding.path.decode("utf-8", "surrogateescape"), keep="\r\n")
        assert properties["title"].startswith(finding.rule)
        assert properties.get("line", "0") == str(finding.line)
        assert visible(finding.problem) in data


@pytest.mark.parametrize(
    "path", [b"a b.pkl", b"100%,5:7.pkl", b"100%0A%25%3A.pkl", b"new\nline\r.pkl", "é💾.pkl".encode()]
)
def test_github_unescapes_a_name_to_what_it_is(path: bytes) -> None:
    _, properties, _ = commands_in(render("github", [made(path)], summary()))[0]
    assert properties["file"].encode() == path


def test_github_annotation_in_full() -> None:
    assert render("github", [made(b"m/a,b.pkl", line=2)], summary(files=1)).split("\n") == [
        "::error file=m/a%2Cb.pkl,line=2,title=TG001 artifact in the tree::m/a,b.pkl:2: an artifact (pattern *.pkl) "
        "of 2.0 MB%0Atrinity-guard convert models/a.pkl",
        "trinity-guard lint: 1 finding in the index (1 file).",
    ]


# --- gitlab


@given(findings=any_findings)
def test_gitlab_gets_what_its_report_needs_and_no_fingerprint_twice(findings: list[Finding]) -> None:
    issues = json.loads(render("gitlab", findings, summary()))
    assert len({i["fingerprint"] for i in issues}) == len(findings)
    for issue, finding in zip(issues, ordered(findings), strict=True):
        assert set(issue) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert issue["check_name"] == finding.rule
        assert issue["severity"] == ("major" if finding.level == ERROR else "minor")
        assert issue["location"]["lines"]["begin"] >= 1
        assert issue["description"].startswith(visible(finding.problem))
        if finding.path.isascii() and finding.path.decode().isprintable():
            assert issue["location"]["path"].encode() == finding.path


def test_gitlab_fingerprints_outlive_a_new_finding_beside_them() -> None:
    def marks(findings: list[Finding]) -> set[str]:
        return {i["fingerprint"] for i in json.loads(render("gitlab", findings, summary()))}

    twice = [made(commit="a" * 40), made(commit="b" * 40)]
    assert marks(twice) < marks([*twice, made(b"other.pkl")])


# --- junit


@given(findings=any_findings)
def test_junit_is_well_formed_and_counts_right(findings: list[Finding]) -> None:
    root = ET.fromstring(render("junit", findings, summary()))
    cases = root.findall("testsuite/testcase")
    assert len(cases) == int(root.attrib["tests"]) == max(len(findings), 1)
    failed = [c for c in cases if c.find("failure") is not None]
    assert len(failed) == int(root.attrib["failures"]) == sum(f.level == ERROR for f in findings)
    for suite in root.findall("testsuite"):
        assert len(suite.findall("testcase")) == int(suite.attrib["tests"])
        assert len({c.attrib["classname"] for c in suite}) == 1
    words = [visible(f.problem) for f in findings if f.level == ERROR]
    assert sorted(words) == sorted(re.sub(r" \(commit 0123456789\)$", "", c[0].attrib["message"]) for c in failed)


def test_junit_of_a_passing_run_shows_one_test_that_passed() -> None:
    root = ET.fromstring(render("junit", [], summary(files=7)))
    (case,) = root.findall("testsuite/testcase")
    assert case.attrib["name"] == "nothing found in the index (7 files)."
    assert list(case) == []
    assert root.attrib["failures"] == "0"
