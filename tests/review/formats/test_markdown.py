"""The Markdown: facts in tables, cut where a forge would refuse it, and nothing of a cell means anything."""

from __future__ import annotations

import pytest

from trinity_guard.dvcrepo.output import Output
from trinity_guard.review.formats import markdown
from trinity_guard.review.record import TABLE, Review
from trinity_guard.review.review import Reviews
from trinity_guard.review.sides import Change, Version


def changed(path: bytes = b"t.csv", **parameters: tuple[object, object]) -> Review:
    found = Review(Change(Version(path, Output(path, size=1)), Version(path, Output(path, size=2))), TABLE)
    found.parameters = dict(parameters)
    return found


def test_an_artifact_has_a_heading_and_a_table_of_facts() -> None:
    said = markdown.render(Reviews([changed(rate=(0.1, 0.2))], {}))
    assert said.splitlines() == [
        "### What changed inside artifacts", "", "#### <code>t.csv</code>: changed, 1 B → 2 B", "",
        "| | |", "|---|---|", "| rate | <code>0.1 → 0.2</code> |",
    ]  # fmt: skip


@pytest.mark.parametrize("cell", ["<img src=x onerror=y>", "a|b", "`x`", "@everyone", "[a](http://x)", "**x**", "a\nb"])
def test_no_cell_means_anything_to_a_forge(cell: str) -> None:
    said = markdown.render(Reviews([changed(cell.encode(), p=(cell, 1))], {cell: cell}))
    shown = said.replace("<code>", "").replace("</code>", "").replace("| | |", "").replace("|---|---|", "")
    assert not set("<>`@*[]") & set(shown)
    assert said.count("| p | <code>") == 1


def test_what_is_too_long_for_a_comment_is_cut_and_said() -> None:
    many = [changed(b"%d.csv" % at, p=("x" * 50, "y")) for at in range(2000)]
    said = markdown.render(Reviews(many, {}))
    assert len(said) < markdown.MAX_LENGTH + 1000
    assert said.endswith("more artifacts changed: `trinity-guard diff` shows them all.")


def test_nothing_is_said_to_be_nothing() -> None:
    assert markdown.render(Reviews([], {})).endswith("Nothing changed inside artifacts.")
    assert "<code>a.dvc</code>: broken" in markdown.render(Reviews([], {"a.dvc": "broken"}))
