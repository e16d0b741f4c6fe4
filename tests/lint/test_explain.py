"""The page of the rules is what --explain prints."""

from __future__ import annotations

import pytest

from tests.helpers.documents import page
from tests.helpers.support import PROJECT, Repo
from trinity_guard.lint import explain
from trinity_guard.lint.rules import table


def test_the_page_is_what_explain_prints(bare_repo: Repo) -> None:
    assert page("docs/rules.md") == explain.page()
    assert set(explain.TEXTS) == set(explain.TITLES) == set(table.RULES)
    said = bare_repo.guard("lint", "--explain", "tg004").stdout.decode()
    assert said.strip() == explain.section("TG004").strip()
    assert said.strip() in (PROJECT / "docs/rules.md").read_text()


@pytest.mark.parametrize("rule", explain.TEXTS)
def test_each_section_says_what_why_an_example_and_how_to_mend(rule: str) -> None:
    what, why, example, mend = explain.TEXTS[rule].strip().split("\n\n")
    assert what
    assert why
    assert example.startswith("Example: ")
    assert mend.startswith("To mend: ")
