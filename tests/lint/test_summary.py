"""What a run looked at."""

from __future__ import annotations

from trinity_guard.lint.summary import Summary


def test_a_rule_that_nobody_described_has_no_title() -> None:
    summary = Summary("the index", files=3, rules={"TG001": ("artifact", "An artifact.")})
    assert (summary.title("TG001"), summary.title("TG999"), Summary("HEAD").title("TG001")) == ("artifact", "", "")
    assert (summary.files, summary.commits, summary.hidden) == (3, 0, 0)
