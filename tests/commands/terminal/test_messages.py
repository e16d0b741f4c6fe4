"""The same facts in the same words: what a push left waiting, why, and the commands that help."""

from __future__ import annotations

import pytest

from trinity_guard.commands.terminal import messages
from trinity_guard.dvcrepo.output import Output
from trinity_guard.push.push import Report


def test_what_waits_is_named_with_its_reasons_and_each_command_that_helps_has_a_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    report = Report()
    report.waiting = [Output(b"a.pkl", "a" * 32, 5), Output(b"b.pkl", "b" * 32, 6)]
    report.reasons = ["the DVC remote 'gone' is not configured"] * 2
    report.remedies = ["trinity-guard remote add gone URL"] * 2
    messages.report_push(report, "the commit stands; ")
    assert capsys.readouterr().err == (
        "trinity-guard: the commit stands; 2 objects (11 B) could not go to the DVC remote yet: "
        "the DVC remote 'gone' is not configured.\n"
        "    trinity-guard remote add gone URL\n"
        "    trinity-guard push --pending     # tries again; the next commit does too\n"
    )


def test_each_remote_that_got_something_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report()
    report.pushed = [Output(b"a.pkl", "a" * 32, 5), Output(b"b.pkl", "b" * 32, 6)]
    report.remotes = ["storage", "backup"]
    messages.report_push(report)
    assert capsys.readouterr().err == "trinity-guard: pushed 2 objects (11 B) to 'storage' and 'backup'.\n"


def test_a_push_that_did_all_there_was_to_do_in_silence_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    messages.report_push(Report())
    assert capsys.readouterr().err == ""
