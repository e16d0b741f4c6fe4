"""The format for a person."""

from __future__ import annotations

from tests.lint.formats.made import COMMIT, made, summary
from trinity_guard.lint.finding import WARNING
from trinity_guard.lint.formats import ordered, render, text


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
