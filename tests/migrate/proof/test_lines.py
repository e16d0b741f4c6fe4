"""The proof's own reading of commits, messages and ignore files: what may differ is little."""

from __future__ import annotations

import pytest

from trinity_guard.migrate.proof import lines

OLD, NEW, OTHER = b"1" * 40, b"a" * 40, b"2" * 40
IDS = {OLD: NEW, OTHER: OTHER}


def test_headers_that_go_on_are_one_and_the_message_is_whole() -> None:
    raw = b"tree x\ngpgsig a\n b\n c\nauthor me\n\nfirst\n\nsecond\n"
    found, message = lines.fields(raw)
    assert found == [(b"tree", b"x"), (b"gpgsig", b"a\n b\n c"), (b"author", b"me")]
    assert message == b"\nfirst\n\nsecond\n"
    assert lines.fields(b"tree x") == ([(b"tree", b"x")], b"")


TREE, ROOT = b"3" * 40, b"b" * 40


@pytest.mark.parametrize(
    ("head", "became"),
    [
        (b"", b""),
        (b"parent %s\n" % OLD, b"parent %s\n" % NEW),
        (b"parent %s\nparent %s\n" % (OTHER, OLD), b"parent %s\nparent %s\n" % (OTHER, NEW)),
        (b"parent %s\n" % (b"9" * 40), b"parent \n"),  # which no commit is
        (b"gpgsig x\n", None),
        (b"gpgsig-sha256 x\n", None),
        (b"parent %s\nmergetag x\n" % OLD, None),
    ],
)
def test_a_plain_commit_becomes_what_its_root_and_its_parents_became(head: bytes, became: bytes | None) -> None:
    rest = b"author me\n\nparent %s\n" % OLD
    new = b"" if became is None else b"tree %s\n%s%s" % (ROOT, became, rest)
    assert lines.expected(b"tree %s\n%s%s" % (TREE, head, rest), ROOT, IDS) == new
    assert lines.expected(head + rest, ROOT, IDS) == b""


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        (b"x", b"x", True),
        (b"see %s." % OLD, b"see %s." % NEW, True),
        (b"see %s." % OLD[:8], b"see %s." % NEW[:8], True),
        (b"see %s." % OLD, b"see %s." % (b"b" * 40), False),
        (b"see %s." % OTHER, b"see %s." % NEW, False),
        (b"see %s." % OLD[:6], b"see %s." % NEW[:6], False),
        (b"see x1111111", b"see xaaaaaaa", False),
        (b"one", b"two", False),
        (b"one", b"one more", False),
    ],
)
def test_a_message_may_differ_by_ids_that_became_others_alone(before: bytes, after: bytes, same: bool) -> None:
    assert lines.Messages(IDS).same(before, after) == same


def test_first_letters_that_two_commits_share_name_none() -> None:
    twice = {b"1234567" + b"0" * 33: NEW, b"1234567" + b"1" * 33: NEW}
    assert not lines.Messages(twice).same(b"see 1234567", b"see aaaaaaa")


@pytest.mark.parametrize(
    ("before", "after", "ours"),
    [
        (b"", b"/a.pkl\n", True),
        (b"*.log", b"*.log\n/a.pkl\n", True),
        (b"*.log\n", b"*.log\n!*.dvc\n!/data/\n/data/**\n!/data/**/\n!/data/**/*.dvc\n/a.pkl\n", True),
        (b"*.log\n", b"/a.pkl\n", False),
        (b"", b"/b.pkl\n", False),
        (b"", b"/a.pkl", False),
        (b"", b"*.pkl\n", False),
    ],
)
def test_an_ignore_file_may_get_lines_of_ours_at_its_end_alone(before: bytes, after: bytes, ours: bool) -> None:
    assert lines.Additions().only_ours(before, after, [b"a.pkl"]) == ours


@pytest.mark.parametrize(
    ("line", "name"),
    [(b"/a.pkl", b"a.pkl"), (b"/\\#a\\ ", b""), (b"a.pkl", b""), (b"/a*", b""), (b"/m/a", b""), (b"/\\!a", b"!a")],
)
def test_a_line_means_a_name_where_it_can_mean_nothing_else(line: bytes, name: bytes) -> None:
    assert lines.name_of(line) == name
