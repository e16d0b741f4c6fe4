"""What holds for all six formats: whatever the names, the output is well-formed, and none becomes a command."""

from __future__ import annotations

import os

import pytest
from hypothesis import given

from tests.lint.formats.made import COMMIT, EVIL, RULES, any_findings, commands_in, made, summary
from trinity_guard.lint.finding import Finding
from trinity_guard.lint.formats import FORMATS, render
from trinity_guard.lint.summary import Summary


@given(findings=any_findings)
def test_no_output_holds_what_does_harm_or_cannot_be_written(findings: list[Finding]) -> None:
    for form in FORMATS:  # to make findings takes longer than to write them in all of them
        said = render(form, findings, summary())
        assert all(c.isprintable() or c == "\n" for c in said), form
        assert said.encode().decode() == said, form
        assert not said.endswith("\n"), form
        # Of GitHub's the commands are the format.
        assert form == "github" or commands_in(said) == [], form


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
