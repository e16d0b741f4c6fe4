"""The Markdown: facts in tables, cut where a forge would refuse it, and nothing of a cell means anything."""

from __future__ import annotations

import re

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
        "| | |", "|---|---|", "| <code>rate</code> | <code>0.1 → 0.2</code> |",
    ]  # fmt: skip


HOSTILE = [
    "<img src=x onerror=y>", "</code></details><script>", "<!-- trinity-guard diff -->", "a|b", "`x`", "```",
    "@everyone", "@org/team", "#1 GH-1 !2 us/repo#3", "[a](http://x)", "![a](//x)", "https://x.example/",
    "www.x.example", "a@x.example", "**x**", "__x__", "~~x~~", "$x$", ":tada:", "&lt;b&gt;", "\\|", "a\nb", "/merge",
    "a\r\n/merge", "# h", "a\u2028b", "\x1b[31mred\x1b]0;t\x07", "\u202egpj.exe", "\x00",
]  # fmt: skip


@pytest.mark.parametrize("cell", HOSTILE)
def test_nothing_that_a_stranger_wrote_means_anything_to_a_forge(cell: str) -> None:
    """As a cell, a column's name, a file's, its former one, in a reason: each stands in the letters of code alone."""
    said = everywhere(cell)
    outside, inside = OF_CODE.sub("", said), OF_CODE.findall(said)
    assert outside == OF_CODE.sub("", everywhere("name"))
    assert not set("<>`@*[]|:#!\\_~$") & set(re.sub("&#[0-9]+;", "", "".join(t[6:-7] for t in inside)))
    assert "www." not in said
    assert all(c.isprintable() for line in said.splitlines() for c in line)


OF_CODE = re.compile("<code>.*?</code>")


def everywhere(text: str) -> str:
    name = text.encode()
    renamed = Review(Change(Version(name, Output(name, size=1)), Version(b"n", Output(b"n", size=2))), TABLE)
    one = changed(name, **{text: (text, 1)})
    one.notes, one.unavailable = [text], text
    return markdown.render(Reviews([one, renamed], {text: text}))


def test_what_is_read_from_right_to_left_is_kept_apart() -> None:
    """In a browser the arrow would point from the new one to the old one."""
    said = markdown.render(Reviews([changed(city=("תל אביב", "ירושלים"))], {}))
    assert "<code>&#8296;תל אביב&#8297; → &#8296;ירושלים&#8297;</code>" in said


def test_what_is_too_long_for_a_comment_is_cut_and_said() -> None:
    many = [changed(b"%d.csv" % at, p=("x" * 50, "y")) for at in range(2000)]
    said = markdown.render(Reviews(many, {}))
    assert len(said) < markdown.MAX_LENGTH + 1000
    assert said.endswith("more artifacts changed: `trinity-guard diff` shows them all.")


def test_of_one_that_is_too_long_its_heading_is_there_and_the_others_are_whole() -> None:
    long = changed(b"long.csv", **{f"p{at}": ("x" * 50, "y") for at in range(2000)})
    said = markdown.render(Reviews([long, changed(rate=(1, 2))], {str(at): "x" for at in range(100)}))
    assert "#### <code>long.csv</code>: changed, 1 B → 2 B\n" in said
    assert "<code>p1</code>" not in said
    assert "<code>rate</code>" in said
    assert "more artifacts" not in said
    assert said.endswith("- and 80 more that cannot be read")


def test_nothing_is_said_to_be_nothing() -> None:
    assert markdown.render(Reviews([], {})).endswith("Nothing changed inside artifacts.")
    assert "<code>a.dvc</code>: <code>broken</code>" in markdown.render(Reviews([], {"a.dvc": "broken"}))
